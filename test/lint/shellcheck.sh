#!/bin/sh
# The scripts are clean. Excluded: following sources (SC1090, SC1091), awk
# programs in single quotes (SC2016), and functions that are only called by
# name, through eventually (SC2317).
set -eu
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
find test .ci -type f \( -name '*.sh' -o -name run \) ! -path 'test/fuzz/*' 2>/dev/null | sort |
    xargs -r shellcheck -e SC1090,SC1091,SC2016,SC2317
