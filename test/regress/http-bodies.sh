#!/bin/sh
# Bodies both ways over real sockets: with a length, chunked, trailers,
# Expect: 100-continue, and an upload that is refused before it is read.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start httpd "$TEST_BIN/httpd" "$T/port"
wait_file "$T/port"
url=http://127.0.0.1:$(cat "$T/port")

head -c 5000000 /dev/urandom >"$T/data"
curl -sS --max-time 60 -T "$T/data" "$url/echo" >"$T/back"
cmp "$T/data" "$T/back"
curl -sSv --max-time 60 -H 'Transfer-Encoding: chunked' -T "$T/data" "$url/echo" \
    >"$T/back" 2>"$T/curl.err"
cmp "$T/data" "$T/back"

curl -sSv --max-time 60 -H 'Expect: 100-continue' -T "$T/data" "$url/drop" \
    >"$T/count" 2>"$T/curl.err"
assert_eq 5000000 "$(cat "$T/count")"
assert_match '^< HTTP/1.1 100 Continue' "$(cat "$T/curl.err")"

out=$(curl -sS --max-time 60 --raw "$url/stream" | tr -d '\r')
assert_eq 'c
some output

0
Process-State: exit status 2' "$out" 'chunks and trailer'

for expect in 'Expect:' 'Expect: 100-continue'; do
	out=$(curl -sSv --max-time 60 -H "$expect" -T "$T/data" "$url/refuse" 2>"$T/curl.err")
	assert_eq 'not here' "$out"
	assert_no_match '100 Continue' "$(cat "$T/curl.err")"
done

assert_eq 300000000 "$(curl -sS --max-time 60 "$url/big?n=300000000" | wc -c | tr -d ' ')"
assert_eq 300000000 "$(curl -sS --max-time 60 "$url/big?n=300000000&chunked=1" | wc -c | tr -d ' ')"
[ "${GOMOTE_SANITIZED:-}" ] || [ "$(peak_kb "$(pid_of httpd)")" -lt 16384 ] ||
    fail "httpd grew to $(peak_kb "$(pid_of httpd)") KiB"
