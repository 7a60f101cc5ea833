#!/bin/bash
# coordinator-create-again.sh - a create whose connection was lost is asked again
# under the same name, and gives the same instance, or its place in the queue.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator -local-limit 1
assert_match '"create-again"' "$(http /api/v1/version)"
i=$(create "$LOCAL" -d request=abc001)
assert_eq "$i" "$(create "$LOCAL" -d request=abc001)" "asked again"
kill9 coordinator
start_coordinator -local-limit 1
# Its machine is on its way back; it is given once it is there.
assert_eq "$i" "$(create "$LOCAL" -d request=abc001)" "asked again after kill -9"
assert_eq 200 "$(code on "$i" /workdir)"
assert_eq 1 "$(stock /buildlet/list | grep -c '"Name"')"

# In the queue: the older connection hears of it, the newer gets the instance.
begin older /buildlet/create -d version=20191119 -d "builderType=$LOCAL" -d request=abc002
eventually grep -q ahead "$T/older.log"
begin newer /buildlet/create -d version=20191119 -d "builderType=$LOCAL" -d request=abc002
eventually grep -q 'asked for again on another connection' "$T/older.log"
assert_match ' 1 waiting' "$(verb status)"
destroy "$i"
eventually grep -q '"buildlet"' "$T/newer.log"
assert_eq 1 "$(stock /buildlet/list | grep -c '"Name"')"
assert_no_match '"buildlet"' "$(cat "$T/older.log")"

# A request whose instance has ended is a new one; a name must be one.
j=$(sed -n 's/.*"buildlet":.*"Name":"\([^"]*\)".*/\1/p' "$T/newer.log")
destroy "$j"
k=$(create "$LOCAL" -d request=abc002)
case $k in ''|"$j") fail "got '$k' for '$j'" ;; esac
assert_eq 400 "$(code stock /buildlet/create -d version=20191119 -d "builderType=$LOCAL" -d request=short)"
