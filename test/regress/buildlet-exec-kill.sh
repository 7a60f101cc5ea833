#!/bin/sh
# A client that goes away takes the whole tree of its command with it, what has
# gone to another session and lost its parent included.
. "$(dirname "$0")/../lib/sh.sh"
need curl setsid

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
# shellcheck disable=SC2016
script='echo $$ >'"$T"'/p1; sh -c "echo \$\$ >'"$T"'/p2; exec tail -f /dev/null" &
setsid sh -c "echo \$\$ >'"$T"'/p3; exec tail -f /dev/null" >/dev/null 2>&1 &
(setsid sh -c "echo \$\$ >'"$T"'/p4; exec tail -f /dev/null" &) ; tail -f /dev/null'
start client curl -sSN -d cmd=/bin/sh -d mode=sys -d cmdArg=-c --data-urlencode "cmdArg=$script" "$url/exec"
for p in p1 p2 p3 p4; do
	wait_file "$T/$p"
	alive "$(cat "$T/$p")" || fail "$p does not run"
done
kill9 client
for p in p1 p2 p3 p4; do
	gone() { ! alive "$(cat "$T/$p")"; }
	eventually gone
done
assert_eq ok "$(curl -sS "$url/healthz")"
