#!/bin/bash
# timeout: 120
# Where the coordinator has no room for uploads, or keeps none, a push to a group
# sends to each instance what it needs, as it did before there were uploads.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir "$T/tmp" "$T/src"
unset GOROOT
head -c 6000000 /dev/urandom >"$T/src/data"
cd "$T/src" || exit

machines() {
	local i
	for i in 0 1 2; do start_buildlet "box$i"; done
	gomote create -count=3 -new-group three "$REVERSE" >"$T/names" 2>/dev/null
}
trees() {
	local i
	for i in 0 1 2; do diff -r "$T/src" "$T/work-box$i/$1" || fail "box$i: $1"; done
}
uploads() { find "$T/state/uploads" -type f 2>/dev/null | wc -l; }

# A full disk: said once, and nothing is left.
mount_tmpfs "$T/state" 8m
start_coordinator
machines
gomote -group three push -dir t 2>"$T/err" || fail "$(cat "$T/err")"
trees t
assert_eq 1 "$(uploads)" "with room"
head -c 2000000 /dev/urandom >data2
head -c 1000000 /dev/zero >"$T/state/fill"
gomote -group three push -dir u 2>"$T/err" || fail "$(cat "$T/err")"
trees u
assert_eq 1 "$(grep -c '# each instance gets an upload of its own: .*upload for all: .*upload: .*full' "$T/err")" "$(cat "$T/err")"
assert_eq 0 "$(uploads)" "what does not fit"
assert_match '^# ok on 3 of 3: ' "$(cat "$T/err")"
rm "$T/state/fill"
stop coordinator
for i in 0 1 2; do stop "box$i"; done
umount "$T/state"
: >"$T/mounts"
rmdir "$T/state"
rm -r "$T"/work-box?

# None are kept: not a word.
cat >"$T/conf" <<EOF2
upload-space = none
host-type $HOST_REVERSE { }
builder-type $REVERSE { host-type = $HOST_REVERSE }
EOF2
unset GOMOTE_USER
serve "$T/conf"
for i in 0 1 2; do
	verb key add "$HOST_REVERSE" "box$i" >"$T/key$i"
	GO_BUILD_KEY_PATH=$T/key$i start_buildlet "box$i"
done
machine_count() { [ "$(verb machine list | grep -c ' idle ')" = 3 ]; }
eventually machine_count
gomote create -count=3 -new-group three "$REVERSE" >"$T/names" 2>/dev/null
gomote -group three push -dir t 2>"$T/err" || fail "$(cat "$T/err")"
trees t
assert_no_match 'upload' "$(cat "$T/err")"
[ ! -e "$T/state/uploads" ] || fail "there is a directory of uploads"

# No home for the memory of trees: each goes alone.
rm -r "$T"/work-box?/t
HOME=$T/conf XDG_CACHE_HOME=$T/conf gomote -group three push -yes -dir t 2>"$T/err" ||
    fail "$(cat "$T/err")"
trees t
assert_eq '' "$(ls "$T/tmp")" "left in TMPDIR"
