#!/bin/sh
# full-disk-coordinator.sh - the state directory's disk is full: what cannot be
# written down is refused and not half done, health tells it, running instances
# work on; with room again everything goes on.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

mount_tmpfs "$T/state" 2m
start_coordinator
start_buildlet b1
start_buildlet b2
i=$(gomote create "$REVERSE")
head -c 3000000 /dev/zero >"$T/state/fill" 2>/dev/null || :

refused() {
	assert_status 1 "$@" >"$T/out" 2>"$T/err"
	assert_eq '' "$(cat "$T/out")" "stdout of $*"
	assert_eq 1 "$(wc -l <"$T/err")" "lines from $*"
	assert_match '^(gomote: )?([^ ]*: )?coordinator: .*full( \(tell its operator\))?$' "$(cat "$T/err")" "$*"
}
refused gomote create "$REVERSE"
refused gomote destroy "$i"
refused verb instance end "$i"
refused verb user add bob
assert_match 'only 0 B free' "$(http /healthz)"
assert_eq works "$(gomote run "$i" /bin/echo works 2>/dev/null)"

rm "$T/state/fill"
kill9 coordinator
start_coordinator
assert_match "^$i	" "$(gomote list)"
gomote destroy "$i"
kill9 coordinator
start_coordinator
assert_eq '' "$(gomote list)" "what was destroyed"
eventually machine_is b1 idle
eventually machine_is b2 idle
j=$(gomote create "$REVERSE")
[ "$i" != "$j" ] || fail "a name was given again"
kill9 coordinator
