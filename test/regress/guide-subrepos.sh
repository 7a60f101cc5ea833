#!/bin/bash
# guide-subrepos.sh - the guide's sections "Subrepos on Unix" and "Android".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

GUIDE_TYPES=android-arm64-wikofever
guide_begin
MOTE=$(gomote create android-arm64-wikofever)
GOROOT=$T/goroot gomote push "$MOTE" 2>messages
gomote run "$MOTE" go/src/make.bash >out 2>messages
# shellcheck disable=SC2016
gomote run -path '$PATH,$WORKDIR/go/bin' "$MOTE" go/bin/go test math/big >out 2>messages
said out '^ok  	math/big	'

GOPATH=$T/gopath
mkdir -p "$GOPATH/src/golang.org/x/sys/unix"
echo 'package unix' >"$GOPATH/src/golang.org/x/sys/unix/unix.go"
tar -C "$GOPATH/src/" -zc golang.org/x/sys/unix | gomote puttar -dir=gopath/src "$MOTE"
gomote run -e 'GOPATH=/tmp/workdir/gopath' -dir 'gopath/src/golang.org/x/sys/unix' "$MOTE" go/bin/go test -v golang.org/x/sys/unix >out 2>messages
said out '^ok  	golang.org/x/sys/unix	.*GOPATH=/tmp/workdir/gopath.* in .*/gopath/src/golang.org/x/sys/unix$'
