#!/bin/bash
# http-coordinator.sh - broken and hostile requests on the coordinator's own port:
# huge heads, bodies shorter and longer than announced, lengths that conflict,
# upgrades with a body. Each has its answer; nothing that is hidden in one of
# them is carried out, here or on the machine behind.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
start_buildlet b1
start_listen_buildlet target
i=$(gomote create "$REVERSE")
w=$T/work-b1
head="Host: x\r\nAuthorization: Bearer $GOMOTE_TOKEN\r\nX-Buildlet-Proxy: $i\r\n"
# What somebody would hide.
hidden="PUT /write?path=hidden HTTP/1.1\r\n${head}Content-Length: 3\r\n\r\nbad"
say() {	# TEXT [OPTION...]
	_text=$1
	shift
	# shellcheck disable=SC2059
	printf "$_text" | raw_http -tls -t 10 "$@" "$PORT" 2>&1 | tr -d '\r\0'
}
harmless() {
	[ ! -e "$w/hidden" ] || fail "$1: what was hidden in it has been done"
	assert_eq fine "$(gomote run "$i" /bin/echo fine 2>/dev/null)" "after $1"
}
# refused CODE WHAT TEXT
refused() {
	out=$(say "$3$hidden")
	assert_match "^HTTP/1.1 $1 " "$out" "$2"
	assert_eq 1 "$(grep -ac '^HTTP/1.1 ' <<<"$out")" "answers to $2"
	assert_match '^Connection: close' "$out" "$2"
	harmless "$2"
}
many=$(head -c 60000 /dev/zero | tr '\0' a)
refused 431 'a huge target' "GET /$many HTTP/1.1\r\n$head\r\n"
refused 431 'a huge field' "GET /workdir HTTP/1.1\r\n${head}X: $many\r\n\r\n"
refused 431 'many fields' "GET /workdir HTTP/1.1\r\n$head$(printf 'X: y\\r\\n%.0s' {1..200})\r\n"
put="PUT /write?path=f HTTP/1.1\r\n$head"
refused 400 'length and chunks' "${put}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused 400 'chunks and length' "${put}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
refused 400 'two lengths' "${put}Content-Length: 0\r\nContent-Length: 3\r\n\r\n"
refused 400 'a length list' "${put}Content-Length: 0, 3\r\n\r\n"
refused 400 'a signed length' "${put}Content-Length: +0\r\n\r\n"
refused 400 'a blank before the colon' "${put}Content-Length : 0\r\n\r\n"
refused 400 'a folded length' "${put}X: a\r\n Content-Length: 0\r\n\r\n"
refused 400 'a bare CR' "${put}X: a\rContent-Length: 0\r\n\r\n"
refused 501 'an unknown coding' "${put}Transfer-Encoding: xchunked\r\n\r\n"
refused 400 'two hosts' "GET /workdir HTTP/1.1\r\nHost: y\r\n$head\r\n"
[ ! -e "$w/f" ] || fail "a refused upload made a file"

# A length that Connection names is the length still; one in a trailer is refused.
out=$(say "${put}Connection: close, Content-Length\r\nContent-Length: 3\r\n\r\nabc")
assert_match '^HTTP/1.1 200 ' "$out"
assert_eq abc "$(cat "$w/f")"
out=$(say "${put}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\nContent-Length: 9\r\n\r\n$hidden")
assert_match '^HTTP/1.1 400 ' "$out"
assert_eq abc "$(cat "$w/f")" 'after a length in the trailer'
harmless 'a length in the trailer'

# Shorter than announced: no file. Longer: the rest is a request of its own, and none.
rm "$w/f"
say "${put}Content-Length: 100\r\n\r\nshort" -eof >/dev/null
say "${put}Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n" -eof >/dev/null
nothing_left() {
	[ ! "$(find "$w" -name '.gomote-*')" ]
}
eventually nothing_left
[ ! -e "$w/f" ] || fail "a short body made a file"
out=$(say "${put}Content-Length: 4\r\n\r\nlongREST\r\n\r\n")
assert_eq long "$(cat "$w/f")"
assert_match '^OKHTTP/1.1 400 ' "$out" 'what is too much'
harmless 'a long body'

# An upgrade with a body: what is in the body does not become the tunnel's.
out=$(say "POST /tcpproxy HTTP/1.1\r\n${head}X-Target-Port: $LISTEN_PORT\r\nContent-Length: 44\r\n\r\nGET /healthz HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n" -eof)
assert_no_match '^ok' "$out" 'a tunnel asked for with a body'
harmless 'a tunnel asked for with a body'
