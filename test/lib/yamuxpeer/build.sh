#!/bin/sh
# build.sh OUT - builds yamuxpeer into the file OUT, once for all tests. Exits
# with 77 and says why where Go or its yamux package is missing.
set -eu
out=$1
gopath=/usr/share/gocode
command -v go >/dev/null || { echo "no Go here"; exit 77; }
[ -d $gopath/src/github.com/hashicorp/yamux ] || {
	echo "no yamux package for Go here (golang-github-hashicorp-yamux-dev)"
	exit 77
}
src=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$out")"
(
	flock 9
	if [ ! -e "$out" ] || [ -n "$(find "$src" -name '*.go' -newer "$out")" ]; then
		GO111MODULE=off GOPATH=$gopath GOFLAGS='' GOCACHE=$out.cache \
		    go build -o "$out.new" "$src"/*.go
		mv "$out.new" "$out"
		rm -rf "$out.cache"
	fi
) 9>"$out.lock"
