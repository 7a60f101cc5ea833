#!/bin/bash
# guide-access.sh - the guide's sections "Access" and "About buildlets": one asks the
# operator, who gives a token in place of a Google account; what there is stands on
# a page that needs no login.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"
need curl

guide_begin
admin() { coordinator -state-dir "$T/state" "$@"; }
unset GOMOTE_TOKEN GOMOTE_USER
export XDG_CONFIG_HOME="$T/config"

# The first invocation says what is missing.
assert_status 1 gomote create linux-amd64 >out 2>messages
said messages '^gomote: coordinator: create: this needs a user and a token .*GOMOTE_TOKEN'
assert_eq '' "$(cat out)"

# It is asked for, and kept where the other settings are.
umask 077
mkdir -p config/gomote
admin user add newcomer | tail -n 1 >config/gomote/token
cat >config/gomote/config <<END
server = $GOMOTE_SERVER
ca = $GOMOTE_CA
token-file = token
END
unset GOMOTE_SERVER GOMOTE_CA
gomote create linux-amd64 >out 2>messages
assert_eq user-newcomer-linux-amd64-0 "$(cat out)"
gomote ping
gomote doctor >out
said out '^ok +login +.*user-newcomer'

# Removed, and given again.
admin user disable newcomer >/dev/null
assert_status 1 gomote ping 2>messages
said messages '^gomote: coordinator: .*user newcomer is disabled'
admin user enable newcomer >/dev/null
gomote ping
gomote destroy user-newcomer-linux-amd64-0

curl -sS --cacert state/ca.pem "https://127.0.0.1:$(cat port)/builders" >page
said page '<td>linux-amd64</td><td>host-guide</td>'
