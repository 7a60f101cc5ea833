#!/bin/sh
# POST /tcpproxy: raw bytes to a TCP port of the machine (here: its own).
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
port=$LISTEN_PORT
printf 'POST /tcpproxy HTTP/1.1\r\nHost: x\r\nX-Target-Port: %s\r\n\r\nGET /healthz HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n' "$port" |
    raw_http "$port" | tr -d '\r' >"$T/out"
assert_eq 'HTTP/1.1 101 Switching Protocols' "$(sed -n 1p "$T/out")"
assert_match '^Upgrade: tcpproxy' "$(cat "$T/out")"
assert_match '^HTTP/1.1 200 OK' "$(cat "$T/out")" "the answer of the other end"
assert_eq ok "$(tail -n 1 "$T/out")"

url=http://127.0.0.1:$port
code() { curl -sS -o "$T/out" -w '%{http_code}' -X POST "$@" "$url/tcpproxy"; }
assert_eq 400 "$(code)" "no port"
assert_eq 400 "$(code -H 'X-Target-Port: 70000')" "no such port"
free=$("$TEST_BIN/freeport")
assert_eq 502 "$(code -H "X-Target-Port: $free")" "nobody there"
assert_match "127.0.0.1:$free.*efused" "$(cat "$T/out")"
