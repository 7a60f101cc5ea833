#!/bin/sh
# POST /removeall: trees go, read-only ones too; "." empties the work directory
# and commands still run afterwards.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
code() { curl -sS -o "$T/out" -w '%{http_code}' "$@"; }
mkdir -p "$w/one/two" "$w/three" "$w/four"
touch "$w/one/two/f" "$w/three/f" "$w/four/f"
chmod 555 "$w/one/two" "$w/one"

assert_eq 200 "$(code -d path=one -d path=three/f -d path=nonesuch "$url/removeall")"
assert_eq '' "$(cat "$T/out")" "an empty answer"
test ! -e "$w/one" || fail "one is still there"
test ! -e "$w/three/f" || fail "three/f is still there"
test -e "$w/four/f" || fail "four/f is gone"

assert_eq 400 "$(code -X POST "$url/removeall")"
assert_match "^requires 'path' parameter" "$(cat "$T/out")"
assert_eq 400 "$(code -d path=four -d path=../x "$url/removeall")"
assert_match 'refers to a parent directory' "$(cat "$T/out")"
test -e "$w/four/f" || fail "a refused request removed something"
assert_eq 400 "$(code -d path= "$url/removeall")" "an empty path is not everything"

assert_eq 200 "$(code -d path=. "$url/removeall")"
assert_eq "$(printf 'gocache\ngoplscache\ntmp')" "$(ls -A "$w")"
assert_eq 200 "$(code -d path=tmp "$url/removeall")"
# shellcheck disable=SC2016
assert_eq "$w/tmp" "$(curl -sS -d cmd=/bin/sh -d mode=sys -d cmdArg=-c \
    --data-urlencode 'cmdArg=test -d "$TMPDIR" && echo "$TMPDIR"' "$url/exec")" "TMPDIR is there"
