#!/bin/sh
# config: list, get, set and unset; where each value comes from; no secret is
# shown; the file is replaced as a whole and keeps what else it holds.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/c" NO_COLOR=1
unset GOMOTE_AGENT
f=$T/c/gomote/config

# Nothing is set: neither file nor directory.
assert_match '^KEY +VALUE +FROM +WHERE$' "$(gomote config)"
assert_match '^server +- +default +-$' "$(gomote config list)"
assert_match '^agent +10m +default +-$' "$(gomote config)"
assert_status 1 gomote config get server 2>err
assert_match '^gomote: config: server is not set \(' "$(cat err)"
gomote config unset user
[ ! -e "$f" ] || fail "unset makes a file"

# set makes the file, ours alone.
umask 0
gomote config set server builds.example.org:8119
assert_eq 600 "$(stat -c %a "$f")" "mode of the file"
assert_eq 700 "$(stat -c %a "$T/c/gomote")" "mode of its directory"
assert_eq 'server = builds.example.org:8119' "$(cat "$f")"
assert_eq 'builds.example.org:8119' "$(gomote config get server)"
assert_match "^server +builds.example.org:8119 +file +$f\$" "$(gomote config)"

# Comments, order and other keys stay; the line is replaced where it stands.
printf '# mine\nuser=bob\n\n  server =x:1 \nagent = off' >"$f"
chmod 644 "$f"
gomote config set server y:2
assert_eq '# mine
user=bob

server = y:2
agent = off' "$(cat "$f")"
assert_eq 600 "$(stat -c %a "$f")" "mode of a file that others could read"
gomote config unset user
gomote config set user alice
assert_eq '# mine

server = y:2
agent = off
user = alice' "$(cat "$f")"
[ "$(ls "$T/c/gomote")" = config ] || fail "left beside it: $(ls "$T/c/gomote")"

# Flags and the environment go before it.
assert_match '^server +e:3 +environment +GOMOTE_SERVER$' "$(GOMOTE_SERVER=e:3 gomote config)"
assert_match '^server +f:4 +flag +-server$' "$(GOMOTE_SERVER=e:3 gomote -server f:4 config)"
assert_eq f:4 "$(gomote -server f:4 config get server)"
GOMOTE_USER=x gomote config set user carol 2>err
assert_match '^# GOMOTE_USER goes before it' "$(cat err)"

# Secrets come by stdin, and are shown nowhere.
assert_status 1 gomote config set token tok-1 2>err
assert_match '^gomote: config: others could read a token' "$(cat err)"
echo tok-secret | gomote config set token -
assert_match '^token = tok-secret$' "$(cat "$f")"
for c in config 'config list' 'config get token' 'config -json'; do
	# shellcheck disable=SC2086
	assert_no_match tok-secret "$(gomote $c 2>&1)" "gomote $c"
done
assert_match '^token +\(not shown\) +file' "$(gomote config)"
assert_match '^token +\(not shown\) +environment' "$(GOMOTE_TOKEN=tok-secret gomote config)"
gomote config unset token
assert_no_match tok-secret "$(cat "$f")"

# Typed, it is not shown, and Ctrl-C leaves a terminal that shows what is typed.
mkfifo orders
typed() {	# TEXT
	: >screen
	"$TEST_BIN/onpty" gomote config set token - <orders >screen 2>modes &
	echo $! >term.pid
	exec 9>orders
	eventually grep -aq 'type the token' screen
	printf 'type %s\n' "$1" >&9
	STATUS=0
	wait "$(pid_of term)" || STATUS=$?
	rm term.pid
	exec 9>&-
	assert_eq '[cooked]' "$(tail -n 1 modes)"
}
typed 'tok-typed\r'
assert_eq 0 "$STATUS" "$(cat screen)"
assert_match '^token = tok-typed$' "$(cat "$f")"
assert_no_match tok-typed "$(cat screen)"
typed 'x\x03\r'
assert_eq 1 "$STATUS" "after Ctrl-C"
assert_match 'no token' "$(cat screen)"
assert_match '^token = tok-typed$' "$(cat "$f")"
gomote config unset token

# Names of files are kept in full.
echo t >tok
gomote config set token-file tok
assert_eq "$T/tok" "$(gomote config get token-file)"
assert_match "^token-file +tok +flag +-token-file\$" "$(gomote -token-file tok config)"
assert_status 1 gomote config set ca nonesuch 2>err
assert_match '^gomote: config: nonesuch: No such file' "$(cat err)"

# What is wrong is not written.
cp "$f" before
wrong() {
	status gomote config "$@" 2>err
	[ "$STATUS" -ne 0 ] || fail "config $* succeeded"
	assert_match '^gomote: config: ' "$(cat err)" "config $*"
	cmp -s "$f" before || fail "config $* wrote: $(cat "$f")"
}
wrong set server http://192.0.2.1
wrong set agent never
wrong set colour red
wrong set user ''
wrong set user 'a
b'
wrong set user ' a'
wrong set user
wrong get
wrong unset a b
wrong frobnicate
wrong list x
echo 'colour = red' >>"$f"
assert_status 1 gomote config list 2>err
assert_match "config:[0-9]: unknown key colour" "$(cat err)"

# A file elsewhere; a link stays one.
echo 'user = dave' >real
ln -s real link
gomote -config link config set user erin
assert_eq 'user = erin' "$(cat real)"
[ -h link ] || fail "the link was replaced"
gomote -config link config -json >json
assert_match '"From": "file"' "$(cat json)"
assert_match '"Value": null' "$(cat json)"
