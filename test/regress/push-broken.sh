#!/bin/bash
# A push that breaks off in the middle leaves the old tree, and the next one does
# not send again what had come; one whose helper dies while it puts the new tree
# into place is finished by the next look; a body that is cut off anywhere, or
# has been tampered with, changes nothing.
. "$(dirname "$0")/../lib/sh.sh"
need curl pgrep

export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
w=$T/work-box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
push() { (cd "$T/tree" && gomote push "$@") >"$T/out" 2>&1; }
helper() { pgrep -P "$(pid_of box)" -f 'x pushput'; }
staged() { [ "$(find "$w.gomote/push" -path '*/tree/*' -type f 2>/dev/null | wc -l)" -ge "$1" ]; }
# staging N PID: waits without a pause, since all of it takes a tenth of a second.
staging() { until staged "$1"; do alive "$2" || fail "it is over: $(cat "$T/out")"; done; }
no_helper() { ! helper >/dev/null; }

# --- in the upload
mkdir "$T/tree"
echo old >"$T/tree/old"
push -dir p "$m"
for i in $(seq 40); do head -c 1000000 /dev/urandom >"$T/tree/big$i"; done
(cd "$T/tree" && exec gomote push -dir p "$m") >"$T/out" 2>&1 &
p=$!
staging 10 $p
kill -KILL $p
wait $p 2>/dev/null || :
eventually no_helper
assert_eq old "$(ls "$w/p")" "what is there after a push that broke off"
# It goes on where it was: by far not 40 MB travel again.
start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$LISTEN_PORT"
wait_file "$T/relay.port"
push -dir p "linux-amd64@127.0.0.1:$(cat "$T/relay.port")"
diff -r "$T/tree" "$w/p" || fail "the tree is not whole"
eventually grep -q over: "$T/relay.log"
sent=$(sed -n 's/.*over: \([0-9]*\) bytes there.*/\1/p' "$T/relay.log" | sort -n | tail -n 1)
if [ "$sent" -lt 1000000 ] || [ "$sent" -gt 32000000 ]; then
	fail "$sent bytes travelled"
fi
rm -rf "$T/tree"/big*
push -yes -dir p "$m"

# --- while it is put into place
for i in $(seq 3000); do echo one >"$T/tree/f$i"; done
push -dir p "$m"
for i in $(seq 3000); do echo two >"$T/tree/f$i"; done
push -dir p "$m" &
p=$!
until [ "$(cat "$w/p/f1")" = two ]; do alive $p || break; done
kill -KILL "$(helper)" 2>/dev/null || :
wait $p 2>/dev/null || :
push -dry-run -dir p "$m"
assert_eq 3000 "$(cat "$w"/p/f* | grep -c two)" "files of the new tree"
assert_match 'nothing to push' "$(cat "$T/out")" "after it was finished"

# --- of what broke off only the latest is kept
rm -rf "$T/tree"
mkdir "$T/tree"
for i in $(seq 40); do head -c 1000000 /dev/urandom >"$T/tree/big$i"; done
(cd "$T/tree" && exec gomote push -dir r "$m") >"$T/out" 2>&1 &
p=$!
staging 5 $p
kill -KILL $p
wait $p 2>/dev/null || :
eventually no_helper
staged 5 || fail "nothing is left of the push that broke off"
rm -rf "$T/tree"/big*
echo x >"$T/tree/x"
push -dir s "$m"
if staged 1; then fail "what broke off elsewhere is still there"; fi

# --- bodies that are cut off, and one that lies
rm "$T/tree/x"
echo new >"$T/tree/new"
head -c 20000 /dev/urandom >"$T/tree/random"
mkdir "$T/cache/trees"
tree=$(gomote -x scan "$T/cache/trees" "$T/tree" f | sed -n 's/^tree //p')
url="http://127.0.0.1:$LISTEN_PORT/push?dir=q"
# The first push of two files, told as push tells its helper.
{
	printf 'V\001\000'
	head -c 32 /dev/zero
	printf 'f\003new\244\003\000\000'
	head -c 32 /dev/zero
	printf 'f\006random\244\003\000\000'
	head -c 32 /dev/zero
	printf '.'
	head -c 32 /dev/zero
} >"$T/items"
gomote -x pushpack "$T/cache/trees" "$T/tree" "$tree" - <"$T/items" >"$T/body"
size=$(stat -c %s "$T/body")
for n in 0 1 10 34 35 60 100 1000 $((size / 2)) $((size - 33)) $((size - 1)); do
	head -c "$n" "$T/body" >"$T/part"
	status=$(curl -s -o "$T/answer" -w '%{http_code}' -T "$T/part" "$url")
	assert_eq 400 "$status" "status of $n bytes of $size"
	[ ! -e "$w/q" ] || fail "$n bytes of a push made something"
done
# One byte of the content is another one.
{
	head -c $((size - 200)) "$T/body"
	tail -c 200 "$T/body" | head -c 1 | tr '\000-\377' '\001-\377\000'
	tail -c 199 "$T/body"
} >"$T/part"
assert_eq 400 "$(curl -s -o "$T/answer" -w '%{http_code}' -T "$T/part" "$url")" \
    "status of content that is not what it says"
[ ! -e "$w/q" ] || fail "content that is not what it says was taken"
assert_eq 200 "$(curl -s -o "$T/answer" -w '%{http_code}' -T "$T/body" "$url")" \
    "status of the whole"
diff -r "$T/tree" "$w/q" || fail "the tree is not there"
assert_eq 412 "$(curl -s -o "$T/answer" -w '%{http_code}' -T "$T/body" "$url")" \
    "status of a push that was made for another state"
