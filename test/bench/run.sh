#!/usr/bin/env bash
# A whole `gomote run INST /bin/true` (process start, TLS, coordinator, machine
# behind it, exit status) beside `ssh HOST true` over an open ControlMaster, in
# turn; then 2,000 runs one after another, none of which may fail.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"
# shellcheck source=test/lib/bench-ssh.sh
. "$SRC/test/lib/bench-ssh.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
ssh_up

N=${N:-200}
: >"$T/ours"
: >"$T/peer"
for ((i = 0; i < N; i++)); do
	millis gomote run "$inst" /bin/true 2>>"$T/run.err" >>"$T/ours"
	millis ssh_run true >>"$T/peer"
done
ours=$(median <"$T/ours")
peer=$(median <"$T/peer")
figure "run-true-p50" ms "$ours" "<=10" "$peer" "ssh over an open ControlMaster"
figure "run-true-ratio" ms "$ours" "<=0.5x" "$peer" "ssh over an open ControlMaster"

failed=0
for ((i = 0; i < ${RUNS:-2000}; i++)); do
	gomote run "$inst" /bin/true >/dev/null 2>>"$T/run.err" || failed=$((failed + 1))
done
figure "run-2000-failed" runs "$failed" "<=0" - none
