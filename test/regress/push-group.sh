#!/bin/bash
# timeout: 180
# A push to a group of ten uploads once: hardly more bytes travel than for one, and
# all ten have the tree. One machine dies half-way, and so does the gomote that is
# just uploading for all; two push to the group at once; nothing is left behind.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir "$T/tmp"
unset GOROOT

start_coordinator
for ((i = 0; i < 11; i++)); do
	start "box$i" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
	    -workdir "$T/work-box$i" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname "box$i"
done
all_here() { [ "$(verb machine list | grep -c ' idle ')" = 11 ]; }
eventually -t 60 all_here
one=$(gomote create "$REVERSE")
gomote create -count=10 -new-group ten "$REVERSE" >"$T/names" 2>/dev/null

start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$PORT"
wait_file "$T/relay.port"
DIRECT=$GOMOTE_SERVER
GOMOTE_SERVER=https://127.0.0.1:$(cat "$T/relay.port")

# wire: the bytes that went to the coordinator since the last time.
WIRE=0
_wire() {
	awk '/over:/ { for (i = 1; i < NF; i++) if ($i == "over:") n += $(i + 1) }
	    END { print n + 0 }' "$T/relay.log"
}
wire() {
	local n
	n=$(_wire)
	BYTES=$((n - WIRE)) WIRE=$n
}
over() { wire && [ "$BYTES" -gt 0 ]; }
uploads() { grep -c ': upload [0-9a-f]*: ' "$T/coordinator.log" || :; }
# trees DIR DIR-THERE N: so many machines have that tree.
trees() {
	local n=0 w
	for w in "$T"/work-box*; do
		[ ! -d "$w/$2" ] || ! diff -r "$1" "$w/$2" >/dev/null || n=$((n + 1))
	done
	assert_eq "$3" "$n" "machines with the tree"
}
# tight LOW HIGH: a group's bytes are at most twice those of one.
tight() {
	[ "$2" -le $((2 * $1)) ] || fail "$2 bytes for ten, $1 for one"
}

mkdir -p "$T/src/sub/deep" "$T/src/empty"
head -c 900000 /dev/urandom >"$T/src/sub/data"
head -c 2500000 /dev/urandom >"$T/src/large"
for ((i = 0; i < 200; i++)); do echo "file $i" >"$T/src/sub/deep/$i"; done
ln -s sub/data "$T/src/link"
cd "$T/src" || exit

# The first, which sends all; then one file changed, and a block of a large one.
for round in first change; do
	if [ $round = change ]; then
		head -c 100000 /dev/urandom >sub/new
		printf 'other' | dd of=large bs=1 seek=1200000 conv=notrunc status=none
		rm sub/deep/1?
	fi
	rm -rf "$T/cache"
	gomote push -dir t "$one" 2>"$T/err"
	eventually over
	alone=$BYTES
	n=$(uploads)
	rm -rf "$T/cache"
	gomote -group ten push -dir t 2>"$T/err" || fail "$(cat "$T/err")"
	assert_match '^# ok on 10 of 10: ' "$(cat "$T/err")"
	assert_eq $((n + 1)) "$(uploads)" "uploads ($round)"
	eventually over
	tight "$alone" "$BYTES"
	trees "$T/src" t 11
done
n=$(uploads)
gomote -group ten push -dir t 2>"$T/err"
assert_eq 10 "$(grep -c ': # nothing to push' "$T/err")"
assert_eq "$n" "$(uploads)" "uploads of nothing"

# Some have something else: two packs, each sent once.
gomote push -dir u "$(head -n 1 "$T/names")" 2>/dev/null
gomote push -dir u "$(tail -n 1 "$T/names")" 2>/dev/null
head -c 100000 /dev/urandom >sub/newer
n=$(uploads)
gomote -group ten push -dir u 2>"$T/err" || fail "$(cat "$T/err")"
assert_eq $((n + 2)) "$(uploads)" "uploads of two kinds"
trees "$T/src" u 10

# A tree without VERSION of the Go kind gets the same one everywhere.
mkdir -p "$T/gotree/src/cmd" "$T/gotree/src/runtime"
head -c 100000 /dev/urandom >"$T/gotree/src/runtime/data"
touch "$T/gotree/src/make.bash"
(cd "$T/gotree" && gomote -group ten push -dir v) 2>"$T/err" || fail "$(cat "$T/err")"
assert_eq 1 "$(cat "$T"/work-box*/v/VERSION 2>/dev/null | sort -u | grep -c gomote || :)" "texts of VERSION"

# Its machine hangs, and then dies.
head -c 300000 /dev/urandom >sub/half
victim=
for ((i = 0; i < 11; i++)); do
	[ -d "$T/work-box$i/u" ] && victim=box$i
done
kill -STOP "$(pid_of "$victim")"
start half gomote -group ten push -dir u
others() { [ "$(cat "$T"/work-box*/u/sub/half 2>/dev/null | wc -c)" = 2700000 ]; }
eventually -t 60 others
kill9 "$victim"
STATUS=0
wait "$(pid_of half)" || STATUS=$?
rm "$T/half.pid"
assert_eq 1 "$STATUS"
assert_match '^# ok on 9 of 10: ' "$(cat "$T/half.log")"
trees "$T/src" u 9

# The gomote that uploads for all is killed amid it: another one takes over.
gomote group create three
sed -n 's/^# ok on [^:]*: //p' "$T/half.log" | tr -d , | tr ' ' '\n' | head -n 3 |
    while read -r name; do gomote group add three "$name"; done
mkdir "$T/big"
head -c 48M /dev/urandom >"$T/big/file"
cd "$T/big" || exit
start three gomote -group three push -dir w
# claimed TASK: what one does for all. Before the upload can have come.
claimed() {
	local f
	for f in "$T"/tmp/gomote-share.*/"$1"-*.claim; do [ -e "$f" ] && return; done
	return 1
}
until claimed plan; do alive "$(pid_of three)" || fail "$(cat "$T/three.log")"; done
kill -STOP "$(pid_of relay)"
until claimed pack; do alive "$(pid_of three)" || fail "$(cat "$T/three.log")"; done
inode=$(stat -c %i "$T"/tmp/gomote-share.*/pack-*.claim)
holder() {	# the claim is made a moment before it is locked
	pid=$(awk -v i="$inode" '{ n = split($6, at, ":"); if (at[n] == i) print $5 }' /proc/locks)
	[ "$pid" ]
}
eventually holder
kill -KILL "$pid"
kill -CONT "$(pid_of relay)"
STATUS=0
wait "$(pid_of three)" || STATUS=$?
rm "$T/three.pid"
assert_eq 137 "$STATUS" "$(cat "$T/three.log")"
assert_match '^# ok on 2 of 3: ' "$(cat "$T/three.log")"
trees "$T/big" w 2
assert_eq 0 "$(find "$T/state/uploads" -name 'new-*' | wc -l)" "uploads half done"

# Two at once on one group: each instance has one of the trees, whole.
mkdir "$T/x" "$T/y"
for i in x y; do
	head -c 200000 /dev/urandom >"$T/$i/data"
	seq 100 | while read -r k; do echo "$i" >"$T/$i/$k"; done
	(cd "$T/$i" && exec gomote -group three push -yes -dir z) >"$T/both-$i" 2>&1 &
	echo $! >"$T/$i.pid"
done
for i in x y; do
	wait "$(pid_of $i)" || fail "$(cat "$T/both-$i")"
	rm "$T/$i.pid"
done
for w in "$T"/work-box*/z; do
	diff -r "$T/x" "$w" >/dev/null || diff -r "$T/y" "$w" || fail "$w is neither"
done

GOMOTE_SERVER=$DIRECT
assert_eq '' "$(ls "$T/tmp")" "left in TMPDIR"
assert_eq '' "$(find "$T/cache/gomote/trees" -type f | grep -Ev -e '(-[0-9a-f]{64}|/base-[0-9a-f]{32})$' || :)" "left in the cache"
