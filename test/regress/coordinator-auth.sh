#!/bin/sh
# coordinator-auth.sh - who has no token, a wrong one, another's, or was
# disabled gets nowhere; pages need none.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
bob=$(verb user add bob)
ask() {
	_p=$1
	shift
	curl -sS --max-time 20 --cacert "$GOMOTE_CA" -o "$T/answer" -D "$T/head" \
	    -w '%{http_code}' "$@" "$GOMOTE_SERVER$_p"
}
for path in /buildlet/list /api/v1/version /workdir; do
	assert_eq 401 "$(ask $path -H 'X-Buildlet-Proxy: x')" "$path"
done
for path in /buildlet/list /api/v1/version; do
	assert_eq 401 "$(ask $path)" "$path without a token"
	assert_match '^WWW-Authenticate: Basic' "$(cat "$T/head")"
	assert_eq 401 "$(ask $path -u user-dev:wrong)" "$path with a wrong token"
	assert_eq 401 "$(ask $path -u "user-dev:$bob")" "$path with another's token"
	assert_eq 401 "$(ask $path -H 'Authorization: Basic !!!')"
	assert_eq 401 "$(ask $path -H 'Authorization: Bearer gmu_x')"
	assert_eq 200 "$(ask $path -u "user-bob:$bob")"
	assert_eq 200 "$(ask $path -u "bob:$bob")"
	assert_eq 200 "$(ask $path -H "Authorization: Bearer $bob")"
done
assert_eq 401 "$(ask /buildlet/create -d version=20191119 -d "builderType=$LOCAL")"
for path in / /builders /healthz; do
	assert_eq 200 "$(ask $path)" "$path"
done
verb user disable bob
assert_eq 403 "$(ask /buildlet/list -u "bob:$bob")"
assert_match 'disabled' "$(cat "$T/answer")"
verb user enable bob
assert_eq 200 "$(ask /buildlet/list -u "bob:$bob")"
new=$(verb user token bob)
assert_eq 401 "$(ask /buildlet/list -u "bob:$bob")" "the old token"
assert_eq 200 "$(ask /buildlet/list -u "bob:$new")" "the new token"
# Nothing of it stands in the log or the database.
assert_no_match "$bob|$new|$GOMOTE_TOKEN" "$(cat "$T/coordinator.log")"
assert_eq 0 "$(cat "$T"/state/store.db* | grep -c -e "$bob" -e "$new" || :)"
