# shellcheck shell=bash
# bench-ssh.sh - an sshd on loopback and a client's open ControlMaster to it:
# what a user would pick instead. Sourced after sh.sh.

# ssh_up: starts both; ssh_run CMD... then runs CMD over the open connection,
# and ssh_fed CMD... too, with the caller's stdin.
ssh_up() {
	need ssh ssh-keygen
	[ -x /usr/sbin/sshd ] || skip "sshd is not installed"
	mkdir -p /run/sshd "$T/ssh"
	chmod 700 "$T/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/user"
	cp "$T/ssh/user.pub" "$T/ssh/authorized"
	SSH_PORT=$("$TEST_BIN/freeport")
	# Another HOME, since bash reads the user's .bashrc here too: that would
	# be timed.
	cat >"$T/ssh/sshd_config" <<-EOF
		Port $SSH_PORT
		ListenAddress 127.0.0.1
		HostKey $T/ssh/host
		AuthorizedKeysFile $T/ssh/authorized
		UsePAM no
		StrictModes no
		PidFile none
		PermitRootLogin yes
		MaxSessions 100
		SetEnv HOME=$T/ssh
	EOF
	start sshd /usr/sbin/sshd -D -e -f "$T/ssh/sshd_config"
	SSH_OPTS=(-F none -p "$SSH_PORT" -i "$T/ssh/user" -o "ControlPath=$T/ssh/cm"
	    -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$T/ssh/known"
	    -o BatchMode=yes -o LogLevel=ERROR)
	start ssh-master ssh "${SSH_OPTS[@]}" -o ControlMaster=yes -o ConnectionAttempts=20 \
	    -N 127.0.0.1
	# Without the master each ssh_run would log in anew, and be no peer.
	eventually ssh_mastered
	ssh_run true
}

ssh_mastered() {
	ssh "${SSH_OPTS[@]}" -O check 127.0.0.1 2>/dev/null
}

ssh_fed() {
	ssh "${SSH_OPTS[@]}" -o ControlMaster=no 127.0.0.1 "$@"
}

ssh_run() {
	ssh_fed "$@" </dev/null
}
