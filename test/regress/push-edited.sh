#!/bin/bash
# timeout: 120
# Files that are edited between the look at the tree and the sending, and while they
# are sent: what arrives is what was read, what is remembered of it is never wrong,
# and the next push makes the trees equal. The question before much is removed,
# which comes between the two, holds the push for as long as the edits take.
. "$(dirname "$0")/../lib/sh.sh"
export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
w=$T/work-box/p
mkdir "$T/tree"
cd "$T/tree" || exit

push() {
	gomote push -yes -dir p "$@" "$m" </dev/null 2>"$T/err" || fail "push: $(cat "$T/err")"
	diff -r --no-dereference . "$w" || fail "the trees differ"
}
told() { assert_match "$1" "$(cat "$T/err")" "push"; }

# push_asks OPTION...: one that has looked, and asks; its orders on descriptor 9.
push_asks() {
	rm -f "$T/orders" "$T/screen"
	mkfifo "$T/orders"
	"$TEST_BIN/onpty" gomote push -dir p "$@" "$m" <"$T/orders" >"$T/screen" 2>"$T/modes" &
	echo $! >"$T/push.pid"
	exec 9>"$T/orders"
	eventually grep -q 'Go on?' "$T/screen"
}
push_goes_on() {
	printf '%s\n' 'type y\n' >&9
	eventually _gone "$(pid_of push)"
	status wait "$(pid_of push)"
	rm "$T/push.pid"
	exec 9>&-
}
# edited FILE COMMAND...: as if it had not been, but for its content: size and time
# are what they were.
edited() {
	local f=$1 size
	shift
	size=$(stat -c %s "$f")
	touch -r "$f" "$T/time"
	"$@"
	touch -r "$T/time" "$f"
	assert_eq "$size" "$(stat -c %s "$f")" "size of $f"
}
# patched FILE BLOCK: 1000 other bytes there, blocks of 1000.
patched() { head -c 1000 /dev/urandom | dd of="$1" bs=1000 seek="$2" conv=notrunc status=none; }
written() { printf '%s\n' "$2" >"$1"; }
# tr_alone: what it says in capitals.
tr_alone() { tr '[:lower:]' '[:upper:]' <alone >"$T/capitals" && cat "$T/capitals" >alone; }

# --- what is to be sent changes meanwhile
# With -v all digests are known before, else those of new files are taken when they
# are sent.
round() {
	local f i
	for i in $(seq 40); do echo "$i" >"gone$i"; done
	for f in small alike mode empty grown kept; do echo "one of $f" >"$f"; done
	for f in big shrunk; do head -c 4000000 /dev/urandom >"$f"; done
	rm -f new late
	chmod -x mode
	push
	pass 2
	push

	rm gone*
	for f in small alike mode empty grown new; do echo "two of $f" >"$f"; done
	patched big 10
	patched shrunk 10
	push_asks "$@"
	echo 'three of small, and longer' >small
	edited alike written alike 'thr of alike'
	chmod +x mode
	: >empty
	head -c 3000000 /dev/urandom >grown
	edited big patched big 3000
	echo short >shrunk
	echo 'three of new' >new
	edited kept written kept 'ONE OF KEPT'
	echo late >late
	push_goes_on
	assert_eq 0 "$STATUS" "$(cat "$T/screen")"
	for f in small alike mode empty grown big shrunk new; do
		cmp "$f" "$w/$f" || fail "$f is not what it was when it was sent"
	done
	[ -x "$w/mode" ] || fail "the mode is not what it was when it was sent"
	assert_eq 'one of kept' "$(cat "$w/kept")" "what was not to be sent"
	[ ! -e "$w/late" ] || fail "what was not to be sent was"
	push -v
	told '2 files .* 0 to remove'
	assert_eq 'kept late' "$(sed -n 's/^# send //p' "$T/err" | xargs)"
	push
	told 'nothing to push'
	pass 2
	push
	told 'nothing to push'
}
round
round -v

# One that differs in nothing but its mode, or its content, or its time.
one() {
	for i in $(seq 40); do echo "$i" >"gone$i"; done
	push
	rm gone*
	echo "$*" >alone
	push_asks -v
	"$@"
	push_goes_on
	assert_eq 0 "$STATUS" "$(cat "$T/screen")"
	push
	told 'nothing to push'
	assert_eq "$(stat -c '%A %Y' alone)" "$(stat -c '%A %Y' "$w/alone")" "$*"
}
one chmod +x alone
one edited alone tr_alone
one touch -d '2001-02-03 04:05:06.789' alone

# --- and is a file no more
for i in $(seq 40); do echo "$i" >"gone$i"; done
push
rm gone*
for what in 'rm x' 'rm x; mkdir x' 'rm x; ln -s /etc/hostname x' 'rm x; mkfifo x'; do
	echo "$what" >x
	push_asks
	eval "$what"
	push_goes_on
	assert_eq 1 "$STATUS" "$what: $(cat "$T/screen")"
	assert_match "$T/tree/x: " "$(cat "$T/screen")" "$what"
	if [ -e "$w/x" ] || [ -L "$w/x" ]; then fail "$what: there is an x"; fi
	[ -e "$w/gone1" ] || fail "$what: it was removed all the same"
	rm -rf x
done
push
told '0 files .* 40 to remove'
push
told 'nothing to push'

# --- while it is being sent: half of it is old, half new
start cutter "$TEST_BIN/cutter" -port-file "$T/cutter.port" -rate 1000000 -free "$T/fast" "$LISTEN_PORT"
wait_file "$T/cutter.port"
some_came() { [ "$(find "$T/work-box.gomote" -path '*/tree/*' -type f -size +0 2>/dev/null)" ]; }
head -c 48000000 /dev/urandom >torn
cp torn "$T/old"
gomote push -dir p "linux-amd64@127.0.0.1:$(cat "$T/cutter.port")" </dev/null 2>"$T/err" &
echo $! >"$T/push.pid"
eventually -t 30 some_came
edited torn patched torn 0
edited torn patched torn 47999
touch "$T/fast"
status wait "$(pid_of push)"
rm "$T/push.pid"
assert_eq 0 "$STATUS" "$(cat "$T/err")"
cmp -n 1000 "$T/old" "$w/torn" || fail "the beginning was read after it was edited: no test"
cmp -i 47999000 torn "$w/torn" || fail "the end was read before it was edited: no test"
push
told '1 file '
push
told 'nothing to push'
