#!/bin/sh
# Help, wrong usage (2), and settings from options, environment and file.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache"

# help tells every command, and of each command every option and an example; the
# page tells the options, too
help=$(gomote help)
assert_eq "$help" "$(gomote -h)"
for c in $(printf '%s\n' "$help" | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	[ "$c" = help ] && continue
	assert_match "^usage: gomote $c" "$(gomote help "$c")"
	assert_eq "$(gomote help "$c")" "$(gomote "$c" -h)"
	assert_match "^  (.*[ (\"])?gomote (-[^ ]+ [^ ]+ )*$c( |\$)" "$(gomote help "$c")" "an example of $c"
	for o in $(gomote help "$c" | sed -n '/^options:/,$s/^  -\([a-z-]*\) .*/\1/p'); do
		assert_match "Fl $o" "$(cat "$SRC/man/gomote.1")" "$c -$o"
	done
done
assert_eq "$help" "$(gomote help help)"
assert_match '^gomote [0-9]' "$(gomote version)"

# wrong usage
wrong() {
	assert_status 2 gomote "$@" >out 2>err
	assert_eq '' "$(cat out)" "stdout of gomote $*"
	[ -s err ] || fail "gomote $* says nothing"
}
wrong
wrong nonesuch
assert_match '^gomote: there is no command "nonesuch"' "$(cat err)"
wrong help nonesuch
wrong -nonesuch list
assert_match 'unknown option -nonesuch' "$(cat err)"
wrong run
assert_match '^usage: gomote run ' "$(cat err)"
wrong run user-a-linux-amd64-0
wrong run -nonesuch x /bin/true
wrong run -e NAME user-a-linux-amd64-0 /bin/true
wrong ping a b
wrong put
wrong destroy
wrong create -setup
assert_match '^gomote: create: -setup: of which TYPE' "$(cat err)"
wrong create -count 2
wrong create -new-group g
wrong create -list linux-amd64
wrong create ''
wrong run user-a-linux-amd64-0 ''
assert_match '^gomote: run: CMD is empty$' "$(cat err)"
wrong put -mode 999 user-a-linux-amd64-0 file
wrong put -mode '' user-a-linux-amd64-0 file
for a in '' host :1 host:0; do wrong agent -serve "$a"; done
wrong telnet x
assert_match 'no command "telnet"' "$(cat err)"
wrong -group g version
assert_match '^gomote: -group: version does not go by groups$' "$(cat err)"
GOMOTE_GROUP=g gomote version >/dev/null

# no server; bad servers
assert_status 1 gomote list 2>err
assert_match '^gomote: no server is set' "$(cat err)"
assert_status 1 gomote -server http://192.0.2.1 list 2>err
assert_match 'plain HTTP only' "$(cat err)"
assert_status 1 gomote ping 'bad name' 2>err
assert_match 'no name of an instance' "$(cat err)"
assert_status 1 gomote destroy 't@127.0.0.1:' 2>err
assert_match '^gomote: t@127\.0\.0\.1:: address "127\.0\.0\.1:": bad port' "$(cat err)" "named once"

# descriptors that are closed, and a disk that is full
assert_status 1 gomote version >&- 2>err
assert_eq 'gomote: write stdout: Bad file descriptor (see gomote help and gomote(1))' "$(cat err)"
if [ -c /dev/full ]; then
	for c in help 'help run' version; do
		# shellcheck disable=SC2086
		assert_status 1 gomote $c >/dev/full 2>err
		assert_match '^gomote: write stdout: No space left' "$(cat err)" "gomote $c"
	done
fi

# the file
start_coordinator
mkdir -p config/gomote
cp "$GOMOTE_CA" config/gomote/ca.pem
server=$GOMOTE_SERVER user=$GOMOTE_USER token=$GOMOTE_TOKEN ca=$GOMOTE_CA
unset GOMOTE_SERVER GOMOTE_CA GOMOTE_USER GOMOTE_TOKEN
umask 077
cat >config/gomote/config <<END
# how to get there
server = $server
ca = ca.pem
user=$user

token = $token
END
gomote list 2>err
assert_eq '' "$(cat err)"
chmod 644 config/gomote/config
gomote list 2>err
assert_match '^# .*/gomote/config holds a token and others can read it' "$(cat err)"
GOMOTE_TOKEN=wrong status gomote list 2>err
assert_eq 1 "$STATUS" "the environment goes before the file"
assert_match '^gomote: coordinator: list: .*token' "$(cat err)"
printf '%s\n' "$token" >tok
GOMOTE_TOKEN=wrong gomote -token-file tok list 2>/dev/null
GOMOTE_SERVER=https://127.0.0.1:1 status gomote list 2>err
assert_match 'dial 127.0.0.1:1: Connection refused' "$(cat err)"
GOMOTE_SERVER=https://127.0.0.1:1 gomote -server "$server" list 2>/dev/null
echo 'colour = red' >>config/gomote/config
assert_status 1 gomote list 2>err
assert_match 'gomote/config:7: unknown key colour' "$(cat err)"
gomote -config /dev/null -server "$server" -ca "$ca" -user "$user" -token-file tok list
assert_status 1 gomote -config nonesuch list 2>err

# a server that the pinned authority did not sign
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out other.pem \
    -subj /CN=other -days 1 2>/dev/null
assert_status 1 gomote -config /dev/null -server "$server" -ca other.pem \
    -user "$user" -token-file tok list 2>err
assert_match '^gomote: coordinator: dial .*certificate' "$(cat err)"
