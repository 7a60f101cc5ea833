#!/bin/sh
# coordinator-foreign.sh - an instance that is not there, and one of somebody
# else: each has its answer, and nothing happens to it.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
i=$(create "$REVERSE")
bob=$(verb user add bob)
assert_eq 502 "$(code on user-dev-linux-amd64-7 /workdir)"
assert_match '^unknown or expired buildlet' "$(cat "$T/answer")"
export GOMOTE_USER=bob GOMOTE_TOKEN="$bob"
assert_eq '[]' "$(stock /buildlet/list)"
for path in /workdir /halt '/removeall?path=.' /exec; do
	assert_eq 401 "$(code on "$i" "$path" -X POST)" "$path"
	assert_match "not yours" "$(cat "$T/answer")"
done
. "$T/state/dev.env"
assert_eq 200 "$(code on "$i" /workdir)"
# What is between coordinator and machine is not for users.
for path in /lease //lease /./lease /lease/ /%6cease //halt; do
	assert_eq 403 "$(code on "$i" "$path" --path-as-is -X POST)" "$path"
done
assert_eq 405 "$(code on "$i" /halt)"
assert_eq 404 "$(code on "$i" /nothing-here)"
assert_eq 200 "$(code on "$i" /workdir)"
