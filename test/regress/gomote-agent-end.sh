#!/bin/bash
# gomote-agent-end.sh - when agents end, and that no command notices: not used,
# told to, killed, stuck, the coordinator started anew, its CA replaced.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$REVERSE")
gone() {
	! alive "$1"
}
# works: a command does, soon, and says nothing that it should not.
works() {
	out=$(timeout 30 gomote run "$inst" /bin/echo fine 2>"$T/err") || fail "run: $(cat "$T/err")"
	assert_eq fine "$out"
	assert_no_match '^gomote:' "$(cat "$T/err")"
}
# fresh: there is an agent, another one than before.
another() {
	now=$(agent_pid)
	[ "$now" ] && [ "$now" != "$pid" ] && agent_ready
}
fresh() {
	works
	eventually another
	pid=$now
}
pid=

# Not used.
agent_on 1s
fresh
eventually gone "$pid"
assert_eq '' "$(ls "$T/run/gomote")" "what it leaves"

# Told to, while a command runs: that goes on, the agent takes no other one.
agent_on 10m
fresh
mkfifo "$T/go"
gomote run "$inst" /bin/sh -c "echo begun; cat $T/go" >"$T/out" 2>/dev/null &
echo $! >"$T/run.pid"
eventually grep -q begun "$T/out"
gomote agent -stop 2>"$T/err"
assert_match "^# in use: 127\\.0\\.0\\.1:$PORT: it ends when that is over\$" "$(cat "$T/err")"
assert_eq '' "$(gomote agent)"
old=$pid
fresh
alive "$old" || fail "it ended with a command under way"
echo over >"$T/go"
wait "$(pid_of run)" || fail "the command under way: $?"
rm "$T/run.pid"
assert_eq 'begun
over' "$(cat "$T/out")"
eventually gone "$old"
gomote agent -stop 2>"$T/err"
assert_eq '' "$(cat "$T/err")"
eventually gone "$pid"
works
eventually agent_ready
pid=$(agent_pid)

# Killed: what it leaves is no hindrance, and tidied up.
kill -KILL "$pid"
eventually gone "$pid"
fresh
kill -KILL "$pid"
eventually gone "$pid"
# A new one that has not come to its listen yet looks dead, too, but has the lock.
assert_eq '' "$(flock "$T/run/gomote" "$BIN/gomote" agent)"
assert_eq 1 "$(find "$T/run/gomote" -type s | wc -l)" "sockets while an agent starts"
assert_eq '' "$(gomote agent)"
assert_eq '' "$(ls "$T/run/gomote")" "a dead socket"
fresh

# Killed with a command under way: a connection is lost, the command is not.
gomote run "$inst" /bin/sh -c "echo begun; cat $T/go" >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
eventually grep -q begun "$T/out"
kill -KILL "$pid"
eventually gone "$pid"
echo over >"$T/go"
wait "$(pid_of run)" || fail "the command under way: $?: $(cat "$T/err")"
rm "$T/run.pid"
assert_eq 'begun
over' "$(cat "$T/out")"
fresh

# Stuck: not waited for, and out of the way afterwards.
kill -STOP "$pid"
works
fresh
stuck=$(pgrep -f -- "-serve 127.0.0.1:$PORT" | grep -vx "$pid" | head -n 1)
kill -CONT "$stuck"
eventually gone "$stuck"

# The coordinator starts anew, killed or in order, while lines are kept.
kill9 coordinator
status gomote list 2>"$T/err"
assert_match '^gomote: coordinator: dial 127\.0\.0\.1:[0-9]*: Connection refused \(' "$(cat "$T/err")"
start_coordinator
eventually machine_up box
works
assert_eq "$pid" "$(agent_pid)" "the agent"
stop coordinator
start_coordinator
eventually machine_up box
works
gomote list | grep -q "^$inst	" || fail "list after a restart"
assert_eq "$pid" "$(agent_pid)" "the agent"

# Another CA is another agent's business; a replaced one ends its agent.
cp "$GOMOTE_CA" "$T/ca.pem"
export GOMOTE_CA=$T/ca.pem
two() {
	[ "$(agent_pid | wc -l)" = 2 ]
}
works
eventually two
cp "$GOMOTE_CA" "$T/ca.new"
mv "$T/ca.new" "$GOMOTE_CA"
one() {
	[ "$(agent_pid)" = "$pid" ]
}
eventually one

# So does a replaced program.
mkdir "$T/bin"
cp "$BIN/gomote" "$T/bin/gomote"
PATH=$T/bin:$PATH
hash -r
works
eventually two
rm "$T/bin/gomote"
hash -r
eventually one
