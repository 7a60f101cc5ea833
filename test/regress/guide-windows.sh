#!/bin/bash
# guide-windows.sh - the guide's sections "Windows" and "Subrepos on Windows", on
# a machine that plays one.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

GUIDE_TYPES=windows-amd64-2016
guide_begin
MOTE=$(gomote create windows-amd64-2016)
GOROOT=$T/goroot gomote push "$MOTE" 2>messages
# shellcheck disable=SC2016
gomote run -path '$PATH,$WORKDIR/go/bin' "$MOTE" go/src/make.bat >out 2>messages
said out 'PATH=.*:/.*/go/bin$'
# shellcheck disable=SC2016
gomote run -path '$PATH,$WORKDIR/go/bin' "$MOTE" go/bin/go.exe test cmd/go -short >out 2>messages
said out '^ok  	'

mkdir -p go/src/golang.org/x/tools/.git go/src/golang.org/x/tools/imports
echo 'package imports' >go/src/golang.org/x/tools/imports/imports.go
tar --exclude .git -C go/src/ -zc golang.org/x/tools | gomote puttar -dir=gopath/src "$MOTE" -
gomote ls -r "$MOTE" gopath >listing
said listing 'gopath/src/golang.org/x/tools/imports/imports.go|src/golang.org/x/tools/imports/imports.go'
grep -q "\.git" listing && fail ".git came along"
gomote run -e 'GOPATH=c:/workdir/gopath' "$MOTE" go/bin/go test -run=TestFixImportsVendorPackage golang.org/x/tools/imports >out 2>messages
said out '^ok  	golang.org/x/tools/imports	.*GOPATH=c:/workdir/gopath'
