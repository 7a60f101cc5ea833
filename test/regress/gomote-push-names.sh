#!/bin/bash
# What a directory held is remembered while its times stay: push must see all the
# same what came, went, or is judged otherwise by rules or by git.
. "$(dirname "$0")/../lib/sh.sh"
need git
export XDG_CACHE_HOME="$T/cache" GIT_CONFIG_GLOBAL=/dev/null
unset GOROOT
start_listen_buildlet box
w=$T/work-box/go
m=linux-amd64@127.0.0.1:$LISTEN_PORT

# there PATH...: what is there after a push, and after another one, before which all
# that is here has become old enough to be believed.
there() {
	gomote push -yes "$m" 2>"$T/err"
	assert_eq "$* " "$(cd "$w" && find . -type f | sed 's,^./,,' | LC_ALL=C sort | tr '\n' ' ')" "what is there"
	pass 2
	gomote push "$m" 2>"$T/err"
	assert_match 'nothing to push' "$(cat "$T/err")" "the second push"
}

mkdir "$T/tree"
cd "$T/tree" || exit
mkdir -p a/b c/d e
for f in a/1 a/b/2 a/b/2.log c/3 c/d/4 e/5; do echo $f >$f; done
there a/1 a/b/2 a/b/2.log c/3 c/d/4 e/5

# Names that come and go, and directories that change places.
echo x >a/b/new
rm c/3
there a/1 a/b/2 a/b/2.log a/b/new c/d/4 e/5
rm a/b/new
mkdir a/b/new
echo x >a/b/new/x
there a/1 a/b/2 a/b/2.log a/b/new/x c/d/4 e/5
mv a/b t
mv c/d a/b
mv t c/d
there a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x e/5
mv e f
there a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x f/5

# Rules: no directory below knows of them.
echo 'exclude *.log' >.gomotepush
there .gomotepush a/1 a/b/4 c/d/2 c/d/new/x f/5
echo 'include c/d/2.log' >>.gomotepush
there .gomotepush a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x f/5
rm .gomotepush
there a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x f/5

# git: of the top, and of a work tree within it.
git init -q .
there a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x f/5
echo 'new/' >>.git/info/exclude
there a/1 a/b/4 c/d/2 c/d/2.log f/5
git init -q c/d
there a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x f/5
echo '*.log' >>c/d/.git/info/exclude
there a/1 a/b/4 c/d/2 c/d/new/x f/5
git add -f f/5
echo '5' >>.git/info/exclude
there a/1 a/b/4 c/d/2 c/d/new/x f/5
git rm -q --cached f/5
there a/1 a/b/4 c/d/2 c/d/new/x
rm -rf c/d/.git .git
there a/1 a/b/4 c/d/2 c/d/2.log c/d/new/x f/5
gomote push -no-ignore "$m" 2>"$T/err"
assert_match 'nothing to push' "$(cat "$T/err")" "-no-ignore"
