#!/bin/bash
# storm-coordinator.sh - as test/regress/storm-coordinator.sh, with 200 kills.
# timeout: 1500
# The machines come back sooner than at their settings, or most of the kills
# would meet nobody.
export KILLS=200 RETRY=3s
exec "${GOMOTE_SRC:-$(dirname "$0")/../../..}/test/regress/storm-coordinator.sh"
