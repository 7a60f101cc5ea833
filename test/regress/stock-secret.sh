#!/bin/sh
# stock-secret.sh - revdial version 2 by hand: commands that the coordinator
# does not know are passed over, the secret of a pick-up opens one stream, and
# nothing the second time.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need openssl

start_coordinator -stock-keys
type=host-linux-amd64-reverse
key=$(printf %s $type | openssl dgst -md5 -hmac 'gophers rule' | sed 's/.* //')

# The control channel of a machine, which stays open.
cat >"$T/register" <<EOF
GET /reverse HTTP/1.1
Host:
X-Go-Host-Type: $type
X-Go-Builder-Key: $key
X-Go-Builder-Hostname: by-hand
X-Go-Builder-Version: 29
X-Revdial-Version: 2

EOF
{
	sed 's/$/\r/' "$T/register"
	printf '{"command":"sing","connPath":7}\n{"command":"keep-alive","more":[1]}\n'
} >"$T/control.in"
# shellcheck disable=SC2016
start control sh -c 'exec "$0" -tls -t 60 "$1" <"$2"' "$TEST_BIN/rawhttp" "$PORT" "$T/control.in"

ready() { grep -a '"conn-ready"' "$T/control.log"; }
eventually ready >"$T/ready"
assert_match '^HTTP/1.1 101 ' "$(cat "$T/control.log")"
assert_match '"command":"keep-alive"' "$(cat "$T/control.log")"
path=$(sed -n 's/.*"connPath":"\([^"]*\)".*/\1/p' "$T/control.log" | head -n 1)
assert_match '^/revdial\?revdial\.dialer=[0-9a-f]{32}$' "$path"

# pick WAIT: asks for the stream, and shows what comes until WAIT does.
pick() {
	printf 'GET %s HTTP/1.1\r\nHost:\r\n\r\n' "$path" | raw_http -tls -t 20 -wait "$1" "$PORT"
}
first=$(pick 'GET /status')
assert_match '^HTTP/1.1 101 ' "$first"
assert_match 'GET /status HTTP/1.1' "$first"
second=$(pick 'out of date')
assert_match '^HTTP/1.1 400 ' "$second"
assert_match 'revdial.dialer: unknown, used or out of date' "$second"
assert_no_match 'GET /status' "$second"
