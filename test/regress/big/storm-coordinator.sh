#!/bin/bash
# storm-coordinator.sh - as test/regress/storm-coordinator.sh, with 200 kills.
# timeout: 1500
export KILLS=200
exec "${GOMOTE_SRC:-$(dirname "$0")/../../..}/test/regress/storm-coordinator.sh"
