#!/bin/sh
# coordinator-key.sh - a machine key: opens its host type under its name; a
# wrong one, one for another host type and a revoked one do not; revoking cuts
# the machine off.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
verb key add "$HOST_REVERSE" lab7 >"$T/key"
assert_match '^gmk_' "$(cat "$T/key")"
assert_status 1 verb key add "$HOST_REVERSE" lab7
assert_status 1 verb key add host-none x
start b1 buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
    -workdir "$T/work-b1" -ca "$GOMOTE_CA" -key-file "$T/key" -hostname b1
eventually machine_is lab7 idle
refused() {
	"$TEST_BIN/stockbuildlet" -dir "$T/x" "$@" "127.0.0.1:$PORT" 2>&1 && fail "let in: $*"
	return 0
}
assert_match '^refused: 412 host type .*wrong key' "$(refused -key wrong)"
assert_match '^refused: 412' "$(refused -key "$(cat "$T/key")x")"
assert_match '^refused: 412' "$(refused -type host-linux-amd64-local -key "$(cat "$T/key")")"
# Go's development key, which was not asked for.
assert_match '^refused: 412' "$(refused)"
verb key revoke lab7
eventually machine_is lab7 gone
assert_match '^refused: 412' "$(refused -key "$(cat "$T/key")")"
assert_match '^lab7 .*revoked' "$(verb key list)"
assert_status 1 verb key revoke nobody
