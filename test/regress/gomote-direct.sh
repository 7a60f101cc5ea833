#!/bin/sh
# Straight to a buildlet: password, and TYPE@HOST without a coordinator's secrets.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit

printf 'hush\n' >pw
start_listen_buildlet box -password-file pw
m=linux-amd64@127.0.0.1:$LISTEN_PORT
assert_status 1 gomote ping "$m" 2>err
assert_match '^gomote: buildlet: ping: .*-password-file' "$(cat err)"
# A token for some coordinator is not shown to a buildlet that somebody names.
assert_status 1 env GOMOTE_TOKEN=hush GOMOTE_USER=gomote gomote ping "$m" 2>err
gomote -password-file pw ping "$m"
assert_eq hello "$(gomote -password-file pw run "$m" /bin/echo hello 2>/dev/null)"
printf 'wrong\n' >bad
assert_status 1 gomote -password-file bad run "$m" /bin/true 2>err
assert_match '^gomote: buildlet: run /bin/true: ' "$(cat err)"

for bad in linux-amd64@ @127.0.0.1 linux-amd64@127.0.0.1:x; do
	assert_status 1 gomote ping "$bad" 2>err
	assert_match '^gomote: ' "$(cat err)"
done
assert_status 1 gomote putbootstrap "$m" 2>err
assert_match 'only a coordinator knows' "$(cat err)"
