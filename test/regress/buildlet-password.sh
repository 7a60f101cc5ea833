#!/bin/sh
# Listen mode with a password: everything but /, /healthz and /debug/x needs it.
. "$(dirname "$0")/../lib/sh.sh"
need curl

echo 's3cret word' >"$T/password"
start_listen_buildlet box -password-file "$T/password"
url=http://127.0.0.1:$LISTEN_PORT
code() { curl -sS -o "$T/out" -D "$T/head" -w '%{http_code}' "$@"; }
for path in / /healthz '/debug/x?n=1'; do
	assert_eq 200 "$(code "$url$path")" "$path"
done
for path in /status /workdir /ls '/tgz?dir=.'; do
	assert_eq 401 "$(code "$url$path")" "$path without"
	assert_match '^WWW-Authenticate: Basic' "$(cat "$T/head")"
	assert_eq 401 "$(code -u gomote:wrong "$url$path")" "$path with a wrong one"
	assert_eq 200 "$(code -u 'gomote:s3cret word' "$url$path")" "$path"
	assert_eq 200 "$(code -u 'any:s3cret word' "$url$path")" "$path as anybody"
done
assert_eq 401 "$(code -d cmd=/bin/true "$url/exec")"
assert_eq 401 "$(code -X PUT -d x "$url/write?path=f")"
test ! -e "$T/work-box/f" || fail "written without the password"
