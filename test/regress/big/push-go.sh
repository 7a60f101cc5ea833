#!/bin/sh
# push_story with the Go 1.19 source tree (11,751 files).
# timeout: 900
. "$(dirname "$0")/../../lib/sh.sh"
. "$SRC/test/lib/pushstory.sh"

[ -d /usr/share/go-1.19 ] || {
	[ "$(id -u)" = 0 ] && apt-get install -qq -y --no-install-recommends golang-1.19-src >/dev/null 2>&1
} || skip "golang-1.19-src is not installed"
cp -rL /usr/share/go-1.19/. "$T/tree"
echo go1.19.8 >"$T/tree/VERSION"
start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
push_story "$inst" "$T/tree"
