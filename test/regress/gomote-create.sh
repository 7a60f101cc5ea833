#!/bin/bash
# create: the list, waiting and what it says of it, withdrawal, refusals; list.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit

start_coordinator
start_buildlet box
type=$(gomote create -list | awk '/-reverse/ { print $1; exit }')
assert_match "^$type	host-.*-reverse\$" "$(gomote create)"
assert_eq "$(gomote create)" "$(gomote create -list)"

inst=$(gomote create "$type" 2>err)
assert_eq '' "$(cat err)" "what a short wait says"
assert_match "^$inst	$type	host-.*-reverse	expires in (30m0s|29m5.s)\$" "$(gomote list)"
assert_status 1 gomote create nonesuch >out 2>err
assert_eq '' "$(cat out)"
assert_match '^gomote: coordinator: create: .*nonesuch' "$(cat err)"

# The only machine is taken: it waits, says so, and takes its turn.
gomote create "$type" >second 2>second.err &
echo $! >second.pid
eventually -t 30 grep -qE "^# still creating $type \(1\) after [0-9]+s; 0 requests ahead of you: ." second.err
env --default-signal=INT gomote create -status=false "$type" >third 2>third.err &
echo $! >third.pid
queued() { coordinator -state-dir "$T/state" status | grep -q "$1 waiting\$"; }
eventually queued 2
kill -INT "$(pid_of third)"
status wait "$(pid_of third)"
[ "$STATUS" -ne 0 ] || fail "an interrupted create succeeded"
eventually queued 1
gomote destroy "$inst"
status wait "$(pid_of second)"
assert_eq 0 "$STATUS" "$(cat second.err)"
two=$(cat second)
assert_no_match "^$inst$" "$two" "a name is used again"
assert_eq '' "$(cat third third.err)"
assert_eq "$two" "$(gomote list | cut -f 1)" "who withdrew got nothing"
status gomote run "$inst" /bin/true 2>err
assert_eq 1 "$STATUS"
assert_match '^gomote: coordinator: run /bin/true: .*see gomote list' "$(cat err)"
gomote destroy "$two"

# Several at once; one that is not there does not keep the others from going.
a=$(gomote create "$type")
assert_status 1 gomote destroy nonesuch-0 "$a" 2>err
assert_match '^gomote: there is no instance "nonesuch-0"' "$(cat err)"
assert_eq '' "$(gomote list)"

# It waits, the coordinator dies and is back: it waits on, and gets one.
a=$(gomote create "$type")
gomote create "$type" >waiting 2>waiting.err &
echo $! >waiting.pid
eventually -t 30 grep -q 'still creating' waiting.err
kill9 coordinator
eventually grep -q '^# connection lost, waiting' waiting.err
start_coordinator
eventually grep -q '^# connected again' waiting.err
gomote destroy "$a"
status wait "$(pid_of waiting)"
assert_eq 0 "$STATUS" "create through a restart: $(cat waiting.err)"
rm waiting.pid
assert_eq "$(cat waiting)" "$(gomote list | cut -f 1)"

# Nobody is there to be asked.
stop coordinator
assert_status 1 gomote create "$type" 2>err
assert_match '^gomote: coordinator: dial .*: Connection refused \(' "$(cat err)"
