#!/bin/bash
# silent-client.sh - clients of the coordinator that stop in the middle are let
# go in time, in each phase, and nobody else feels it: nothing at all, half a TLS
# handshake, nothing after it, half a head, a head byte by byte, half a form,
# half an upload, and one that does not take its answer.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<EOF
head-timeout = 1s
stall-timeout = 2s
host-type $HOST_REVERSE {}
builder-type b { host-type = $HOST_REVERSE }
EOF
serve "$T/c.conf"
verb key add "$HOST_REVERSE" b1 >"$T/key"
GO_BUILD_KEY_PATH=$T/key
export GO_BUILD_KEY_PATH
start_buildlet b1
i=$(gomote create b)
head="Host: x\r\nAuthorization: Bearer $GOMOTE_TOKEN\r\nX-Buildlet-Proxy: $i\r\n"
names=
# silent NAME BYTES [RAW-OPTION...]: sends them (printf) and waits to be closed.
silent() {
	_s=$1 _bytes=$2
	shift 2
	# shellcheck disable=SC2059
	printf "$_bytes" | raw_http "$@" -t 60 "$PORT" >"$T/$_s.out" 2>&1 &
	echo $! >"$T/$_s.pid"
	names="$names $_s"
}
form='Content-Type: application/x-www-form-urlencoded\r\n'
silent nothing ''
silent half-hello '\026\003\001\002\000\001\000'
silent after-handshake '' -tls
silent half-head "GET /buildlet/list HTTP/1.1\r\n$head" -tls
silent slow-head "GET /buildlet/list HTTP/1.1\r\n$head\r\n" -tls -slow 50
silent half-form "POST /buildlet/create HTTP/1.1\r\n$head${form}Content-Length: 100\r\n\r\nversion=2019" -tls
silent half-upload "PUT /write?path=half HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\nsome" -tls

# Two that have stopped reading while much is ready for them: the command of the
# one, begun as stock clients do, ends; that of the other goes on without it.
begin yes /exec -H "X-Buildlet-Proxy: $i" -d mode=sys -d cmd=/bin/sh -d cmdArg=-c \
    --data-urlencode "cmdArg=echo \$\$ >$T/pid; exec yes"
# shellcheck disable=SC2016
start run sh -c 'exec gomote run "$0" /bin/sh -c "$1" >"$2/run.out" 2>"$2/run.err"' "$i" \
    "echo begun; while [ ! -e $T/stopped ]; do sleep 0.02; done; yes | head -c 40000000; exit 4" "$T"
wait_file "$T/pid"
yes=$(cat "$T/pid")
wait_file "$T/yes.log"
wait_file "$T/run.out"
kill -STOP "$(pid_of yes)" "$(pid_of run)"
: >"$T/stopped"

# Others are served meanwhile.
assert_eq fine "$(gomote run "$i" /bin/echo fine 2>/dev/null)"
for s in $names; do
	status wait "$(pid_of "$s")"
	assert_eq 0 "$STATUS" "$s is closed by the coordinator"
done
for s in half-head slow-head; do
	assert_match '^HTTP/1.1 408 ' "$(cat "$T/$s.out")" "$s"
done
for s in nothing half-hello after-handshake; do
	assert_no_match HTTP "$(cat "$T/$s.out")" "$s"
done
for s in half-form half-upload; do
	assert_match '^HTTP/1.1 4' "$(cat "$T/$s.out")" "$s"
done
eventually _gone "$yes"
kill -CONT "$(pid_of yes)" "$(pid_of run)"
status wait "$(pid_of yes)"
assert_eq 18 "$STATUS" "curl that had stopped"
status wait "$(pid_of run)"
assert_eq 4 "$STATUS" "run that had stopped: $(cat "$T/run.err")"
assert_match '^# connection lost, waiting' "$(cat "$T/run.err")"
assert_eq 40000006 "$(wc -c <"$T/run.out")" "bytes of output"
assert_eq '' "$(find "$T/work-b1" -name 'half*' -o -name '.gomote-*')" "what half an upload left"
assert_eq fine "$(gomote run "$i" /bin/echo fine 2>/dev/null)"
