#!/bin/sh
# push sends what changed and nothing else; ls there equals a local listing;
# gettar gives back an identical tree. (regress/big does it with large trees.)
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/pushstory.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")

mkdir "$T/tree"
cp -r "$SRC/lib" "$SRC/test" "$T/tree"
cd "$T/tree" || exit
mkdir -p 'deep/er/and deeper' empty/dir bin
printf x >'deep/er/and deeper/a name with blanks'
printf y >"$(printf 'b\303\244ume')"
printf z >./-dash
head -c 255 /dev/zero | tr '\0' n | xargs -I N sh -c 'echo long >N'
printf '#!/bin/sh\n' >bin/tool
chmod 755 bin/tool
chmod 400 deep/er/'and deeper'/*
ln -s ../bin/tool deep/link
ln -s nowhere dangling
: >zero
TZ=UTC touch -d '2001-02-03 04:05:06' zero
cd "$SRC" || exit
push_story "$inst" "$T/tree"

# With the lease all that is remembered of pushes goes.
[ -d "$T/work-box.gomote/push" ] || fail "nothing is remembered of the push"
gomote destroy "$inst"
gone() { [ ! -e "$T/work-box.gomote/push" ]; }
eventually gone
