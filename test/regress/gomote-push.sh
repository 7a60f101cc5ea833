#!/bin/bash
# push: which tree, what is left out, what is removed and what is not, things
# that change their kind, and that only what changed travels. With LISTING=1
# (gomote-push-listing.sh) to a buildlet that keeps no record of pushes.
. "$(dirname "$0")/../lib/sh.sh"
need git
export XDG_CACHE_HOME="$T/cache" GIT_CONFIG_GLOBAL=/dev/null
unset GOROOT

# A buildlet that has no place for its memory is as one of former versions.
[ -z "${LISTING:-}" ] || : >"$T/work-box.gomote"
start_listen_buildlet box
w=$T/work-box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
push() {
	gomote push -v "$@" "$m" >"$T/out" 2>"$T/err"
}
says() { assert_match "$1" "$(cat "$T/err")" "push"; }
# did "send a|remove b": just that.
did() {
	assert_eq "$1" "$(sed -n 's/^# \(\(send\|remove\) .*\)/\1/p' "$T/err" | tr '\n' '|' | sed 's/|$//')" "what was done"
}

# A git work tree, from below: all of it, but what git ignores.
mkdir -p "$T/repo/sub/deep" "$T/repo/build" "$T/repo/empty"
cd "$T/repo" || exit
git init -q .
printf 'build/\n*.o\n' >.gitignore
echo a >a
echo b >sub/b.c
echo o >sub/b.o
echo x >build/x
echo e >'sub/b.c~'
ln -s ../a sub/ln
git add a .gitignore
cd sub/deep || exit
push
says "^# Pushing $T/repo to "
assert_eq '.gitignore
a
empty
sub
sub/b.c
sub/deep
sub/ln' "$(gomote ls -r "$m" go)" "what arrived"
push
says '^# nothing to push$'
did ''

# Exactly what changed.
cd "$T/repo" || exit
printf b >a
chmod 755 sub/b.c
ln -s nowhere new
rm .gitignore
printf 'build/\n*.o\n' >.git/info/exclude
push -dry-run
assert_eq 'send a
send new
send sub/b.c
remove .gitignore' "$(cat "$T/out")" "-dry-run"
assert_eq a "$(cat "$w/go/a")" "after -dry-run"
push
did 'send a|send new|send sub/b.c|remove .gitignore'
assert_eq b "$(cat "$w/go/a")"
assert_eq 755 "$(stat -c %a "$w/go/sub/b.c")"
assert_eq nowhere "$(readlink "$w/go/new")"
push
did ''

# What the instance made stays, and so does the directory that it is in.
mkdir "$w/go/out"
echo made >"$w/go/out/made"
echo made >"$w/go/empty/made"
rm -r empty
push
did ''
assert_eq made "$(cat "$w/go/empty/made")"
assert_eq made "$(cat "$w/go/out/made")"
rm "$w/go/empty/made"
push
did 'remove empty'

# A change there is undone.
echo changed >"$w/go/a"
rm "$w/go/sub/ln"
push
did 'send a|send sub/ln'
assert_eq b "$(cat "$w/go/a")"

# Kinds change.
rm sub/ln a new
mkdir a
echo in >a/in
echo file >sub/ln
ln -s sub new
push
assert_eq in "$(cat "$w/go/a/in")"
assert_eq file "$(cat "$w/go/sub/ln")"
[ ! -L "$w/go/sub/ln" ] || fail "sub/ln is still a link"
rm -r a
echo file >a
push
did 'remove a|send a'
assert_eq file "$(cat "$w/go/a")"
mkdir "$w/go/later"
echo theirs >"$w/go/later/file"
echo ours >later
assert_status 1 push
says '^gomote: .*later: on the instance this is a directory'
assert_eq theirs "$(cat "$w/go/later/file")"
rm later
push

# A directory that is no work tree; another place; a file that cannot be read.
mkdir "$T/plain"
cd "$T/plain" || exit
echo o >x.o
mkfifo fifo
push -dir 'some/where else'
says '^# 1 sockets, pipes or devices'
assert_eq o "$(cat "$w/some/where else/x.o")"
assert_status 1 push -dir ../x
assert_status 1 push -dir /x

# GOROOT goes before the work tree; bin and pkg stay out of it.
mkdir -p "$T/goroot/src/cmd/cgo" "$T/goroot/bin" "$T/goroot/pkg"
echo make >"$T/goroot/src/make.bash"
echo z >"$T/goroot/src/cmd/cgo/zdefaultcc.go"
echo x >"$T/goroot/bin/go"
cd "$T/repo" || exit
GOROOT=$T/goroot push -dir g
says "^# pushing $T/goroot to g on "
assert_eq 'VERSION
src
src/cmd
src/cmd/cgo
src/make.bash' "$(gomote ls -r "$m" g)"
assert_match '^devel gomote\.' "$(cat "$w/g/VERSION")"
mkdir -p "$w/g/bin" "$w/g/pkg/x"
echo z >"$w/g/src/cmd/cgo/zdefaultcc.go"
GOROOT=$T/goroot push -dir g
says 'nothing to push'
echo go1.99 >"$T/goroot/VERSION"
GOROOT=$T/goroot push -dir g
did 'send VERSION'
assert_status 1 env GOROOT="$T/nonesuch" gomote push "$m" 2>"$T/err"
says 'GOROOT'

# Without git installed.
mkdir "$T/nopath"
ln -s "$BIN/gomote" "$T/nopath/gomote"
cd "$T/repo" || exit
PATH=$T/nopath gomote push -dir nogit "$m" 2>"$T/err"
says '^# git is not installed'
[ -f "$w/nogit/sub/b.o" ] || fail "what git would ignore is missing"
[ ! -e "$w/nogit/.git" ] || fail ".git was pushed"

# What was remembered here is lost. Where the instance does not know either what
# was pushed, nothing is removed.
rm -r "$T/cache"
rm sub/b.c
push
if [ "${LISTING:-}" ]; then
	did ''
	[ -f "$w/go/sub/b.c" ] || fail "push removed what it could not know"
else
	did 'remove sub/b.c'
	[ ! -e "$w/go/sub/b.c" ] || fail "sub/b.c is still there"
fi

# What was unreadable or vanishes breaks the push off; the next one is whole.
if [ "$(id -u)" != 0 ]; then
	echo secret >secret
	chmod 000 secret
	assert_status 1 push
	says 'secret'
	chmod 600 secret
	push
	assert_eq secret "$(cat "$w/go/secret")"
fi
