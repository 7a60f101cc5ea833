#!/bin/sh
# POST /writetgz: the buildlet fetches an archive itself; go1.4 is not fetched
# twice. (A second buildlet is the web server.)
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet web
web=http://127.0.0.1:$LISTEN_PORT
start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
mkdir "$T/work-web/tree"
echo text >"$T/work-web/tree/file"
fetch() {	# DIR URL
	curl -sS -o "$T/out" -w '%{http_code}' --data-urlencode "url=$2" "$url/writetgz?dir=$1"
}

assert_eq 200 "$(fetch go1.4 "$web/tgz?dir=tree")"
assert_eq OK "$(cat "$T/out")"
assert_eq text "$(cat "$w/go1.4/file")"
echo other >"$T/work-web/tree/file"
assert_eq 200 "$(fetch go1.4 "$web/tgz?dir=tree")"
assert_eq SKIP "$(cat "$T/out")"
assert_eq text "$(cat "$w/go1.4/file")"
assert_eq 200 "$(fetch elsewhere "$web/tgz?dir=tree")"
assert_eq other "$(cat "$w/elsewhere/file")"

assert_eq 400 "$(curl -sS -o "$T/out" -w '%{http_code}' -X POST "$url/writetgz?dir=x")"
assert_match '^missing url POST param$' "$(cat "$T/out")"
assert_eq 400 "$(fetch x ftp://127.0.0.1/x)"
assert_eq 500 "$(fetch x "$web/tgz?dir=nonesuch")"
assert_match 'tgz\?dir=nonesuch: 404' "$(cat "$T/out")" "the reason"
assert_eq 400 "$(fetch x "$web/healthz")"
assert_match 'requires gzip-compressed body' "$(cat "$T/out")"
stop web
assert_eq 500 "$(fetch x "$web/tgz?dir=tree")"
assert_match 'efused' "$(cat "$T/out")"
