#!/bin/sh
# coordinator-restart.sh - kill -9 of the coordinator: users, keys and instances
# are there again, and the files on the machines too, on both pools.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
token=$GOMOTE_TOKEN
bob=$(verb user add bob)
verb key add "$HOST_REVERSE" lab7 >"$T/key"
r=$(create "$REVERSE")
l=$(create "$LOCAL")
for i in $r $l; do
	assert_eq OK "$(echo "of $i" | on "$i" '/write?path=kept&mode=420' -T -)"
done
works() {
	[ "$(on "$1" /exec -d mode=sys -d cmd=cat -d cmdArg=kept 2>/dev/null)" = "of $1" ]
}
for round in 1 2; do
	kill9 coordinator
	start_coordinator
	assert_eq "$token" "$GOMOTE_TOKEN" "token of round $round"
	assert_match "\"Name\": \"$r\"" "$(stock /buildlet/list)"
	assert_match "\"Name\": \"$l\"" "$(stock /buildlet/list)"
	eventually works "$r"
	eventually works "$l"
done
assert_match '^lab7 .*good' "$(verb key list)"
export GOMOTE_USER=bob GOMOTE_TOKEN="$bob"
assert_eq 200 "$(code stock /buildlet/list)"
. "$T/state/dev.env"
# What was ended stays ended, and its name is not given again.
destroy "$r"
kill9 coordinator
start_coordinator
assert_eq 502 "$(code on "$r" /workdir)"
assert_match 'destroyed by user-dev' "$(cat "$T/answer")"
assert_eq "user-dev-$REVERSE-1" "$(create "$REVERSE")"
