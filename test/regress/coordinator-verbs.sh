#!/bin/sh
# coordinator-verbs.sh - the operator's verbs on a running coordinator.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
eventually machine_is b1 idle
assert_match '^gmu_[A-Za-z0-9_-]{43}$' "$(verb user add bob)"
assert_eq 1 "$(verb user add carol | wc -l | tr -d ' ')"
# Options go before or behind the words.
assert_match '^bob +enabled' "$(coordinator user list -state-dir "$T/state")"
assert_match '^dev +enabled' "$(coordinator user -state-dir "$T/state" list)"
status verb user add bob 2>"$T/out"
assert_eq 1 "$STATUS"
assert_match '^coordinator: .*bob' "$(cat "$T/out")"
assert_status 1 verb user add user-bob
assert_status 1 verb user add '../x'
assert_status 1 verb user disable nobody

i=$(create "$REVERSE")
assert_match "^$i +dev +live +$HOST_REVERSE/b1 " "$(verb instance list)"
assert_match "^$HOST_REVERSE/b1 .* leased .* $i" "$(verb machine list)"
assert_match '1 instances, 0 waiting' "$(verb status)"
verb drain "$HOST_REVERSE/b1"
assert_status 1 verb drain nobody
verb instance end "$i"
assert_status 1 verb instance end "$i"
eventually machine_is b1 draining
assert_eq 502 "$(code on "$i" /workdir)"
assert_match 'ended by the operator' "$(cat "$T/answer")"
verb undrain "$HOST_REVERSE/b1"
eventually machine_is b1 idle
for word in user.add machine.drain instance.end; do
	assert_match "operator $word" "$(verb events)"
done
# The socket is for its owner alone.
assert_eq 600 "$(stat -c %a "$T/state/control.sock")"
