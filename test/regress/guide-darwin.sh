#!/bin/bash
# guide-darwin.sh - the guide's section "Darwin".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

GUIDE_TYPES=darwin-amd64-12_0
guide_begin
MOTE=$(gomote create darwin-amd64-12_0)
GOROOT=$T/goroot gomote push "$MOTE" 2>messages
gomote run -e 'CGO_ENABLED=0' "$MOTE" go/src/make.bash >out 2>messages
said out 'CGO_ENABLED=0'
gomote run "$MOTE" /bin/mkdir "$T/xcode" 2>messages
[ -d "$T/xcode" ] || fail "no directory was made"
gomote run "$MOTE" /usr/bin/env xcode-select --switch x >out 2>messages && fail "xcode-select is here?"
said messages 'xcode-select'
