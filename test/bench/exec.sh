#!/usr/bin/env bash
# Commands over one kept client connection through the coordinator: what an exec
# costs when no process start and no handshake is in it. POST /exec of
# /bin/true; the same as an exec object that is followed; one that prints, up to
# its first byte; and attaching to a finished log of 1 GiB.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"

MIB=${MIB:-1024}
start_coordinator
start_buildlet box -log-limit 4GiB -log-budget 8GiB
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
lat() {	# FILE ARG...
	local f=$1
	shift
	"$TEST_BIN/execlat" "$inst" "${N:-1000}" "$@" >>"$T/$f"
}
col() { awk -v n="$2" '{ print $n }' "$T/$1" | median; }

for ((i = 0; i < 5; i++)); do
	lat exec /exec
	lat execs /execs
	lat exec-echo /exec /bin/echo
	lat execs-echo /execs /bin/echo
done
more() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a - b }'; }
figure "exec-p50" ms "$(col exec 1)" "<=1.2" - none
figure "exec-p99" ms "$(col exec 2)" "<=3" - none
figure "execs-more-p50" ms "$(more "$(col execs 1)" "$(col exec 1)")" "<=1" "$(col exec 1)" "POST /exec, start to end"
figure "execs-more-first-byte" ms "$(more "$(col execs-echo 3)" "$(col exec-echo 3)")" "<=1" \
    "$(col exec-echo 3)" "POST /exec, start to first byte"

id=$(gomote run -d "$inst" /usr/bin/head -c "${MIB}M" /dev/zero)
gomote wait "$id" >/dev/null
attach() { gomote attach "$id"; }
for ((i = 0; i < 5; i++)); do
	millis attach >>"$T/attach"
done
figure "attach-1GiB" MB/s "$(rate "$MIB" "$(median <"$T/attach")")" ">=500" - none
