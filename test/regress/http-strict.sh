#!/bin/sh
# Requests that two parsers might read differently get 400 on a real socket,
# and the connection ends: nothing behind them is answered.
. "$(dirname "$0")/../lib/sh.sh"

start httpd "$TEST_BIN/httpd" "$T/port"
wait_file "$T/port"
port=$(cat "$T/port")

# refused CODE TEXT
refused() {
	# shellcheck disable=SC2059
	out=$(printf "$2GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" | raw_http "$port")
	assert_match "^HTTP/1.1 $1 " "$out" "$2"
	assert_match '^Connection: close' "$out" "$2"
	assert_no_match '^hi' "$out" "$2"
}

post='POST /echo HTTP/1.1\r\nHost: a\r\n'
refused 400 "${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused 400 "${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
refused 400 "${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
refused 400 "${post}Content-Length : 5\r\n\r\nhello"
refused 400 "${post}Content-Length: +5\r\n\r\nhello"
refused 400 "${post}X: a\r\n Content-Length: 5\r\n\r\nhello"
refused 400 "${post}X: a\rContent-Length: 5\r\n\r\nhello"
refused 400 "${post}X: a\nContent-Length: 5\r\n\r\nhello"
refused 501 "${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
refused 400 'GET /hello HTTP/1.1\r\n\r\n'
refused 505 'GET /hello HTTP/2.0\r\nHost: a\r\n\r\n'
refused 417 'GET /hello HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n'
refused 431 "GET /$(head -c 40000 /dev/zero | tr '\0' a) HTTP/1.1\r\n"

# Broken inside the body: an answer of the handler's, but no second request.
out=$(printf 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n' |
    raw_http "$port")
assert_no_match '^hi' "$out"
assert_no_match '^0' "$out" 'the end of a broken body'
