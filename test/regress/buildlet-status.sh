#!/bin/sh
# The short requests: who and where the buildlet is, and that it lives.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT

assert_match '^buildlet running on [a-z]+-[a-z0-9]+$' "$(curl -sS "$url/")"
assert_eq ok "$(curl -sS "$url/healthz")"
assert_eq "$T/work-box" "$(curl -sS "$url/workdir")" "/workdir, without a newline"
status=$(curl -sS -D "$T/head" "$url/status")
assert_match '"Version":29[,}]' "$status"
assert_match '"Features":\[.*"lease"' "$status"
assert_match '"Boot":"[0-9a-f]{32}"' "$status"
assert_match 'Content-Type: application/json' "$(cat "$T/head")"

assert_eq XXXXX "$(curl -sS "$url/debug/x?n=5")"
assert_eq 1048576 "$(curl -sS "$url/debug/x?n=2000000" | wc -c | tr -d ' ')" "at most 1 MiB"
code() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
assert_eq 400 "$(code "$url/debug/x?n=x")"
assert_eq 404 "$(code "$url/nonesuch")"
assert_eq 405 "$(code -X PUT -d x "$url/status")"
curl -sS -D "$T/head" -o /dev/null "$url/exec"
assert_match '^Allow: POST' "$(cat "$T/head")"
