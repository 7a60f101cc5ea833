#!/bin/bash
# machine-again.sh - a machine that registers again evicts its older session at
# once, whatever TCP still believes: the older connection stands, and is silent.
# The instance goes on with the newer one, and what comes of the older one later
# changes nothing. Who dials again takes up its TLS session, unless the
# coordinator is another process by then; its key is asked for each time.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl pgrep

start_coordinator
start wire "$TEST_BIN/cutter" -port-file "$T/wire.port" -rate 100000000 -free "$T/wire.port" "$PORT"
wait_file "$T/wire.port"
verb key add "$HOST_REVERSE" b1 >"$T/b1.key"

# b1: the machine, dialing through the wire.
b1() {
	start b1 buildlet -reverse-type "$HOST_REVERSE" \
	    -coordinator "127.0.0.1:$(cat "$T/wire.port")" -workdir "$T/work-b1" \
	    -ca "$GOMOTE_CA" -key-file "$T/b1.key" -hostname b1
}
# carries: the process that carries the newest connection; cut_wire: it breaks.
carries() { pgrep -n -P "$(pid_of wire)"; }
cut_wire() { kill -9 "$(carries)"; }
# joined N [TEXT]: it has registered so often, the last time with that text.
joined() {
	[ "$(grep -c ' machine b1: joined' "$T/coordinator.log")" = "$1" ] &&
	    grep ' machine b1: joined' "$T/coordinator.log" | tail -n 1 | grep -q "${2:-}\$"
}
answers() { [ "$(code on "$i" /workdir)" = 200 ]; }

b1
eventually machine_is b1 idle
joined 1 'epoch 1' || fail "no whole handshake at first: $(grep joined "$T/coordinator.log")"
i=$(create "$REVERSE")
eventually answers

# The machine falls over; nobody tells the coordinator, for which it stands.
silent=$(carries)
kill -STOP "$silent"
kill9 b1
machine_is b1 leased || fail "noticed what could not be noticed"
b1
eventually -t 10 joined 2 'epoch 2'
assert_eq leased "$(machine_state b1)" "state, once it registered again"
assert_match "b1: registered again from .*: the connection from .* is cut" \
    "$(cat "$T/coordinator.log")"
assert_eq 1 "$(verb machine list | awk '$1 == "b1"' | wc -l)" "rows of one machine"
eventually answers

# What is left of the older one wakes up.
kill -CONT "$silent"
_gone_silent() { ! alive "$silent"; }
eventually _gone_silent
answers || fail "the instance is gone with the older connection: $(cat "$T/answer")"
machine_is b1 leased || fail "the machine is $(machine_state b1)"
joined 2 || fail "registered once more"

# Cut, it takes up its TLS session; both ends say so.
cut_wire
eventually joined 3 'epoch 3, TLS session resumed'
eventually answers
assert_match 'registered as b1.*, TLS session resumed' "$(tail -n 1 "$T/b1.log")"

# Tickets end with the process that gave them.
kill9 coordinator
start_coordinator
eventually joined 4 'epoch 1'
eventually answers
cut_wire
eventually joined 5 'epoch 2, TLS session resumed'
eventually answers

# A session is no key.
verb key revoke b1
refused() { grep -q 'refused the key of host type' "$T/b1.log"; }
eventually refused
machine_is b1 gone || fail "it is $(machine_state b1)"
