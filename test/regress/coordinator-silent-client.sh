#!/bin/sh
# coordinator-silent-client.sh - clients that begin a head, or a form, and say no
# more are let go, and others do not feel it.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
printf 'POST /buildlet/create HTTP/1.1\r\nHost: x\r\n' |
    raw_http -tls -t 40 "$PORT" >"$T/head.out" 2>&1 &
one=$!
assert_eq '[]' "$(stock /buildlet/list)"
status wait $one
assert_eq 0 "$STATUS" "closed by the coordinator"
assert_eq ok "$(http /healthz)"
