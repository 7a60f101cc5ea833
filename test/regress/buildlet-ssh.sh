#!/bin/bash
# POST /connect-ssh: an sshd for the one key of the request, in the machine's
# environment; whatever the session started ends with the lease.
. "$(dirname "$0")/../lib/sh.sh"
need curl ssh ssh-keygen
[ -x /usr/sbin/sshd ] || skip "sshd is not installed"

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
ssh-keygen -q -t ed25519 -N '' -f "$T/key" -C test
ssh-keygen -q -t ed25519 -N '' -f "$T/other" -C test
user=$(id -un)

# A ProxyCommand in bash: the request by hand, then bytes both ways.
cat >"$T/proxy" <<'END'
#!/bin/bash
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'POST /connect-ssh HTTP/1.1\r\nHost: x\r\nX-Go-Ssh-User: %s\r\nX-Go-Authorized-Key: %s\r\n\r\n' "$2" "$(cat "$3")" >&3
while IFS= read -r line <&3; do
	line=${line%$'\r'}
	echo "$line" >>"$4"
	[ "$line" ] || break
done
cat <&0 >&3 &
cat <&3
kill $!
END
chmod +x "$T/proxy"
login() {	# KEY COMMAND
	ssh -o "ProxyCommand=$T/proxy $LISTEN_PORT $user $T/key.pub $T/head" -F none -i "$T/$1" \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$T/known" \
	    -o BatchMode=yes -o ConnectTimeout=20 -o LogLevel=ERROR "$user@box" "$2"
}
# shellcheck disable=SC2016
out=$(login key 'echo "in $WORKDIR"; exit 7') && STATUS=0 || STATUS=$?
assert_eq 7 "$STATUS" "the command's status"
assert_eq "in $T/work-box" "$out"
assert_eq 'HTTP/1.1 101 Switching Protocols' "$(sed -n 1p "$T/head")"
assert_match '^Upgrade: ssh$' "$(cat "$T/head")"
status login other true 2>/dev/null
assert_eq 255 "$STATUS" "another key"
head -c 3000000 /dev/urandom >"$T/data"
login key 'cd "$WORKDIR" && cat >copy && cat copy' <"$T/data" >"$T/copy"
cmp "$T/data" "$T/copy"

login key "echo \$\$ >$T/pid1; exec setsid sleep 1000" >/dev/null 2>&1 &
client=$!
wait_file "$T/pid1"
assert_eq OK "$(curl -sS -d wipe=1 "$url/lease")"
gone() { ! alive "$(cat "$T/pid1")"; }
eventually gone
wait $client 2>/dev/null || :
assert_eq "$(printf 'ssh_host_key\nworkdir')" "$(cd "$T/work-box.gomote" && find . -type f ! -name lease ! -path './execs/.*' | sed 's|^./||' | sort)" "what sessions left"

code() { curl -sS -o "$T/out" -w '%{http_code}' -X POST "$@" "$url/connect-ssh"; }
assert_eq 400 "$(code)"
assert_eq 400 "$(code -H 'X-Go-Ssh-User: a b' -H 'X-Go-Authorized-Key: ssh-ed25519 AAAA')"
