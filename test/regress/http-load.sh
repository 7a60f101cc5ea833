#!/bin/sh
# Many connections at once, answered without an error; nothing is left behind
# and memory stays small.
. "$(dirname "$0")/../lib/sh.sh"
need wrk

start httpd "$TEST_BIN/httpd" "$T/port"
wait_file "$T/port"
out=$(timeout 60 wrk -t1 -c200 -d2s "http://127.0.0.1:$(cat "$T/port")/hello")
echo "$out"
assert_no_match 'Socket errors|Non-2xx' "$out"
assert_match 'Requests/sec' "$out"
[ "${GOMOTE_SANITIZED:-}" ] || [ "$(peak_kb "$(pid_of httpd)")" -lt 16384 ] ||
    fail "httpd grew to $(peak_kb "$(pid_of httpd)") KiB"
stop httpd
assert_eq 0 "$STATUS"
