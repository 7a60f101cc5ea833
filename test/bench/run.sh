#!/usr/bin/env bash
# A whole `gomote run INST /bin/true` (process start, the agent's connection,
# coordinator, machine behind it, exit status) beside `ssh HOST true` over an
# open ControlMaster, in turn, and beside itself without an agent, where it makes
# its own connection; then 2,000 runs one after another, none of which may fail.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"
# shellcheck source=test/lib/bench-ssh.sh
. "$SRC/test/lib/bench-ssh.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
ssh_up
# As the ControlMaster is, the agent is there before the first one counts.
agent_on
gomote run "$inst" /bin/true 2>>"$T/run.err"
eventually agent_ready

N=${N:-200}
: >"$T/ours"
: >"$T/direct"
: >"$T/peer"
for ((i = 0; i < N; i++)); do
	millis gomote run "$inst" /bin/true 2>>"$T/run.err" >>"$T/ours"
	millis ssh_run true >>"$T/peer"
	millis gomote -agent off run "$inst" /bin/true 2>>"$T/run.err" >>"$T/direct"
done
ours=$(median <"$T/ours")
peer=$(median <"$T/peer")
figure "run-true-p50" ms "$ours" "<=10" "$peer" "ssh over an open ControlMaster"
figure "run-true-ratio" ms "$ours" "<=0.5x" "$peer" "ssh over an open ControlMaster"
figure "run-true-no-agent" ms "$(median <"$T/direct")" "<=10" "$peer" "ssh over an open ControlMaster"

failed=0
for ((i = 0; i < ${RUNS:-2000}; i++)); do
	gomote run "$inst" /bin/true >/dev/null 2>>"$T/run.err" || failed=$((failed + 1))
done
figure "run-2000-failed" runs "$failed" "<=0" - none
