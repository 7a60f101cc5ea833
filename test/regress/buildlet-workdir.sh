#!/bin/sh
# The work directory: private, one buildlet's alone, and never somebody's files.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
assert_eq 700 "$(stat -c %a "$T/work-box")"
status buildlet -listen 127.0.0.1:0 -workdir "$T/work-box" 2>"$T/err"
assert_eq 1 "$STATUS" "a second buildlet in the same directory"
assert_match 'another buildlet works there' "$(cat "$T/err")"

mkdir "$T/home"
echo precious >"$T/home/file"
status buildlet -listen 127.0.0.1:0 -workdir "$T/home" 2>"$T/err"
assert_eq 1 "$STATUS" "somebody's directory"
assert_match 'is not empty and was not made by a buildlet' "$(cat "$T/err")"
assert_eq precious "$(cat "$T/home/file")"

# The mark of a work directory that was replaced by something else is no mark.
stop box
touch "$T/work-box/mine"
mv "$T/work-box" "$T/other"
mkdir "$T/work-box"
touch "$T/work-box/file"
status buildlet -listen 127.0.0.1:0 -workdir "$T/work-box" 2>"$T/err"
assert_eq 1 "$STATUS" "another directory of the same name"
test -e "$T/work-box/file" || fail "it was emptied"

status buildlet -listen 127.0.0.1:0 2>/dev/null
assert_eq 2 "$STATUS" "no -workdir"
status buildlet -workdir "$T/x" 2>/dev/null
assert_eq 2 "$STATUS" "no mode"
