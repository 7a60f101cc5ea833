#!/bin/bash
# A lost connection that does not come back is 255 and a text that says so; what
# cannot be reached is 1. An interrupted gettar leaves nothing behind.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT

gomote run -give-up 1s "$m" /bin/sh -c 'echo begun; exec /bin/sleep 98' >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
eventually grep -q begun "$T/out"
kill9 box
STATUS=0
wait "$(pid_of run)" || STATUS=$?
assert_eq 255 "$STATUS" "the exit status"
assert_match '^gomote: buildlet: dial .*: Connection refused \(given up after ' "$(cat "$T/err")"
id=$(sed -n 's/^# .* goes on as exec \([a-z0-9]*\); .*/\1/p' "$T/err")
[ "$id" ] || fail "it does not say how to come back: $(cat "$T/err")"

assert_status 1 gomote ping "$m" 2>"$T/err"
assert_match '^gomote: buildlet: dial 127.0.0.1:.*: Connection refused \(' "$(cat "$T/err")"

no_sleeper() { ! pgrep -f "sleep 98\$" >/dev/null; }
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
# It found the command still there.
gomote kill "$m/$id"
eventually no_sleeper

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
