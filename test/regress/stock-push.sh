#!/bin/bash
# push to a stock buildlet, which lists, takes files and directories in a .tar.gz,
# removes, and no more: what is unchanged stays here, what changed travels, in
# content, kind or mode; what is gone is removed; links are left out, which is
# told; what the instance made is left alone.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
export XDG_CACHE_HOME="$T/cache"
unset GOROOT

start_coordinator -stock-keys
start_stock s1
eventually grep -q registered "$T/s1.log"
i=$(gomote create "$REVERSE")
w=$T/work-s1/p
mkdir -p "$T/tree/sub/empty"
cd "$T/tree" || exit
echo a >a
echo tool >sub/tool
chmod 755 sub/tool
echo odd >'odd  name'
ln -s a link
push() {
	gomote push -v -dir p "$@" "$i" >"$T/out" 2>"$T/err" || fail "push: $(cat "$T/err")"
}
says() { assert_match "$1" "$(cat "$T/err")" "push"; }
# did "send a|remove b": just that.
did() {
	assert_eq "$1" "$(sed -n 's/^# \(\(send\|remove\) .*\)/\1/p' "$T/err" | LC_ALL=C sort | tr '\n' '|' | sed 's/|$//')" "what was done"
}
# All but links, and what the instance made.
same() {
	(cd "$1" && find . -mindepth 1 ! -type l ! -name guest -printf '%M %P\n' | LC_ALL=C sort) >"$2"
}
is_there() {
	same . "$T/here"
	same "$w" "$T/there"
	cmp "$T/here" "$T/there" || { diff "$T/here" "$T/there"; fail "another tree"; }
	find . -type f -print0 | while IFS= read -r -d '' f; do cmp "$f" "$w/$f"; done
}

push
says '^# 1 symbolic link is left out: the buildlet there does not take it$'
says '^# 5 files .* to send, 0 to remove$'
is_there
[ ! -e "$w/link" ] || fail "a link, from a buildlet that takes none"
[ -x "$w/sub/tool" ] || fail "it cannot be executed"
echo made >"$w/guest"

push
did ''
says '^# nothing to push$'

# Content; one gone, one new; both at once where the mode is another.
echo changed >a
echo new >sub/new
rm 'odd  name'
push -dry-run
assert_eq 'remove odd  name|send a|send sub/new' "$(LC_ALL=C sort "$T/out" | paste -sd '|')"
push
did 'remove odd  name|send a|send sub/new'
is_there
chmod 755 a
chmod 644 sub/tool
push
says '^# 2 files? '
is_there
push
did ''

# A link leads elsewhere, becomes a file, and one again.
ln -sfn sub link
push
did ''
rm link
echo file >./link
push
did 'send link'
is_there
rm link
ln -s a link
push
did 'remove link'
[ ! -e "$w/link" ] || fail "what is a link here is a file there"
# What the instance makes in its place is the instance's.
echo theirs >"$w/link"
push
did ''
assert_eq theirs "$(cat "$w/link")"
rm "$w/link"
# Files become directories, and back.
rm sub/new
mkdir sub/new
echo x >sub/new/x
push
is_there
rm -r sub/new
echo y >sub/new
push
is_there
assert_eq made "$(cat "$w/guest")"
push
did ''

# All of it gone: only with -yes, and what the instance made stays.
rm -r a sub link
echo last >last
assert_status 1 gomote push -dir p "$i" 2>"$T/err"
says 'push with -yes'
push -yes
is_there
assert_eq 'guest
last' "$(ls "$w")"
gomote destroy "$i"
