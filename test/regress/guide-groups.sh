#!/bin/bash
# guide-groups.sh - the guide's section "Groups".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

guide_begin
export GOMOTE_GROUP=debug	# names none as yet
gomote create linux-amd64 >name 2>messages
assert_eq user-gopher-linux-amd64-0 "$(cat name)"
gomote group list >groups
said groups 'debug.*user-gopher-linux-amd64-0'
GOROOT=$T/goroot gomote push 2>messages
gomote run go/src/make.bash >out 2>messages
said out 'Installed Go'
# Two of them, and one alone by its name.
gomote create linux-amd64 >name 2>messages
GOROOT=$T/goroot gomote push 2>messages
gomote run go/src/make.bash >out 2>messages
assert_eq 2 "$(grep -c 'Installed Go' out)"
gomote run user-gopher-linux-amd64-1 go/bin/go version >out 2>messages
assert_eq 1 "$(grep -c 'go1.99' out)"
gomote ls >listing
assert_eq 2 "$(grep -cE "(^|[ :])go1\.4/?$" listing)"
gomote ping
assert_eq 2 "$(gomote list | wc -l)"
# By the flag, explicitly, in more than one.
unset GOMOTE_GROUP
gomote group create other
gomote group add other user-gopher-linux-amd64-0
gomote -group other run go/bin/go version >out 2>messages
assert_eq 1 "$(grep -c 'go1.99' out)"
gomote -group nonesuch run go/bin/go version >out 2>messages && fail "a group that is not there"
said messages 'nonesuch'
gomote create -new-group third linux-amd64 >name 2>messages
said name '^user-gopher-linux-amd64-2$'
gomote -group third destroy -destroy-group 2>messages
gomote group list >groups
grep -q third groups && fail "the group is still there"
gomote -group debug destroy -destroy-group 2>messages
assert_eq '' "$(gomote list)"
