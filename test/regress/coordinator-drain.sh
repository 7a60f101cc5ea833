#!/bin/sh
# coordinator-drain.sh - a machine that is drained is not lent again, also after a
# kill -9 of the coordinator, until it is undrained.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
eventually machine_is b1 idle
i=$(create "$REVERSE")
verb drain "$HOST_REVERSE/b1"
machine_is b1 to-drain || fail "not to be drained"
kill9 coordinator
start_coordinator
# Known before it is back; and its lease goes on.
assert_match "^$HOST_REVERSE/b1 " "$(verb machine list)"
works() { [ "$(code on "$i" /workdir)" = 200 ]; }
eventually works
destroy "$i"
eventually machine_is b1 draining
stop coordinator
start_coordinator
eventually machine_is b1 draining
verb undrain "$HOST_REVERSE/b1"
eventually machine_is b1 idle
kill9 coordinator
start_coordinator
eventually machine_is b1 idle
status verb drain nowhere
assert_eq 1 "$STATUS" "exit status"
