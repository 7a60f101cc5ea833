#!/bin/bash
# timeout: 300
# What reaches gomote while it broadcasts reaches all: Ctrl-C, TERM, HUP; its own
# death; a reader that goes away, or does not read. Nothing is left behind.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir tmp

start_coordinator
R=user-$GOMOTE_USER-linux-amd64-reverse
export GOMOTE_GROUP=g
for i in 0 1 2; do
	start_buildlet "box$i"
	gomote create linux-amd64-reverse 2>>err
done >/dev/null

# begin SHELL-TEXT: a run of it, until each says "ready"; $P is gomote.
begin() {
	: >out
	: >err
	env --default-signal=INT,HUP gomote run /bin/sh -c "$1" >out 2>err &
	P=$!
	echo $P >run.pid
	eventually ready
	CHILDREN=$(pgrep -P $P)
	assert_eq 3 "$(echo "$CHILDREN" | wc -w)" "gomotes for three instances"
}
ready() { [ "$(grep -c ': ready$' out)" = 3 ]; }
ends() {
	STATUS=0
	wait "$P" || STATUS=$?
	assert_eq "$1" "$STATUS" "exit status ($(cat err))"
	rm run.pid
	for p in $CHILDREN; do ! alive "$p" || fail "gomote $p is left behind"; done
}
no_children() {
	for p in $CHILDREN; do ! alive "$p" || return 1; done
}
running() {
	for i in 0 1 2; do gomote ps -running "$R-$i"; done | grep -c ' running '
}
none_runs() { [ "$(running)" = 0 ]; }

# Each ends as it likes.
begin 'trap "echo bye; exit 9" INT; echo ready; while :; do sleep 0.05; done'
kill -INT "$P"
ends 9
assert_eq 3 "$(grep -c ': bye$' out)"
assert_match '^# interrupted; again to kill' "$(cat err)"
assert_eq 3 "$(grep -c '^# failed on .*: exit status 9$' err)"

# They do not listen: killed at the second.
begin 'trap "echo no" INT; echo ready; while :; do sleep 0.05; done'
kill -INT "$P"
no_three() { [ "$(grep -c ': no$' out)" = 3 ]; }
eventually no_three
kill -INT "$P"
ends 137
eventually none_runs

# What has no command there is interrupted at once.
mkfifo hold
env --default-signal=INT gomote put - x <hold 2>err &
P=$!
exec 9>hold
spooling() { find "/proc/$P/fd" -lname '*/gomote.* (deleted)' 2>/dev/null | grep -q .; }
eventually spooling
kill -INT "$P"
STATUS=0
wait "$P" || STATUS=$?
assert_eq 130 "$STATUS"
exec 9>&-
assert_eq '' "$(find tmp -type f ! -path '*/gomote.*/*')"

begin 'echo ready; exec sleep 93.83'
kill -TERM "$P"
ends 143
eventually none_runs
assert_eq 3 "$(grep -c '^# failed on .*exit status 143' err)"

# The terminal is gone, the commands are not.
begin 'echo ready; until [ -e go ]; do sleep 0.05; done'
kill -HUP "$P"
ends 129
assert_eq 3 "$(running)"
echo | gomote put - go 2>err
eventually none_runs
gomote rm go 2>err

# Killed: its gomotes end, and their commands with them.
begin 'echo ready; exec sleep 93.84'
kill -KILL "$P"
wait "$P" || :
rm run.pid
eventually no_children
eventually none_runs

# Its reader has what it wanted.
gomote run /bin/sh -c 'exec yes' 2>err | head -n 1 >first
assert_match "^$R-[0-2]: y\$" "$(cat first)"
assert_match '^gomote: write stdout: Broken pipe \(' "$(cat err)"
eventually none_runs

# Its reader does not read: nothing is heaped up, and Ctrl-C gets through.
mkfifo slow
exec 8<>slow
env --default-signal=INT gomote run /bin/sh -c 'echo ready >&2; yes "$(printf "%0200d" 1)" | head -c 20000000
	while :; do sleep 0.05; done' >slow 2>err 8>&- &
P=$!
echo $P >run.pid
three_run() { [ "$(running)" = 3 ]; }
eventually three_run
CHILDREN=$(pgrep -P $P)
pass 20
for p in $P $CHILDREN; do
	[ -n "${GOMOTE_SANITIZED:-}" ] || [ "$(peak_kb "$p")" -lt 60000 ] || fail "gomote $p: $(peak_kb "$p") KiB"
done
assert_eq 3 "$(running)"
kill -INT "$P"
eventually none_runs
kill -INT "$P"
kill -INT "$P" 2>/dev/null || :
pass 2
kill -INT "$P" 2>/dev/null || :
STATUS=0
wait "$P" || STATUS=$?
exec 8>&-
rm run.pid
for p in $CHILDREN; do ! alive "$p" || fail "gomote $p is left behind"; done

gomote destroy -destroy-group 2>err
