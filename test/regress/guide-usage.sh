#!/bin/bash
# guide-usage.sh - the guide's section "Usage".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

guide_begin
gomote create >types 2>&1 || :
said types '^ *linux-amd64'
gomote create linux-amd64 >name 2>messages
assert_eq user-gopher-linux-amd64-0 "$(cat name)"
! grep -v '^#' messages || fail "messages without a #"
MOTE=$(cat name)
GOROOT=$T/goroot gomote push "$MOTE" 2>messages
gomote ls "$MOTE" >listing
said listing '^go/?$'
said listing '^go1\.4/?$'
# Really a sync: only what has changed.
echo 'package runtime // edited' >goroot/src/runtime/runtime.go
GOROOT=$T/goroot gomote push "$MOTE" 2>messages
said messages '1 file'
gomote run "$MOTE" go/src/make.bash >out 2>messages
said out '^Installed Go'
gomote run "$MOTE" go/bin/go test -run="TestSomething" -v runtime >out 2>messages
said out '^=== RUN   TestSomething$'
said out '^ok  	runtime	'
# Relative to the work directory or absolute, in the directory that holds it.
said out 'in .*/go/bin$'
# shellcheck disable=SC2016
gomote run "$MOTE" /bin/bash -c 'echo "in $(pwd)"' >out 2>messages
said out '^in /'
gomote list >listing
said listing '^user-gopher-linux-amd64-0	linux-amd64	host-guide	expires in [0-9ms.]+$'
gomote ping "$MOTE"
gomote help run >text
said text '^usage: gomote run'
gomote help >text
for c in create push run ls list ping destroy rm gettar puttar put putbootstrap ssh; do
	said text "^ *$c +"
done
gomote destroy "$MOTE"
assert_eq '' "$(gomote list)"
