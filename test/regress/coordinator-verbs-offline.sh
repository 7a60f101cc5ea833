#!/bin/sh
# coordinator-verbs-offline.sh - users and keys without a coordinator: on the
# store itself; everything else says that none runs.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

mkdir "$T/state"
token=$(verb user add alice)
verb key add h lab7 >"$T/key"
assert_match '^alice +enabled' "$(verb user list)"
verb user operator alice yes
assert_match '^alice +enabled .* yes$' "$(verb user list)"
assert_match '^lab7 +h +machine +good' "$(verb key list)"
verb key revoke lab7
assert_match '^lab7 +h +machine +revoked' "$(verb key list)"
assert_match 'operator key.revoke lab7' "$(verb events)"
for v in 'machine list' 'instance list' 'instance end x' 'drain x' status; do
	# shellcheck disable=SC2086
	status verb $v 2>"$T/out"
	assert_eq 1 "$STATUS" "$v"
	assert_eq "coordinator: coordinator is not running in $T/state" "$(cat "$T/out")"
done
# It holds for the coordinator that comes then, also by its configuration.
echo "state-dir = \"$T/state\"" >"$T/c.conf"
assert_match '^alice ' "$(coordinator user list -config "$T/c.conf")"
export GOMOTE_USER=alice GOMOTE_TOKEN="$token"
serve "$T/c.conf"
assert_eq '[]' "$(stock /buildlet/list)"
kill9 coordinator
assert_match '^alice ' "$(verb user list)"
