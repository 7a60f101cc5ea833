#!/bin/bash
# What reaches gomote run reaches the command: Ctrl-C once, twice, and a third
# time; TERM; HUP, which leaves it running; a reader that goes away; a reader
# that does not read. What is ignored when it starts stays so.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
# begin SHELL-TEXT: a run of it, until it says "ready"; $P is gomote.
begin() {
	: >"$T/out"
	: >"$T/err"
	env --default-signal=INT,HUP gomote run "$m" /bin/sh -c "$1" >"$T/out" 2>"$T/err" &
	P=$!
	echo $P >"$T/run.pid"
	eventually grep -q ready "$T/out"
}
ends() {
	STATUS=0
	wait "$P" || STATUS=$?
	assert_eq "$1" "$STATUS" "exit status ($(cat "$T/err"))"
	rm "$T/run.pid"
}
said() { grep -q "$1" "$T/err"; }
sleeper() { pgrep -f "sleep $1\$" >/dev/null; }
no_sleeper() { ! sleeper "$1"; }
running() { gomote ps -running "$m" | grep -c ' running '; }

# Asked to end, it ends as it likes.
begin 'trap "echo bye; exit 9" INT; echo ready; while :; do sleep 0.05; done'
kill -INT "$P"
ends 9
assert_match '^bye$' "$(cat "$T/out")"
assert_match '^# interrupted; again to kill$' "$(cat "$T/err")"
# Its whole process group is.
begin 'echo ready; sleep 93.71; echo not reached'
kill -INT "$P"
ends 130
assert_eq ready "$(cat "$T/out")"
eventually no_sleeper 93.71

# It does not listen: killed, all of it.
begin 'trap "echo no" INT; echo ready; setsid sleep 93.72 & while :; do sleep 0.05; done'
kill -INT "$P"
eventually grep -q no "$T/out"
kill -INT "$P"
ends 137
assert_match '^gomote: command: /bin/sh: it was killed: signal: killed$' "$(cat "$T/err")"
eventually no_sleeper 93.72

begin 'echo ready; exec sleep 93.73'
kill -TERM "$P"
ends 143
eventually no_sleeper 93.73

# The terminal is gone, the command is not.
begin 'echo ready; exec sleep 93.74'
kill -HUP "$P"
ends 129
sleeper 93.74 || fail "a hang-up ended the command"
id=$(sed -n 's/^# .* goes on as exec \([a-z0-9]*\); gomote attach .*/\1/p' "$T/err")
[ "$id" ] || fail "it does not say how to come back: $(cat "$T/err")"
assert_eq 1 "$(running)" "commands that run"
gomote kill "$m/$id"
eventually no_sleeper 93.74

# Left alone by a third Ctrl-C, since nobody there takes the first ones.
begin 'echo ready; exec sleep 93.75'
kill -STOP "$(pid_of box)"
kill -INT "$P"
eventually said '^# interrupted; again to kill$'
kill -INT "$P"
eventually said '^# killing it'
kill -INT "$P"
ends 130
assert_match '^# /bin/sh goes on as exec ' "$(cat "$T/err")"
kill -CONT "$(pid_of box)"
id=$(sed -n 's/^# .* goes on as exec \([a-z0-9]*\); gomote attach .*/\1/p' "$T/err")
status gomote kill "$m/$id" 2>/dev/null
eventually no_sleeper 93.75

# The reader of its output goes away: as in a pipeline of here.
STATUS=0
gomote run "$m" /bin/sh -c 'echo $$; exec yes' 2>"$T/err" | head -n 1 >"$T/first" || STATUS=${PIPESTATUS[0]}
assert_match 'write stdout: Broken pipe' "$(cat "$T/err")"
none() { [ "$(running)" = 0 ]; }
eventually none

# The reader does not read: Ctrl-C gets through all the same.
mkfifo "$T/slow"
exec 8<>"$T/slow"
# shellcheck disable=SC2016
env --default-signal=INT gomote run "$m" /bin/sh -c 'trap "exit 5" INT; head -c 1000000 /dev/zero
    echo ready >&2; while :; do sleep 0.05; done' >"$T/slow" 2>"$T/err" 8>&- &
P=$!
echo $P >"$T/run.pid"
blocked() { gomote logs -stderr "$m/$(gomote ps "$m" | awk 'NR == 2 { print $1 }')" 2>&1 | grep -q ready; }
eventually blocked
kill -INT "$P"
eventually none
exec 8>&-
status wait "$P"
rm "$T/run.pid"

# A script's background, nohup: ignored here, so not passed on.
: >"$T/out"
env --ignore-signal=INT,HUP gomote run "$m" /bin/sh -c 'echo ready; read x; exit 3' <"$T/slow" >"$T/out" 2>"$T/err" &
P=$!
echo $P >"$T/run.pid"
exec 9>"$T/slow"
eventually grep -q ready "$T/out"
kill -INT "$P"
kill -HUP "$P"
echo >&9
ends 3
exec 9>&-
