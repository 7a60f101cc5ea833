#!/bin/sh
# coordinator-stop.sh - SIGTERM: whoever waits is told why, the coordinator ends
# with status 0, instances are there after the next start.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
i=$(create "$REVERSE")
begin waiting /buildlet/create -d version=20191119 -d "builderType=$REVERSE"
eventually grep -q '"status"' "$T/waiting.log"
stop coordinator
assert_eq 0 "$STATUS" "exit status of the coordinator"
eventually grep -q '^{"error":".*stopping' "$T/waiting.log"
start_coordinator
assert_match "\"Name\": \"$i\"" "$(stock /buildlet/list)"
works() {
	[ "$(code on "$i" /workdir)" = 200 ]
}
eventually works
