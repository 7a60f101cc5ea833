#!/bin/bash
# gomote-restart.sh - kill -9 of the coordinator as its users see it: commands
# under way wait and go on; after a restart list shows the instances of both
# pools, and run, push and ls work on them with no file lost.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

export XDG_CACHE_HOME="$T/cache"
start_coordinator
start_buildlet b1
all="$(gomote create "$REVERSE") $(gomote create "$LOCAL")"
mkdir -p "$T/tree/sub"
head -c 300000 /dev/urandom >"$T/tree/sub/file"
ln -s sub/file "$T/tree/link"
cd "$T/tree" || exit
for i in $all; do
	gomote push -dir tree "$i" 2>/dev/null
	gomote ls -r -d "$i" tree >"$T/$i.was"
	gomote run "$i" /bin/sh -c 'echo begun; while [ ! -e "$1" ]; do sleep 0.05; done; echo over; exit 9' x "$T/enough" >"$T/$i.out" 2>"$T/$i.err" &
	echo $! >"$T/$i.pid"
	wait_file "$T/$i.out"
done
kill9 coordinator
for i in $all; do
	waits() { grep -q '^# connection lost, waiting' "$T/$i.err"; }
	eventually waits
done
assert_status 1 gomote list 2>"$T/err"
assert_match '^gomote: coordinator: dial 127.0.0.1:[0-9]*: Connection refused \(' "$(cat "$T/err")"

start_coordinator
list=$(gomote list)
back() {
	[ "$(gomote run "$1" /bin/echo back 2>/dev/null)" = back ]
}
: >"$T/enough"
for i in $all; do
	status wait "$(pid_of "$i")"
	rm "$T/$i.pid"
	assert_eq 9 "$STATUS" "run on $i: $(cat "$T/$i.err")"
	assert_eq 'begun
over' "$(cat "$T/$i.out")"
	assert_match '^# connected again' "$(cat "$T/$i.err")"
	assert_match "^$i	.*expires in" "$list" "list"
	eventually back "$i"
	gomote ls -r -d "$i" tree | diff "$T/$i.was" - || fail "files of $i"
	gomote push -dir tree "$i" 2>"$T/err"
	assert_match '^# nothing to push$' "$(cat "$T/err")"
	gomote destroy "$i"
done
assert_eq '' "$(gomote list)"
