#!/usr/bin/env bash
# The sizes of the stripped programs, and the memory of idle daemons.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"

stripped_kb() {
	strip -o "$T/stripped" "$BIN/$1"
	echo $((($(stat -c %s "$T/stripped") + 1023) / 1024))
}

figure "size-buildlet" KiB "$(stripped_kb buildlet)" "<=1024" - none
figure "size-gomote" KiB "$(stripped_kb gomote)" "<=1024" - none
figure "size-coordinator" KiB "$(stripped_kb coordinator)" "<=2048" - none

start_coordinator
start_buildlet idle
# Idle means that the start is over and what it took is given back: both stay
# as they are for a hundred looks, some five seconds.
same=0
last=
settled() {
	local now
	now="$(rss_kb "$(pid_of idle)") $(rss_kb "$(pid_of coordinator)")"
	if [ "$now" = "$last" ]; then same=$((same + 1)); else same=0; fi
	last=$now
	[ "$same" -ge 100 ]
}
eventually -t 90 settled
figure "rss-idle-buildlet" KiB "$(rss_kb "$(pid_of idle)")" "<=6144" - none
figure "rss-idle-coordinator" KiB "$(rss_kb "$(pid_of coordinator)")" "<=12288" - none
