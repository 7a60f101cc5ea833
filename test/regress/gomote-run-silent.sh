#!/bin/bash
# A way that stands and brings nothing any more, not even the sign of life of a
# command that says nothing: after 45 s it counts as lost, and the run goes on
# by another one.
# timeout: 200
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$LISTEN_PORT"
wait_file "$T/relay.port"
gomote run "linux-amd64@127.0.0.1:$(cat "$T/relay.port")" /bin/sh -c \
    'echo one; while [ ! -e "$1" ]; do sleep 0.1; done; echo two; exit 17' x "$T/enough" >"$T/out" 2>"$T/err" </dev/null &
echo $! >"$T/run.pid"
wait_file "$T/out"
# Quiet for longer than that is nothing to be said of.
end=$(($(date +%s) + 47))
still() { [ "$(date +%s)" -ge $end ]; }
eventually -t 60 still
assert_no_match 'connection lost' "$(cat "$T/err")"

kill -STOP "$(pid_of relay)"
waits() { grep -q '^# connection lost, waiting' "$T/err"; }
eventually -t 70 waits
kill -CONT "$(pid_of relay)"
back() { grep -q '^# connected again' "$T/err"; }
eventually -t 40 back
: >"$T/enough"
status wait "$(pid_of run)"
rm "$T/run.pid"
assert_eq 17 "$STATUS" "exit status: $(cat "$T/err")"
assert_eq 'one
two' "$(cat "$T/out")"
