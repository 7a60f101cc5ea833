#!/bin/sh
# coordinator-queue.sh - who waits is told the place, in order of arrival; who
# leaves loses it; a machine that comes free serves the first.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
i=$(create "$REVERSE")
ask() {
	begin "$1" /buildlet/create -d version=20191119 -d "builderType=$REVERSE" -N
	eventually grep -q '"status"' "$T/$1.log"
}
ask first
ask second
ask third
assert_match '"ahead":0' "$(cat "$T/first.log")"
assert_match '"ahead":1' "$(cat "$T/second.log")"
assert_match '"ahead":2' "$(cat "$T/third.log")"
assert_match 'is free: 1 up, 1 leased' "$(cat "$T/third.log")"
assert_match '1 instances, 3 waiting' "$(verb status)"
stop second
eventually sh -c "grep '\"ahead\":1' '$T/third.log' >/dev/null"
destroy "$i"
eventually grep -q '"buildlet"' "$T/first.log"
assert_no_match '"buildlet"' "$(cat "$T/third.log")"
destroy "$(sed -n 's/.*"Name":"\([^"]*\)".*/\1/p' "$T/first.log")"
eventually grep -q '"buildlet"' "$T/third.log"
assert_match '1 instances, 0 waiting' "$(verb status)"
