#!/bin/bash
# storm-buildlet.sh - kill -9 of buildlets at random moments, KILLS times (20),
# each started again on its work directory, while clients create, push, run,
# fetch and destroy: no command is lost, every output is complete and in order.
# timeout: 400
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/storm.sh"

kills=${KILLS:-20} machines=${CLIENTS:-8}
start_coordinator
storm_machines "$machines"
storm_begin "$machines"
for ((k = 0; k < kills; k++)); do
	pass $((RANDOM % 18 + 2))	# a random moment
	m=$((RANDOM % machines))
	kill9 "m$m"
	storm_machine "$m"
done
storm_end
all_idle() { [ "$(verb machine list | grep -c ' idle ')" -eq "$machines" ]; }
eventually -t 60 all_idle
storm_clean
