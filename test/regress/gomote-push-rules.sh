#!/bin/bash
# .gomotepush: include, exclude, keep; -rules, -no-ignore; -yes before more than
# half is removed; what is left of a directory that holds what the instance made.
. "$(dirname "$0")/../lib/sh.sh"
need git
export XDG_CACHE_HOME="$T/cache" GIT_CONFIG_GLOBAL=/dev/null
unset GOROOT
start_listen_buildlet box
w=$T/work-box/go
m=linux-amd64@127.0.0.1:$LISTEN_PORT
push() { gomote push -v "$@" "$m" >"$T/out" 2>"$T/err"; }
there() { assert_eq "$1" "$(cd "$w" && find . -mindepth 1 | LC_ALL=C sort | tr '\n' ' ')" "what is there"; }
says() { assert_match "$1" "$(cat "$T/err")" "push"; }

mkdir "$T/repo"
cd "$T/repo" || exit
git init -q .
printf '*.log\nout/\n' >.gitignore
mkdir -p out/bin logs src
echo x >out/bin/tool
echo x >out/junk
echo x >logs/a.log
echo x >src/a.c
echo x >src/a.c~
echo x >src/gen.c
push
there './.gitignore ./logs ./src ./src/a.c ./src/gen.c '

# What git ignores comes with -no-ignore, and what a rule includes without.
push -no-ignore
there './.gitignore ./logs ./logs/a.log ./out ./out/bin ./out/bin/tool ./out/junk ./src ./src/a.c ./src/gen.c '
cat >.gomotepush <<'END'
# The tool, and no generated files; what they make there stays.
include out/bin/tool
exclude gen.*
keep gen.*
keep /cache/
END
push
there './.gitignore ./.gomotepush ./logs ./out ./out/bin ./out/bin/tool ./src ./src/a.c ./src/gen.c '

# Kept: gen.c was pushed once, but is the instance's now.
echo theirs >"$w/src/gen.c"
rm src/gen.c
push
assert_eq theirs "$(cat "$w/src/gen.c")" "a kept file"
says 'nothing to push'
gomote push -rules >"$T/rules"
assert_match '^exclude-files \?\*~$' "$(cat "$T/rules")" "-rules"
assert_match '^keep /cache/$' "$(cat "$T/rules")" "-rules"
echo 'drop x' >>.gomotepush
assert_status 1 push
says '\.gomotepush:6: "drop" is none of exclude, include, keep'
sed -i '$d' .gomotepush

# More than half: only with -yes.
mkdir many
for i in $(seq 30); do echo "$i" >"many/$i"; done
push
rm -r many
assert_status 1 push
says 'gomote: push: 31 of the .* would be removed there .*-yes'
[ -f "$w/many/30" ] || fail "push removed without being asked"
push -dry-run
assert_match '^remove many$' "$(cat "$T/out")" "-dry-run"
[ -f "$w/many/30" ] || fail "-dry-run removed something"
push -yes
[ ! -e "$w/many" ] || fail "many is still there"

# The instance's own file keeps its directory, and no longer.
mkdir -p dir/sub
echo x >dir/sub/x
push
echo made >"$w/dir/sub/made"
rm -r dir
push
there './.gitignore ./.gomotepush ./dir ./dir/sub ./dir/sub/made ./logs ./out ./out/bin ./out/bin/tool ./src ./src/a.c ./src/gen.c '
rm "$w/dir/sub/made"
push
says '^# remove dir/sub$'
there './.gitignore ./.gomotepush ./logs ./out ./out/bin ./out/bin/tool ./src ./src/a.c ./src/gen.c '
# A directory that the push wants again is the push's again.
mkdir -p dir2
push
echo made >"$w/dir2/made"
rmdir dir2
push
mkdir dir2
push
rm "$w/dir2/made"
rmdir dir2
push
[ ! -e "$w/dir2" ] || fail "dir2 is still there"
