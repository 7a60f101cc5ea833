#!/bin/sh
# coordinator-limit.sh - a user's limit of instances, from the configuration and
# of the user alone; those that wait count too.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<'EOF'
user-limit = 1
host-type h { pool = local limit = 3 }
builder-type b { host-type = h }
EOF
serve "$T/c.conf"
assert_eq user-alice-b-0 "$(create b)"
assert_eq '' "$(create b)"
assert_match '^{"error":".*limit|^{"error":".*1 instance' "$(tail -n 1 "$T/created")"
verb user limit alice 2
assert_eq user-alice-b-1 "$(create b)"
assert_eq '' "$(create b)"
assert_match '^\{"error":' "$(tail -n 1 "$T/created")"
verb user limit alice none
destroy user-alice-b-0
assert_eq '' "$(create b)"
assert_status 1 verb user limit alice lots
assert_status 1 verb user limit nobody 3
