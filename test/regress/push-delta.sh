#!/bin/bash
# What travels: next to nothing for an unchanged tree, the changed blocks of a
# large file, nothing of a file that moved or whose time changed; also where the
# memory here is lost, or somebody else pushed last. And what is remembered is
# not believed where a file changed under it.
. "$(dirname "$0")/../lib/sh.sh"

export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
w=$T/work-box/p
mkdir "$T/tree" "$T/tree/sub"
cd "$T/tree" || exit

# push: its bytes on the wire, there and back, are in $BYTES.
push() {
	start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$LISTEN_PORT"
	wait_file "$T/relay.port"
	gomote push -dir p "linux-amd64@127.0.0.1:$(cat "$T/relay.port")" >"$T/out" 2>&1 ||
	    { cat "$T/out"; fail "push"; }
	eventually grep -q over: "$T/relay.log"
	stop relay
	BYTES=$(awk '/over:/ { for (i = 1; i < NF; i++) if ($i == "over:") n += $(i + 1) + $(i + 4) }
	    END { print n }' "$T/relay.log")
	rm "$T/relay.log" "$T/relay.port"
	diff -r "$T/tree" "$w" >"$T/diff" || { cat "$T/diff"; fail "the tree is not there"; }
}
at_most() { [ "$BYTES" -le "$1" ] || fail "$2: $BYTES bytes travelled, at most $1 should"; }
at_least() { [ "$BYTES" -ge "$1" ] || fail "$2: only $BYTES bytes travelled"; }

head -c 8000000 /dev/urandom >large
head -c 300000 /dev/urandom >medium
for i in $(seq 500); do echo "$i" >"sub/$i"; done
push
at_least 8000000 "the first push"
push
at_most 10240 "nothing changed"
assert_match 'nothing to push' "$(cat "$T/out")"

# A block in the middle, one more at the front, the end cut off.
head -c 65536 /dev/urandom | dd of=large bs=65536 seek=50 conv=notrunc status=none
push
at_most 900000 "a block of a large file"
{ head -c 1000 /dev/urandom; cat large; } >large.new
mv large.new large
push
at_most 900000 "something at the front of a large file"
truncate -s 7000000 large
push
at_most 900000 "the end of a large file"

# What only moved, or only got another time or mode, does not travel.
mv large sub/moved
mv medium sub/medium
push
at_most 40000 "files that moved"
touch -d '2001-02-03' sub/moved sub/medium
push
at_most 30000 "files with another time"
chmod 600 sub/moved
push
at_most 30000 "a file with another mode"
assert_eq 600 "$(stat -c %a "$w/sub/moved")"

# The memory here is lost: the instance tells what it knows.
rm -rf "$T/cache"
echo more >>sub/1
head -c 65536 /dev/urandom | dd of=sub/moved bs=65536 seek=20 conv=notrunc status=none
push
at_most 1000000 "a lost memory"
push
at_most 10240 "nothing changed after a lost memory"

# Somebody else pushed.
XDG_CACHE_HOME=$T/cache2
echo theirs >sub/2
push
at_most 100000 "somebody else"
XDG_CACHE_HOME=$T/cache
echo mine >sub/2
push
at_most 100000 "after somebody else"

# The same size, the same time, within the same moment: it is seen all the same.
for i in 1 2 3 4 5 6 7 8 9; do
	touch -r sub/3 "$T/time"
	printf '%s' "$i" >sub/3
	touch -r "$T/time" sub/3
	push
done
# The same on the instance.
for i in a b c d e; do
	touch -r "$w/sub/4" "$T/time"
	printf '%s' "$i" >"$w/sub/4"
	truncate -s 2 "$w/sub/4"
	touch -r "$T/time" "$w/sub/4"
	push
done
# A base that is not what it was is no base.
head -c 65536 /dev/urandom | dd of=sub/moved bs=65536 seek=30 conv=notrunc status=none
head -c 65536 /dev/urandom | dd of="$w/sub/moved" bs=65536 seek=10 conv=notrunc status=none
push
