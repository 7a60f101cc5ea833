#!/bin/bash
# storm-coordinator.sh - kill -9 of the coordinator at random moments, KILLS
# times (20; test/regress/big has more), while clients create, push, run, fetch
# and destroy: no instance and no command is lost, every output is complete and
# in order, no machine is leased twice, none is left behind.
# timeout: 400
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/storm.sh"

kills=${KILLS:-20} clients=${CLIENTS:-20}
start_coordinator
storm_machines "$clients" ${RETRY:+-retry-max "$RETRY"}
storm_begin "$clients"
for ((k = 0; k < kills; k++)); do
	pass $((RANDOM % 38 + 2))	# a random moment
	kill9 coordinator
	start_coordinator
done
storm_end
all_idle() { [ "$(verb machine list | grep -c ' idle ')" -eq "$clients" ]; }
eventually -t 60 all_idle
storm_clean
