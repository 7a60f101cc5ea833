#!/usr/bin/env bash
# POST /exec of /bin/true over one kept client connection through the
# coordinator: what an exec costs when no process start and no handshake is in it.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")

for ((i = 0; i < 5; i++)); do
	"$TEST_BIN/execlat" "$inst" "${N:-1000}" >>"$T/lat"
done
figure "exec-p50" ms "$(awk '{ print $1 }' "$T/lat" | median)" "<=1.2" - none
figure "exec-p99" ms "$(awk '{ print $2 }' "$T/lat" | median)" "<=3" - none
