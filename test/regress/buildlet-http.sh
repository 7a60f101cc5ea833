#!/bin/bash
# Broken and hostile requests on the port of a buildlet itself: each is refused,
# and what is hidden in it is not carried out.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
w=$T/work-box
hidden='PUT /write?path=hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nbad'
refused() {	# CODE TEXT
	# shellcheck disable=SC2059
	out=$(printf "$2$hidden" | raw_http "$LISTEN_PORT" | tr -d '\r')
	assert_match "^HTTP/1.1 $1 " "$out" "${2:0:100}"
	assert_match '^Connection: close' "$out" "${2:0:100}"
	assert_eq 1 "$(grep -c '^HTTP/1.1 ' <<<"$out")" "answers to ${2:0:100}"
	for f in hidden f; do
		[ ! -e "$w/$f" ] || fail "it made a file: ${2:0:100}"
	done
}
many=$(head -c 60000 /dev/zero | tr '\0' a)
put='PUT /write?path=f HTTP/1.1\r\nHost: x\r\n'
refused 431 "GET /$many HTTP/1.1\r\nHost: x\r\n\r\n"
refused 431 "GET / HTTP/1.1\r\nHost: x\r\nX: $many\r\n\r\n"
refused 431 "GET / HTTP/1.1\r\nHost: x\r\n$(printf 'X: y\\r\\n%.0s' {1..200})\r\n"
refused 400 "${put}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused 400 "${put}Content-Length: 0\r\nContent-Length: 3\r\n\r\n"
refused 400 "${put}Content-Length : 0\r\n\r\n"
refused 400 "${put}X: a\r\n Content-Length: 0\r\n\r\n"
refused 400 "${put}X: a\rContent-Length: 0\r\n\r\n"
refused 501 "${put}Transfer-Encoding: xchunked\r\n\r\n"
gomote ping "linux-amd64@127.0.0.1:$LISTEN_PORT"
