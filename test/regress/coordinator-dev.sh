#!/bin/sh
# coordinator-dev.sh - development mode: what dev.env holds, for whose eyes; on
# loopback only; a name with a quote in it does no harm.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_coordinator
for f in dev.env dev-key ca-key.pem server-key.pem store.db; do
	assert_eq 600 "$(stat -c %a "$T/state/$f")" "mode of $f"
done
assert_eq 700 "$(stat -c %a "$T/state")"
assert_eq "https://127.0.0.1:$PORT" "$GOMOTE_SERVER"
assert_eq "$T/state/ca.pem" "$GOMOTE_CA"
assert_eq 64 "$(tr -d '\n' <"$GO_BUILD_KEY_PATH" | wc -c | tr -d ' ')"
assert_eq ok "$(http /healthz)"
one=$GOMOTE_TOKEN key=$(cat "$GO_BUILD_KEY_PATH")
stop coordinator
PORT=0
start_coordinator
assert_eq "$one" "$GOMOTE_TOKEN"
assert_eq "$key" "$(cat "$GO_BUILD_KEY_PATH")"
assert_eq '[]' "$(http /buildlet/list)"
# A token that was replaced meanwhile is replaced in the file too.
coordinator user token dev -state-dir "$T/state" >"$T/new"
stop coordinator
start_coordinator
[ "$one" != "$GOMOTE_TOKEN" ] || fail "the token did not change"
assert_eq '[]' "$(http /buildlet/list)"

quoted="$T/it's"
start quoted coordinator -dev -state-dir "$quoted" -listen 127.0.0.1:0 -port-file "$T/qport"
wait_file "$T/qport"
assert_eq "$quoted/ca.pem" "$(. "$quoted/dev.env" && echo "$GOMOTE_CA")"
for a in 0.0.0.0:0 '[::]:0' 192.0.2.1:0; do
	status coordinator -dev -state-dir "$T/other" -listen "$a" 2>"$T/refused"
	assert_eq 1 "$STATUS"
	assert_match 'loopback' "$(cat "$T/refused")"
done
