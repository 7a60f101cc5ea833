#!/bin/sh
# An upload that breaks off leaves the old file, and nothing else; one that is
# longer than announced is not part of the file.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
curl -sS -X PUT -d old "$url/write?path=f" >/dev/null
no_helper() { ! pgrep -f -- "-x write $w" >/dev/null; }
as_before() {
	eventually no_helper
	assert_eq old "$(cat "$w/f")" "$1"
	assert_eq "$(printf 'f\ngocache\ngoplscache\ntmp')" "$(ls -A "$w")" "what $1 left"
}

printf 'PUT /write?path=f HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nnew' |
    raw_http -eof -t 5 "$LISTEN_PORT" >"$T/out" || :
as_before "a body shorter than its length"
printf 'PUT /write?path=f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnew\r\n' |
    raw_http -eof -t 5 "$LISTEN_PORT" >"$T/out" || :
as_before "a chunked body without its end"
printf 'PUT /write?path=f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnew\r\nzz\r\n' |
    raw_http -t 5 "$LISTEN_PORT" >"$T/out" || :
as_before "a chunk of nonsense"

printf 'PUT /write?path=g HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nnewREST\r\n\r\n' |
    raw_http -t 5 "$LISTEN_PORT" >"$T/out" || :
assert_eq new "$(cat "$w/g")" "a body longer than its length"
assert_match 'HTTP/1.1 400' "$(cat "$T/out")" "the rest is no request"
