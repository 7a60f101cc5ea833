#!/bin/bash
# proxy-connect.sh - a machine and gomote reach the coordinator through the HTTP
# proxy that the environment names: its bytes go there, with a user where one is
# wanted; NO_PROXY spares it; what a proxy refuses is told with its name.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

begin_proxy() {		# NAME [ARG...]: sets PROXY
	local name=$1
	shift
	start "$name" "$TEST_BIN/connectproxy" -port-file "$T/$name.port" "$@"
	wait_file "$T/$name.port"
	PROXY=127.0.0.1:$(cat "$T/$name.port")
}

start_coordinator
begin_proxy open
open=$PROXY
begin_proxy locked -user 'al:s@c'
locked=$PROXY

# A machine, by a proxy with a user.
(HTTPS_PROXY=http://al:s%40c@$locked start_buildlet b1)
grep -q "CONNECT 127.0.0.1:$PORT" "$T/locked.log" || fail "the machine went its own way"
# gomote, by the other.
name=$(HTTPS_PROXY=http://$open gomote create "$REVERSE")
head -c 300000 /dev/urandom | od -c >"$T/data"
HTTPS_PROXY=http://$open gomote put "$name" "$T/data" data
eventually grep -q "over: [0-9]\{6,\} bytes there" "$T/open.log"
seen=$(grep -c CONNECT "$T/open.log")
# Whatever is spared, or empty, goes straight.
assert_eq hello "$(HTTPS_PROXY=http://$open NO_PROXY=10.0.0.0/8,127.0.0.0/8 gomote run "$name" /bin/echo hello)"
assert_eq hello "$(HTTPS_PROXY=http://$open https_proxy='' gomote run "$name" /bin/echo hello)"
assert_eq "$seen" "$(grep -c CONNECT "$T/open.log")" "connections by proxy"
# The machine's bytes went there too: all of its session.
stop b1
eventually grep -Eq "over: [0-9]+ bytes there" "$T/locked.log"

refused() {		# PATTERN PROXY-URL
	status env HTTPS_PROXY="$2" gomote list >"$T/out" 2>&1
	[ "$STATUS" != 0 ] || fail "went through $2"
	assert_match "$1" "$(cat "$T/out")"
}
refused "proxy $locked refused CONNECT to 127.0.0.1:$PORT: 407 Proxy Auth" "http://$locked"
begin_proxy rude -answer $'HTTP/1.1 403 Forbidden by \e[1mthe house\r\n\r\n'
refused "proxy $PROXY refused CONNECT to 127.0.0.1:$PORT: 403 Forbidden by .\[1mthe house" "$PROXY"
begin_proxy other -answer $'220 mail.example.org ready\r\n'
refused "proxy $PROXY: does not answer in HTTP" "http://$PROXY"
begin_proxy gone -answer ''
refused "proxy $PROXY closed the connection instead of answering" "http://$PROXY"
refused "HTTPS_PROXY: only proxies that are spoken to in plain HTTP" "https://al:secret@$PROXY"
assert_no_match secret "$(cat "$T/out")"
stop gone
refused "by proxy $PROXY: Connection refused" "http://$PROXY"

# One that says nothing: the machine's patience ends, and it tells where.
begin_proxy mute -silent
start b2 env HTTPS_PROXY="http://$PROXY" buildlet -reverse-type "$HOST_REVERSE" \
    -coordinator "127.0.0.1:$PORT" -workdir "$T/work-b2" -ca "$GOMOTE_CA" \
    -key-file "$GO_BUILD_KEY_PATH" -hostname b2
eventually -t 40 grep -q "dial 127.0.0.1:$PORT by proxy $PROXY: timed out after 20s" "$T/b2.log"
