#!/bin/bash
# A lost connection is 255 and a text that says so; what cannot be reached is 1.
# Ctrl-C, or the end of who reads, kills the command.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT

gomote run "$m" /bin/sh -c 'echo begun; exec /bin/sleep 98' >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
eventually grep -q begun "$T/out"
kill9 box
STATUS=0
wait "$(pid_of run)" || STATUS=$?
assert_eq 255 "$STATUS" "the exit status"
assert_match '^gomote: buildlet: run /bin/sh: connection lost: ' "$(cat "$T/err")"

assert_status 1 gomote ping "$m" 2>"$T/err"
assert_match '^gomote: buildlet: dial 127.0.0.1:.*: Connection refused$' "$(cat "$T/err")"

rm -r "$T/work-box"
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
sleeper() { pgrep -f "sleep $1\$" >/dev/null; }
no_sleeper() { ! sleeper "$1"; }
env --default-signal=INT gomote run "$m" /bin/sh -c 'echo begun; /bin/sleep 93.71' >"$T/out2" 2>/dev/null &
echo $! >"$T/run2.pid"
eventually sleeper 93.71
kill -INT "$(pid_of run2)"
eventually no_sleeper 93.71

# The reader goes away.
STATUS=0
gomote run "$m" /usr/bin/yes 2>"$T/err" | head -n 1 >"$T/first" || STATUS=${PIPESTATUS[0]}
assert_eq y "$(cat "$T/first")"
eventually grep -q 'write stdout: Broken pipe' "$T/err"

# An interrupted gettar leaves nothing behind.
head -c 200M /dev/urandom >"$T/work-box/blob"
mkdir "$T/there"
gomote gettar -o "$T/there/x.tgz" "$m" 2>/dev/null &
echo $! >"$T/gettar.pid"
part() { [ -n "$(find "$T/there" -name '.gomote-*' -size +0)" ]; }
eventually part
kill -TERM "$(pid_of gettar)"
status wait "$(pid_of gettar)"
assert_eq 143 "$STATUS" "the exit status"
assert_eq '' "$(ls -A "$T/there")" "what it leaves"
