#!/bin/bash
# A push with much content is sealed: what is missing of it, or is not what was
# sent, changes nothing, though the digests of its files are not computed again; the
# chunks of large files arrive with it. A buildlet that knows no seals gets none.
. "$(dirname "$0")/../lib/sh.sh"
need curl

export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
w=$T/work-box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
url="http://127.0.0.1:$LISTEN_PORT/push?dir=q"
mkdir -p "$T/tree/d" "$T/cache/trees"
echo new >"$T/tree/d/new"
head -c 100000 /dev/urandom >"$T/tree/d/random"
head -c 3000000 /dev/urandom >"$T/tree/large"

# body FLAG: of the first push of these, told as push tells its helper.
item() { printf "f\\$(printf %03o ${#1})%s\\244\\003\\000\\000" "$1"; head -c 32 /dev/zero; }
body() {
	local tree
	tree=$(gomote -x scan "$T/cache/trees" "$T/tree" f | sed -n 's/^tree //p')
	{
		printf "%b" "V\001\000$1"
		head -c 32 /dev/zero
		printf 'd\001d\355\003'
		item d/new
		item d/random
		item large
		printf '.'
		head -c 32 /dev/zero
	} | gomote -x pushpack "$T/cache/trees" "$T/tree" "$tree" -
}
put() { curl -s -o "$T/answer" -w '%{http_code}' -T "$1" "$url"; }
refused() {
	assert_eq 400 "$(put "$1")" "status of $2"
	[ ! -e "$w/q" ] || fail "$2 made something"
}

# --- what is not as it was sent
body 4 >"$T/body"
size=$(stat -c %s "$T/body")
for n in 1 40 60 1000 $((size / 2)) $((size - 33)) $((size - 32)) $((size - 24)) $((size - 1)); do
	head -c "$n" "$T/body" >"$T/part"
	refused "$T/part" "$n bytes of $size"
done
assert_match 'what came is not what was sent' "$(head -c $((size - 32)) "$T/body" >"$T/part"
    put "$T/part" >"$T/code"; cat "$T/answer")" "what is said without the seal"
for at in 0 10 1000 $((size / 2)) $((size - 100)) $((size - 32)) $((size - 18)) $((size - 1)); do
	{
		head -c "$at" "$T/body"
		tail -c +$((at + 1)) "$T/body" | head -c 1 | tr '\000-\377' '\001-\377\000'
		tail -c +$((at + 2)) "$T/body"
	} >"$T/part"
	refused "$T/part" "a body whose byte $at is another"
done
{ cat "$T/body"; printf x; } >"$T/part"
refused "$T/part" "a body with more behind it"
{ cat "$T/body"; tail -c 32 "$T/body"; } >"$T/part"
refused "$T/part" "a body that is sealed twice"
# The same, but its head says that it is sealed, and no seal is there.
body 0 >"$T/plain"
if command -v zstd >/dev/null; then
	zstd -dqc "$T/plain" | { head -c 2; printf '\004'; tail -c +2; } | zstd -qc >"$T/part"
	refused "$T/part" "a body that should be sealed"
fi

# --- what is
assert_eq 200 "$(put "$T/body")" "status of the whole"
diff -r "$T/tree" "$w/q" || fail "the tree is not there"
rm -rf "$w/q"
assert_eq 200 "$(put "$T/plain")" "status of the same from a client that seals nothing"
diff -r "$T/tree" "$w/q" || fail "the tree is not there from a client that seals nothing"

# --- by gomote push: the chunks of the large file are known there
push() { (cd "$T/tree" && gomote push "$@") >"$T/out" 2>&1; }
# swap NAME TO: before the buildlet, which has the feature TO; $M leads there.
swap() {
	start "$1" "$TEST_BIN/swap" -port-file "$T/$1.port" "127.0.0.1:$LISTEN_PORT" push-seal-xxh3 "$2"
	wait_file "$T/$1.port"
	M=linux-amd64@127.0.0.1:$(cat "$T/$1.port")
}
seals() { tr -d '\0' <"$T/$1.log" | grep -ac 'M..gomote 2' || :; }
swap new push-seal-xxh3
push -dir p "$M"
diff -r "$T/tree" "$w/p" || fail "the tree is not whole"
assert_eq 1 "$(seals new)" "seals that were sent"
for r in "$w".gomote/push/*/record; do
	[ "$(stat -c %s "$r")" -gt 1200 ] || fail "a record knows no chunks of the large file"
done
echo x >>"$T/tree/large"
push -dir p "$m"
diff -r "$T/tree" "$w/p" || fail "the tree is not whole after a patch"

# --- to a buildlet that knows no seals
swap old push-none-xxh3
push -dir r "$M"
diff -r "$T/tree" "$w/r" || fail "the tree is not whole where there are no seals"
assert_eq 0 "$(seals old)" "seals for a buildlet that knows none"
