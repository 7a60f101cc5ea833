#!/bin/bash
# Directories that may not be written to, or not even be entered, are changed,
# filled, replaced and removed like others, and have the right mode at the end.
# (push-unprivileged.sh runs it as somebody whom modes stop.)
. "$(dirname "$0")/../lib/sh.sh"
export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
w=$T/work-box/p
m=linux-amd64@127.0.0.1:$LISTEN_PORT
mkdir "$T/tree"
cd "$T/tree" || exit
# Names, modes, kinds, contents.
listing() {
	(cd "$1" && find . -printf '%P %M %l\n' && grep -r . .) | LC_ALL=C sort
}
push() {
	gomote push -yes -dir p "$m" >"$T/out" 2>&1 || { cat "$T/out"; fail "$1: push"; }
	listing . >"$T/here"
	listing "$w" >"$T/there"
	cmp -s "$T/here" "$T/there" || { diff "$T/here" "$T/there"; fail "$1: another tree"; }
}

mkdir -p grows shrinks full file link gone/deep dark
for d in grows shrinks full file link gone gone/deep dark; do echo one >$d/x; done
chmod 555 grows full file link gone/deep gone
chmod 755 shrinks
push "the first"
chmod 755 grows
echo two >grows/x
echo two >shrinks/y
chmod 500 shrinks
chmod 755 full
echo more >full/new
chmod 555 full
chmod -R u+w file link gone
rm -r file link gone
echo now a file >file
ln -s full link
push "modes that grow and shrink"
assert_eq 555 "$(stat -c %a "$w/full")" "mode of one that was filled"
assert_eq 500 "$(stat -c %a "$w/shrinks")" "mode of one that shrank"
push "nothing more"
assert_match 'nothing to push' "$(cat "$T/out")"

# What the instance has locked opens for what is pushed, and is as it should be.
chmod 000 "$w/dark"
echo two >dark/x
push "a directory that was locked there"
assert_eq 755 "$(stat -c %a "$w/dark")" "its mode"
chmod 600 "$w/dark"
chmod 700 dark
echo three >dark/x
push "a directory that was locked there, with another mode"
assert_eq 700 "$(stat -c %a "$w/dark")" "its mode"
chmod 000 "$w/dark"
rm -r dark
push "a directory that was locked there and goes"
chmod -R u+w .

# And all of it goes at the end.
mkdir -p locked/in
echo x >locked/in/x
push "the last"
chmod 600 "$w/locked"
chmod 000 "$w/full"
stop box
[ ! -e "$w" ] || fail "$(ls -lR "$w") is left"
