#!/bin/bash
# net-keepalive.sh - every TCP connection, of clients and machines, at both ends,
# is asked by the system whether the other is still there: one that vanished
# without a word would keep an instance, or a gomote, for ever.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
[ -r /proc/net/tcp ] || skip "there is no /proc/net/tcp"

start_coordinator
start_buildlet b1
i=$(gomote create "$REVERSE")
gomote run "$i" /bin/sh -c 'echo begun; exec sleep 1000' >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
wait_file "$T/out"
# The established connections of the coordinator's port, both ends of each, at
# least one of a client and one of a machine, have the keepalive timer (2).
kept() {
	awk -v port=":$(printf %04X "$PORT")" '
		$4 == "01" && (index($2, port) || index($3, port)) { n[substr($6, 1, 2)]++; all++ }
		END { exit !(all >= 4 && n["02"] == all) }' /proc/net/tcp
}
eventually kept
