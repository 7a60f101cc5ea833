#!/bin/sh
# coordinator-lock.sh - two coordinators never share a state directory; one that
# was killed leaves nothing behind that hinders the next.
. "$(dirname "$0")/../lib/sh.sh"

start_coordinator
status coordinator -dev -state-dir "$T/state" -listen 127.0.0.1:0 2>"$T/second.log"
assert_eq 1 "$STATUS"
assert_match "another coordinator \\(process $(pid_of coordinator)\\) uses $T/state" \
    "$(cat "$T/second.log")"
kill9 coordinator
start_coordinator
