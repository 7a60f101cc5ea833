#!/bin/bash
# gomote-agent.sh - an agent is started by the first command, and commands after
# it go by it: with the same output, errors and exit status as without, many at
# once, cut when they are interrupted.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$REVERSE")
served() {
	gomote agent | sed -n 's/.*	\([0-9]*\) served$/\1/p'
}
served_is() {
	[ "$(served)" = "$1" ]
}
idle() {
	gomote agent | grep -q '	0 in use	'
}

# Off, which it is for all other tests.
gomote list >"$T/out"
agent_on
assert_eq '' "$(gomote agent)" "an agent though it was off"

# The one that starts it waits for nothing of it, and neither does a pipe.
mkfifo "$T/hold"
cat "$T/hold" >"$T/held" &
timeout 60 sh -c 'gomote run "$1" /bin/echo first 2>/dev/null 3>"$2" | cat >"$3"' \
    - "$inst" "$T/hold" "$T/out" || fail "the pipe was held"
wait $! || fail "descriptor 3 was held"
assert_eq first "$(cat "$T/out")"
eventually agent_ready
pid=$(agent_pid)
assert_match "^127\.0\.0\.1:$PORT	pid $pid	1 ready	0 in use	0 served\$" "$(gomote agent)"
assert_eq 700 "$(stat -c %a "$T/run/gomote")"
assert_eq / "$(readlink "/proc/$pid/cwd")"
assert_eq "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')" "its session"
assert_no_match 'GOMOTE_TOKEN' "$(tr '\0' '\n' <"/proc/$pid/environ")" "its environment"
assert_no_match "$GOMOTE_TOKEN" "$(tr '\0' '\n' <"/proc/$pid/cmdline")" "its arguments"

# Used, and its connection again and again.
sockets() {
	find "/proc/$pid/fd" -lname 'socket:*' | wc -l
}
before=$(sockets)
for n in 1 2 3 4 5; do
	assert_status $n gomote run "$inst" /bin/sh -c "echo out; exit $n" >"$T/out" 2>"$T/err"
	assert_eq out "$(cat "$T/out")"
	assert_no_match '^gomote:' "$(cat "$T/err")"
done
assert_eq 5 "$(served)" "commands by the agent"
eventually idle
# One more is made ready while a command takes its time.
few() {
	[ "$(sockets)" -le $((before + 1)) ]
}
eventually few
gomote list | grep -q "^$inst	" || fail "list by the agent"
gomote ping "$inst"
served_is 7 || fail "list and ping: $(gomote agent)"

# Much, both ways.
head -c 20000000 /dev/urandom >"$T/big"
gomote put "$inst" "$T/big" big
gomote run "$inst" /bin/cat big >"$T/out" 2>/dev/null
cmp "$T/big" "$T/out"
gomote gettar -dir . -o "$T/all.tgz" "$inst"
tar -xzOf "$T/all.tgz" big | cmp - "$T/big"
timeout 60 sh -c 'gomote run "$1" /bin/cat big 2>/dev/null | head -c 1000 >"$2"' - "$inst" "$T/out"
cmp -n 1000 "$T/big" "$T/out"

# Many at once.
pids=
for n in 1 2 3 4 5 6 7 8; do
	gomote run "$inst" /bin/sh -c "echo begin $n; cat big; echo end $n" >"$T/out.$n" 2>/dev/null &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || fail "one of many: $?"; done
for n in 1 2 3 4 5 6 7 8; do
	{ echo "begin $n"; cat "$T/big"; echo "end $n"; } | cmp - "$T/out.$n"
done
eventually idle
assert_eq "$pid" "$(agent_pid)" "still the same"

# A push of little goes by it whole: here is no other network.
if unshare -n true 2>/dev/null; then
	mkdir "$T/tree"
	echo one >"$T/tree/file"
	(cd "$T/tree" && timeout 60 unshare -n "$BIN/gomote" push -dir tree "$inst") \
	    2>"$T/err" || fail "push by the agent alone: $(cat "$T/err")"
	assert_eq one "$(gomote run "$inst" /bin/cat tree/file 2>/dev/null)"
fi

# What is wrong reads as it does without one.
same() {
	status gomote "$@" >/dev/null 2>"$T/with"
	with=$STATUS
	GOMOTE_AGENT=off status gomote "$@" >/dev/null 2>"$T/without"
	assert_eq "$STATUS" "$with" "status of $*"
	[ -s "$T/with" ] || fail "$* says nothing"
	diff "$T/without" "$T/with" || fail "another error of $*"
}
same run nobody-linux-amd64-9 /bin/true
same run "$inst" nonesuch
same ls "$inst" nonesuch
GOMOTE_TOKEN=wrong same list
GOMOTE_TOKEN=wrong same run "$inst" /bin/true
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/key.pem" -out "$T/other.pem" -days 1 -subj /CN=other 2>/dev/null
GOMOTE_CA=$T/other.pem same list
GOMOTE_CA=$T/nonesuch same list
assert_eq "$pid" "$(agent_pid)" "no other one for what cannot be"

# Told to end, gomote ends its command; killed, it leaves the agent nothing.
begin_sleep() {
	start run gomote run "$inst" /bin/sh -c 'echo "pid $$"; exec sleep 1000'
	eventually grep -q '^pid ' "$T/run.log"
	sleeps=$(sed -n 's/^pid //p' "$T/run.log")
	alive "$sleeps" || fail "it does not run"
	rm "$T/run.log"
}
gone() {
	! alive "$1"
}
begin_sleep
stop run
eventually gone "$sleeps"
eventually idle
begin_sleep
gomote agent | grep -q '	1 in use	' || fail "in use: $(gomote agent)"
kill9 run
eventually idle
kill -KILL "$sleeps" 2>/dev/null || :
assert_eq "$pid" "$(agent_pid)" "still the same"
