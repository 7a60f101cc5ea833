#!/bin/sh
# man.sh - mandoc has nothing to say against the man pages.
set -eu
set -- man/*.[1-8]
[ -f "$1" ] || exit 0
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
mandoc -Tlint -Wwarning "$@"
