#!/bin/sh
# POST /exec: the head and the output come while the command still runs.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
mkfifo "$T/go1" "$T/go2"
start client curl -sSN -D "$T/head" -o "$T/out" -d cmd=/bin/sh -d mode=sys -d cmdArg=-c \
    --data-urlencode "cmdArg=read a <$T/go1; echo first; read a <$T/go2; echo last" "$url/exec"
wait_file "$T/head"
assert_match '^HTTP/1.1 200' "$(cat "$T/head")" "the head comes before any output"
test ! -s "$T/out" || fail "output before the command printed"
echo 1 >"$T/go1"
wait_file "$T/out"
assert_eq first "$(cat "$T/out")"
echo 2 >"$T/go2"
said_ok() { grep -q '^Process-State: ok' "$T/head"; }
eventually said_ok
assert_eq last "$(tail -n 1 "$T/out")"
