#!/bin/bash
# silent-buildlet.sh - our own machine (yamux) that goes silent: once it is
# registered, in the middle of a command's output, of an upload, while it is
# wiped; the client is told in time, and when the machine speaks again its
# instance works on, and so does what ran there. (stock-silent.sh does it with a
# stock one.)
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

cat >"$T/c.conf" <<EOF
join-timeout = 1s
clean-timeout = 1s
answer-timeout = 2s
silence-timeout = 2s
grace = 60s
host-type $HOST_REVERSE {}
builder-type b { host-type = $HOST_REVERSE }
EOF
serve "$T/c.conf"
verb key add "$HOST_REVERSE" b1 >"$T/key"
GO_BUILD_KEY_PATH=$T/key
export GO_BUILD_KEY_PATH

# Registers, and never answers the first question.
printf 'GET /reverse HTTP/1.1\r\nHost: \r\nX-Go-Host-Type: %s\r\nX-Go-Builder-Key: %s\r\nX-Go-Builder-Hostname: mute\r\nX-Go-Builder-Version: 29\r\nX-Revdial-Version: yamux\r\n\r\n' \
    "$HOST_REVERSE" "$(cat "$T/key")" | raw_http -tls -t 30 "$PORT" >"$T/mute.out" ||
    fail "a machine that tells no status is kept"
assert_match '^HTTP/1.1 101 ' "$(tr -d '\0' <"$T/mute.out")"

start_buildlet b1
b1=$(pid_of b1)
i=$(gomote create b)
# ended JOB STATUS TEXT: of a gomote whose errors are in $T/JOB.err.
ended() {
	status wait "$(pid_of "$1")"
	assert_eq "$2" "$STATUS" "exit status of $1"
	assert_match "$3" "$(cat "$T/$1.err")" "what $1 says"
	rm "$T/$1.pid"
}

gomote run "$i" /bin/sh -c 'yes | head -c 100000; while [ ! -e "$1" ]; do sleep 0.02; done; exit 5' sh "$T/go" \
    >"$T/run.out" 2>"$T/run.err" &
echo $! >"$T/run.pid"
wait_file "$T/run.out"
kill -STOP "$b1"
waits() { grep -q '^# connection lost, waiting' "$T/run.err"; }
eventually waits
machine_is b1 gone || fail "$(machine_state b1)"
kill -CONT "$b1"
eventually machine_is b1 leased
: >"$T/go"
ended run 5 '^# connected again'
assert_eq 100000 "$(wc -c <"$T/run.out")" "bytes of output"
assert_eq again "$(gomote run "$i" /bin/echo again 2>/dev/null)"

mkfifo "$T/slow"
gomote put "$i" - big <"$T/slow" 2>"$T/put.err" &
echo $! >"$T/put.pid"
exec 9>"$T/slow"
head -c 1000000 /dev/zero >&9
part() {
	[ "$(find "$T/work-b1" -size +100k)" ]
}
eventually part
kill -STOP "$b1"
ended put 1 '^gomote: coordinator: put: PUT /write on machine b1: .*nothing received for 2s'
exec 9>&-
kill -CONT "$b1"
eventually machine_is b1 leased
assert_eq again "$(gomote run "$i" /bin/echo again 2>/dev/null)"
assert_eq '' "$(find "$T/work-b1" -type f)" "what the upload left"

# A machine that does not answer when it is to be wiped: put aside, given up; wiped
# before it is lent again.
echo left | gomote put "$i" - left
kill -STOP "$b1"
gomote destroy "$i"
put_aside() { machine_is b1 quarantined || machine_is b1 gone; }
eventually put_aside
eventually machine_is b1 gone
kill -CONT "$b1"
j=$(gomote create b)
[ "$i" != "$j" ] || fail "a name was given again"
assert_eq '' "$(gomote ls "$j" | grep left || :)"
