#!/bin/sh
# PUT /write: contents, mode, parents, replacing, and what is refused.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
put() { curl -sS -o "$T/out" -w '%{http_code}' -X PUT --data-binary "$1" "$url/write?$2"; }
refused() {	# STATUS TEXT QUERY
	assert_eq "$1" "$(put x "$3")" "status of $3"
	assert_match "$2" "$(cat "$T/out")"
}

assert_eq 200 "$(put hello 'path=a/b/c.txt&mode=448')"
assert_eq OK "$(cat "$T/out")"
assert_eq hello "$(cat "$w/a/b/c.txt")"
assert_eq 700 "$(stat -c %a "$w/a/b/c.txt")" "mode 448 is 0700"
assert_eq 200 "$(put again 'path=a/b/c.txt')"
assert_eq again "$(cat "$w/a/b/c.txt")"
assert_eq 644 "$(stat -c %a "$w/a/b/c.txt")" "the default mode"
assert_eq 200 "$(put x 'path=setid&mode=2541')"
assert_eq 755 "$(stat -c %a "$w/setid")" "set-id bits are dropped"
assert_eq 200 "$(put '' 'path=empty')"
assert_eq 0 "$(stat -c %s "$w/empty")"
printf chunked | curl -sS -T - "$url/write?path=c" >/dev/null
assert_eq chunked "$(cat "$w/c")"

refused 400 'path "../x" refers to a parent directory' 'path=../x'
refused 400 'path "/w/x" is not relative' 'path=/w/x'
refused 400 '^bad mode$' 'path=x&mode=abc'
refused 400 'is a directory' 'path=a/b'
refused 400 "invalid 'path'" 'path='
refused 400 'ot a directory' 'path=c/below-a-file'
test ! -e "$w/x" || fail "a refused request left a file"
