#!/bin/bash
# The instance has ended, and the coordinator is asked what it has kept of the
# command: Ctrl-C ends gomote at once, however long the answer takes.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/screen.sh"
export XDG_CONFIG_HOME="$T/config" GOMOTE_AGENT=off GOMOTE_TOKEN=x
cd "$T" || exit

I=user-x-linux-amd64-0 ID=abcdefghij
start_canned
echo "coordinator: unknown or expired buildlet: instance $I ended 3s ago" >"canned/_execs_${ID}_log"
echo 502 >"canned/_execs_${ID}_log.status"
KEPT=canned/_api_v1_execs_${ID}

# interrupted ASKED: while that is asked for, and no answer comes.
interrupted() {
	touch "$1.hold"
	env --default-signal=INT gomote attach "$I/$ID" >out 2>err </dev/null &
	echo $! >attach.pid
	eventually is_asked "$1"
	kill -INT "$(pid_of attach)"
	eventually -t 5 _gone "$(pid_of attach)"
	status wait "$(pid_of attach)"
	rm attach.pid
	assert_eq 130 "$STATUS" "$(cat err)"
}
is_asked() { [ ! -e "$1.hold" ]; }

interrupted "$KEPT"
echo '{"ID":"'$ID'","State":"ended","Created":"2026-01-02T03:04:05Z","Status":"ok","Cmd":"make"}' >"$KEPT"
interrupted "${KEPT}_output"
