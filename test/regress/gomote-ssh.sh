#!/bin/bash
# gomote ssh: a session through the coordinator, with a key made at the first
# use; statuses, stdin, a command, one's own ssh by -proxy, and what goes wrong.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need ssh ssh-keygen
[ -x /usr/sbin/sshd ] || skip "sshd is not installed"

start_coordinator
start_buildlet box
export HOME=$T/home
unset XDG_CONFIG_HOME SSH_AUTH_SOCK
mkdir "$HOME"
i=$(gomote create "$REVERSE")

# shellcheck disable=SC2016
out=$(gomote ssh "$i" 'echo "in $WORKDIR"; echo "to stderr" >&2; exit 7' 2>"$T/err") && STATUS=0 || STATUS=$?
assert_eq 7 "$STATUS" "the command's status: $(cat "$T/err")"
assert_eq "in $T/work-box" "$out"
assert_match '^to stderr$' "$(cat "$T/err")"
key=$HOME/.config/gomote/ssh/id_ed25519
assert_match "^# making a key for gomote ssh: $key\$" "$(cat "$T/err")"
assert_eq 600 "$(stat -c %a "$key")"
assert_eq "$(printf 'id_ed25519\nid_ed25519.lock\nid_ed25519.pub\nknown_hosts')" "$(ls "$HOME/.config/gomote/ssh")"

# The key stays; bytes both ways; as whom is asked for or told.
sum=$(cksum <"$key")
head -c 3000000 /dev/urandom >"$T/data"
gomote ssh -login "$(id -un)" "$i" cat <"$T/data" >"$T/copy" 2>"$T/err"
cmp "$T/data" "$T/copy"
assert_eq "$sum" "$(cksum <"$key")"
assert_no_match 'making a key' "$(cat "$T/err")"

# A name that the shell of the person, or ssh, could take for something else.
mkdir "$T/it's 100%"
cp "$GOMOTE_CA" "$T/it's 100%/ca.pem"
assert_eq fine "$(gomote -ca "$T/it's 100%/ca.pem" ssh "$i" echo fine 2>"$T/err")" "$(cat "$T/err")"

# Somebody's own ssh.
assert_eq fine "$(ssh -F none -o "ProxyCommand=gomote ssh -proxy $i" -i "$key" -o IdentitiesOnly=yes \
    -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$T/known" -o LogLevel=ERROR "$(id -un)@x" echo fine)"

# What goes wrong.
status gomote ssh user-nobody-0 true 2>"$T/err"
assert_eq 1 "$STATUS"
assert_match '^gomote: coordinator: ssh: unknown or expired buildlet' "$(cat "$T/err")"
status gomote ssh -login 'no body' "$i" true 2>"$T/err"
assert_eq 255 "$STATUS"
assert_match '^gomote: buildlet: ssh: requires a user name' "$(cat "$T/err")"
status gomote ssh -proxy "$i" true 2>"$T/err"
assert_eq 2 "$STATUS"
(
	mkdir "$T/bin"
	ln -s "$BIN/gomote" "$T/bin/gomote"
	PATH=$T/bin
	status gomote ssh -login x "$i" true 2>"$T/err"
	[ "$STATUS" = 1 ]
) || fail "without ssh"
assert_eq 'gomote: ssh: ssh is not installed (install it on this machine)' "$(cat "$T/err")"

# The session ends with the instance.
gomote ssh "$i" "echo \$\$ >$T/there; exec sleep 1000" >/dev/null 2>&1 &
echo $! >"$T/session.pid"
wait_file "$T/there"
gomote destroy "$i"
gone() { ! alive "$(cat "$T/there")" && ! alive "$(pid_of session)"; }
eventually gone
rm "$T/session.pid"
