#!/bin/sh
# coordinator-reload.sh - SIGHUP: a good file takes effect, a bad one is logged
# with its line and changes nothing, and what needs a restart is said.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<'EOF'
host-type h-one { notes = "first" }
builder-type one { host-type = h-one }
EOF
serve "$T/c.conf"
builders() {
	stock '/builders?mode=json' | tr -d ' \n' | sed 's/.*"Builders":{\([^}]*}\)*},"Hosts.*/&/' |
	    grep -o '"[a-z]*":{"HostType":"[^"]*"' | tr '\n' ' '
}
assert_eq '"one":{"HostType":"h-one" ' "$(builders)"
logged() {
	grep -q -e "$1" "$T/coordinator.log"
}
echo 'frob = 1' >>"$T/c.conf"
kill -HUP "$(pid_of coordinator)"
eventually logged "c.conf:3: no such option 'frob'"
assert_eq '"one":{"HostType":"h-one" ' "$(builders)"

cat >"$T/c.conf" <<'EOF'
listen = "127.0.0.1:1"
user-limit = 1
host-type h-two {}
builder-type one { host-type = h-two idle = 2h }
builder-type two { host-type = h-two }
EOF
kill -HUP "$(pid_of coordinator)"
eventually logged 'reload: done'
assert_eq '"one":{"HostType":"h-two" "two":{"HostType":"h-two" ' "$(builders)"
assert_match 'reload: listen was changed: that needs a restart' "$(cat "$T/coordinator.log")"
assert_no_match 'user-limit was changed' "$(cat "$T/coordinator.log")"
assert_match '"Idle": "2h0m0s"' "$(http /api/v1/builders)"
assert_match 'reload' "$(verb events)"
