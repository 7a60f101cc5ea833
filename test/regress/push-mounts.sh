#!/bin/bash
# Where the work directory, or a part of it, is a file system of its own: what is
# staged there shows in no listing, and what cannot be renamed is copied.
. "$(dirname "$0")/../lib/sh.sh"
export XDG_CACHE_HOME="$T/cache"
unset GOROOT

w=$T/work-box
mount_tmpfs "$w" 40m
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
push() { (cd "$T/tree" && gomote push "$@" -dir p "$m") >"$T/out" 2>&1 || { cat "$T/out"; fail "push"; }; }
same() { diff -r --no-dereference "$T/tree" "$w/p" || fail "the tree is not there"; }

mkdir -p "$T/tree/sub/old"
echo one >"$T/tree/sub/file"
echo one >"$T/tree/sub/old/file"
chmod 600 "$T/tree/sub/file"
push
same
[ -n "$(find "$w" -maxdepth 1 -name '.gomote-*')" ] || fail "nothing is staged in the work directory"
[ -z "$(find "$w.gomote/push" -name tree)" ] || fail "it is staged on the other disk"
assert_eq 0 "$(gomote ls "$m" | grep -c gomote-)" "what a listing shows of it"

# A part of the tree there is a disk of its own.
mkdir "$T/aside"
mv "$w/p/sub" "$T/aside"
mount_tmpfs "$w/p/sub" 10m
cp -a "$T/aside/sub/." "$w/p/sub"
echo two >"$T/tree/sub/file"
mkdir -p "$T/tree/sub/new/dir"
echo x >"$T/tree/sub/new/dir/x"
chmod 555 "$T/tree/sub/new/dir"
ln -s ../file "$T/tree/sub/new/link"
rm -r "$T/tree/sub/old"
ln -s file "$T/tree/sub/old"
push
same
assert_eq 600 "$(stat -c %a "$w/p/sub/file")" "mode of a copied file"
assert_eq "$(stat -c %Y "$T/tree/sub/file")" "$(stat -c %Y "$w/p/sub/file")" "its time"
assert_eq 555 "$(stat -c %a "$w/p/sub/new/dir")" "mode of a directory"
push
assert_match 'nothing to push' "$(cat "$T/out")"
chmod 755 "$T/tree/sub/new/dir"

# It cannot go, but all that is in it can.
rm -r "$T/tree/sub"
push -yes
assert_eq '' "$(ls -A "$w/p/sub")" "what is left"
assert_eq '' "$(find "$w/p" -name '.gomote-*')" "what is temporary"
