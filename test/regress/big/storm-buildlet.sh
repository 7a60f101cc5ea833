#!/bin/bash
# storm-buildlet.sh - as test/regress/storm-buildlet.sh, with 200 kills.
# timeout: 1500
export KILLS=200
exec "${GOMOTE_SRC:-$(dirname "$0")/../../..}/test/regress/storm-buildlet.sh"
