#!/bin/sh
# stock-refused.sh - registrations that must not be: missing headers, unknown
# revdial versions, too old a buildlet, strange host names, unknown pick-ups.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator -stock-keys
refused() {
	"$TEST_BIN/stockbuildlet" -dir "$T/x" "$@" "127.0.0.1:$PORT" 2>&1 && fail "let in: $*"
	return 0
}
assert_match '^refused: 400 unknown revdial version' "$(refused -revdial 1)"
assert_match '^refused: 400 missing header X-Revdial-Version' "$(refused -revdial '')"
assert_match '^refused: 400 missing header X-Go-Builder-Key' "$(refused -key '')"
assert_match '^refused: 400' "$(refused -name '../x')"
assert_match '^refused: 412' "$(refused -type host-none)"
assert_match '^refused: 412' "$(refused -key 0123456789abcdef0123456789abcdef)"
start_stock old -version 22
eventually grep -q 'closed' "$T/old.log"
assert_match '22' "$(cat "$T/coordinator.log")"
assert_eq 400 "$(code stock '/revdial?revdial.dialer=00112233445566778899aabbccddeeff')"
assert_eq 400 "$(code stock /revdial)"
