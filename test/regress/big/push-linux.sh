#!/bin/sh
# push_story with the Linux 6.1 source tree (78,579 files).
# timeout: 1800
. "$(dirname "$0")/../../lib/sh.sh"
. "$SRC/test/lib/pushstory.sh"

src=/usr/src/linux-source-6.1.tar.xz
[ -f "$src" ] || {
	[ "$(id -u)" = 0 ] && apt-get install -qq -y --no-install-recommends linux-source-6.1 >/dev/null 2>&1
} || skip "linux-source-6.1 is not installed"
mkdir "$T/tree"
tar -C "$T/tree" --strip-components=1 -xJf "$src"
start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
push_story "$inst" "$T/tree"
