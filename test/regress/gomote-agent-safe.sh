#!/bin/bash
# gomote-agent-safe.sh - an agent is used only where nobody else can have put it;
# where there can be none, commands work all the same.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
start_buildlet box
inst=$(gomote create "$REVERSE")
works() {
	out=$(timeout 30 gomote run "$inst" /bin/echo fine 2>"$T/err") || fail "run: $(cat "$T/err")"
	assert_eq fine "$out"
	assert_no_match '^gomote:' "$(cat "$T/err")"
}
agents() {
	pgrep -f -- "-serve 127.0.0.1:$PORT" || :
}
# No agent, and no trace of one in folder $1.
none() {
	works
	works
	assert_eq '' "$(agents)" "agents"
	[ -z "$1" ] || assert_eq '' "$(ls "$1")" "in $1"
	assert_eq '' "$(gomote agent)"
}

agent_on
mkdir "$T/tmp"
export TMPDIR=$T/tmp
rm -rf "$T/run"
u=$(id -u)
fallback=$T/tmp/gomote-agent-$u

# Others may enter it, it is a link, a file, or too long a name.
mkdir "$fallback"
chmod 755 "$fallback"
none "$fallback"
chmod 710 "$fallback"
none "$fallback"
rmdir "$fallback"
mkdir -m 700 "$T/elsewhere"
ln -s "$T/elsewhere" "$fallback"
none "$T/elsewhere"
rm "$fallback"
echo >"$fallback"
none ''
rm "$fallback"
long=$T/$(printf '%0100d' 0)
mkdir "$long"
TMPDIR=$long none ''
TMPDIR=$T/nonesuch none ''
# Another user's.
if [ "$u" = 0 ]; then
	mkdir -m 700 "$fallback"
	chown 65534 "$fallback"
	none "$fallback"
	rm -rf "$fallback"
fi

# A CA that cannot be read twice.
GOMOTE_CA=<(cat "$GOMOTE_CA") gomote list >"$T/out"
assert_eq '' "$(agents)" "agents"

# Switched off, in each way; or asked for what is none.
for off in -agent=off '-agent off' '-agent 0s'; do
	# shellcheck disable=SC2086
	gomote $off list >"$T/out"
done
GOMOTE_AGENT=off gomote list >"$T/out"
mkdir -p "$T/config/gomote"
echo 'agent = off' >"$T/config/gomote/config"
env -u GOMOTE_AGENT XDG_CONFIG_HOME="$T/config" gomote list >"$T/out"
assert_eq '' "$(agents)" "agents"
status gomote -agent never list 2>"$T/err"
assert_eq 1 "$STATUS"
assert_match '^gomote: agent never: neither off nor a duration \(' "$(cat "$T/err")"

# A buildlet that is spoken to directly has none.
start_listen_buildlet direct
gomote run "linux-amd64@127.0.0.1:$LISTEN_PORT" /bin/true 2>"$T/err"
assert_eq '' "$(agents)" "agents"

# Without $XDG_RUNTIME_DIR it is in $TMPDIR; with it, there.
unset XDG_RUNTIME_DIR
works
eventually agent_ready
assert_eq 700 "$(stat -c %a "$fallback")"
gomote agent -stop
mkdir -m 755 "$T/run"
export XDG_RUNTIME_DIR=$T/run
works
eventually agent_ready
assert_eq 700 "$(stat -c %a "$T/run/gomote")"

# One that says no, or speaks nonsense, or only closes, is as good as none.
sock=$(find "$T/run/gomote" -name '*.agent')
gomote agent -stop
for says in 'no way' nonsense '' 'ok'; do
	start "fake" "$TEST_BIN/fakeagent" "$sock" "$says"
	eventually test -S "$sock"
	works
	grep -q '^dial ' "$T/fake.log" || fail "it was not asked"
	stop fake
	rm -f "$T/fake.log"
	works	# what is left of it is no hindrance
	eventually agent_ready
	gomote agent -stop
done
# Nor is one of another user, who may have got in somehow.
if [ "$u" = 0 ]; then
	start fake "$TEST_BIN/fakeagent" -user 65534 "$sock" nonsense
	eventually test -S "$sock"
	works
	assert_eq '' "$(cat "$T/fake.log")" "what another user heard"
	stop fake
fi
