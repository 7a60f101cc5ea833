#!/bin/sh
# The HTTP server keeps a connection for several requests, answers pipelined
# ones in order, and ends it for HTTP/1.0 and Connection: close.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start httpd "$TEST_BIN/httpd" "$T/port"
wait_file "$T/port"
url=http://127.0.0.1:$(cat "$T/port")

out=$(curl -sv --max-time 20 "$url/hello" "$url/hello" 2>"$T/curl.err")
assert_eq 'hi
hi' "$out"
assert_match 'Re-using existing connection' "$(cat "$T/curl.err")"
assert_match '^< Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' "$(cat "$T/curl.err")"

out=$(curl -sv --max-time 20 --http1.0 "$url/hello" 2>"$T/curl.err")
assert_eq hi "$out"
assert_match '^< Connection: close' "$(cat "$T/curl.err")"

out=$(curl -sI --max-time 20 "$url/hello")
assert_match '^Content-Length: 3' "$out"

printf 'GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' |
    raw_http "$(cat "$T/port")" >"$T/pipelined"
assert_eq 'hi abc hi' "$(tr -d '\r' <"$T/pipelined" | sed 's/HTTP.*//' |
    grep -E '^(hi|abc)' | tr '\n' ' ' | sed 's/ $//')" 'answers in order'
assert_eq 3 "$(grep -c '200 OK' "$T/pipelined")"
stop httpd
assert_eq 0 "$STATUS"
