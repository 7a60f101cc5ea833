#!/bin/sh
# SIGTERM: commands end, the work directory is emptied, the exit status is 0.
# kill -9: the commands end with it, and the next start finds a clean place.
. "$(dirname "$0")/../lib/sh.sh"
need curl

begin() {
	start_listen_buildlet box
	rm -f "$T/pid1"
	start "$1" curl -sS -d cmd=/bin/sh -d mode=sys -d cmdArg=-c \
	    --data-urlencode "cmdArg=touch left; echo \$\$ >$T/pid1; exec setsid sleep 1000" \
	    "http://127.0.0.1:$LISTEN_PORT/exec"
	wait_file "$T/pid1"
}
command_gone() { ! alive "$(cat "$T/pid1")"; }

begin client1
stop box
assert_eq 0 "$STATUS" "exit status"
eventually command_gone
assert_eq '' "$(ls -A "$T/work-box")" "what is left"

begin client2
kill9 box
eventually command_gone
test -e "$T/work-box/left" || fail "the file was never made"
start_listen_buildlet box
assert_eq "$(printf 'gocache\ngoplscache\ntmp')" "$(ls -A "$T/work-box")"
