#!/bin/sh
# coordinator-create.sh - create, list, run and destroy with the requests that
# stock clients send, on a machine of each pool.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
for type in $REVERSE $LOCAL; do
	stock /buildlet/create -d version=20191119 -d "builderType=$type" -D "$T/head" >"$T/lines"
	assert_match '^X-Supported-Version: 20191119' "$(cat "$T/head")"
	assert_match '^Content-Type: application/json; charset=utf-8' "$(cat "$T/head")"
	assert_match '^{"status":{"message":".*","ahead":0}}$' "$(head -n 1 "$T/lines")"
	i=user-dev-$type-0
	assert_match "^{\"buildlet\":{\"User\":\"user-dev\",\"Name\":\"$i\",\"HostType\":\"host-linux-amd64-[a-z]*\",\"BuilderType\":\"$type\",\"Created\":\"[-0-9T:.]*Z\",\"Expires\":\"[-0-9T:.]*Z\"}}\$" \
	    "$(tail -n 1 "$T/lines")"
	assert_match "^    \"Name\": \"$i\",\$" "$(stock /buildlet/list)"
	assert_eq 'hi
Process-State: exit status 4' "$(run "$i" 'echo hi; exit 4')"
	assert_eq 'Process-State: ok' "$(run "$i" 'exit 0')"
	assert_match '^/' "$(on "$i" /workdir)"
	assert_eq OK "$(echo one | on "$i" '/write?path=a/b&mode=420' -T -)"
	assert_eq "one
Process-State: ok" "$(run "$i" "cat \"\$WORKDIR/a/b\"")"
done
assert_eq 200 "$(code destroy "user-dev-$LOCAL-0")"
assert_eq 502 "$(code on "user-dev-$LOCAL-0" /workdir)"
assert_match '^unknown or expired buildlet: .*destroyed by user-dev' "$(cat "$T/answer")"
assert_eq 200 "$(code destroy "user-dev-$REVERSE-0")"
assert_eq '[]' "$(stock /buildlet/list)"
# The name is never used again, and nothing of the old one is there.
assert_eq "user-dev-$REVERSE-1" "$(create "$REVERSE")"
assert_eq '' "$(on "user-dev-$REVERSE-1" '/ls?dir=.' | grep -w a || :)"
