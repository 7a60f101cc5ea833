#!/bin/sh
# coordinator-tunnel.sh - POST /tcpproxy: after the 101 raw bytes to a port of the
# machine, both ways.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
start_listen_buildlet target
i=$(create "$REVERSE")
auth=$(printf 'user-dev:%s' "$GOMOTE_TOKEN" | base64 -w 0)
ask() {
	printf 'POST /tcpproxy HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nX-Buildlet-Proxy: %s\r\nX-Target-Port: %s\r\n\r\n' \
	    "$auth" "$i" "$1"
	printf 'GET /healthz HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n'
}
out=$(ask "$LISTEN_PORT" | raw_http -tls -t 20 "$PORT")
assert_match '^HTTP/1.1 101 Switching Protocols' "$out"
assert_match '^Upgrade: tcpproxy' "$out"
assert_match '^HTTP/1.1 200 OK' "$out"
assert_match '^ok' "$out"
idle() {
	verb instance list | awk -v i="$i" '$1 == i { exit $7 != 0 }'
}
eventually idle
out=$(ask 1 | raw_http -tls -t 20 -wait '
' "$PORT")
assert_no_match ' 101 ' "$out"
