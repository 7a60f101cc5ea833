# shellcheck shell=bash
# machines.sh - thousands of machines on one coordinator, for the bench and for
# the regress script in bash. After sh.sh and coordinator.sh.

HOST_MANY=host-many

# many_begin N: N machines with keys of their own on a coordinator with a
# configuration; both run, and who has come may be less than all.
many_begin() {
	MANY=$1
	"$TEST_BIN/machinekeys" "$T/state" "$HOST_MANY" m "$MANY" >"$T/keys" ||
	    fail "no keys"
	echo "host-type $HOST_MANY { pool = reverse }" >"$T/many.conf"
	echo "builder-type many { host-type = $HOST_MANY }" >>"$T/many.conf"
	many_serve
}

# many_serve: the coordinator, once more too, at the same port.
many_serve() {
	serve "$T/many.conf"
}

# many_machines: all of them dial as it returns.
many_machines() {
	start machines "$TEST_BIN/../bench/machines" -type "$HOST_MANY" -ca "$T/state/ca.pem" \
	    -keys "$T/keys" "127.0.0.1:$PORT"
	eventually -t 120 grep -q ready "$T/machines.log"
}

# many_idle: how many are connected and clean.
many_idle() {
	verb status | awk -v h="$HOST_MANY" '$1 == h { print $4 }'
}

many_all_idle() {
	alive "$(pid_of machines)" || fail "the machines ended"
	[ "$(many_idle)" = "$MANY" ]
}

# descriptors NAME
descriptors() {
	local fd=("/proc/$(pid_of "$1")/fd"/*)
	echo "${#fd[@]}"
}
