#!/bin/bash
# machine-successor.sh - a machine that takes leave of its session while a command
# runs over it, and registers once more beside it: the command runs on, new requests
# go over the new session, the older one ends when the command has, and for its user
# nothing has happened.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
verb key add "$HOST_REVERSE" fake0 >"$T/key"
start fake "$TEST_BIN/fakemachines" -leave -ca "$GOMOTE_CA" -key-file "$T/key" "127.0.0.1:$PORT"
eventually machine_is fake0 idle
i=$(create "$REVERSE")

begin first /exec -H "X-Buildlet-Proxy: $i" -D "$T/head" -d mode=sys -d cmd=/bin/true
eventually grep -q 'machine fake0: goes on in a new session' "$T/coordinator.log"
machine_is fake0 leased || fail "it is $(machine_state fake0)"
assert_eq 'machine fake0' "$(cat "$T/first.log")" "the command's output so far"
alive "$(pid_of first)" || fail "the first request is over"

assert_match '^Process-State: ok' "$(run "$i" true)" "the second"
eventually _gone "$(pid_of first)"
assert_eq 'machine fake0' "$(cat "$T/first.log")" "the command's output"
assert_match '^Process-State: ok' "$(tr -d '\r' <"$T/head")" "the first"
eventually grep -q '^older session: .*: drained' "$T/fake.log"
eventually grep -q 'machine fake0: its older session ended: .*: drained' "$T/coordinator.log"

assert_match '^Process-State: ok' "$(run "$i" true)" "the third"
assert_eq 1 "$(grep -c 'machine fake0: joined' "$T/coordinator.log")" "times it joined"
assert_no_match 'is away|is cut' "$(cat "$T/coordinator.log")" "log"
machine_is fake0 leased || fail "it is $(machine_state fake0)"
destroy "$i" >/dev/null
eventually machine_is fake0 idle
