#!/bin/bash
# gomote-status.sh - through a coordinator: exit statuses are the command's own,
# 128+N for signal N, 1 for a refusal, 2 for wrong usage, 255 for a lost machine;
# each refusal is one line that names the hop and the reason.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
start_buildlet b1
i=$(gomote create "$REVERSE")
for n in 0 1 2 77 255; do
	assert_status $n gomote run "$i" /bin/sh -c "exit $n" 2>"$T/err"
	assert_no_match '^gomote:' "$(cat "$T/err")" "exit $n"
done
for s in HUP:129 KILL:137 TERM:143; do
	# shellcheck disable=SC2016
	assert_status "${s#*:}" gomote run "$i" /bin/sh -c "kill -${s%:*} \$\$" 2>"$T/err"
	assert_match '^gomote: command: /bin/sh: signal: ' "$(cat "$T/err")" "killed by ${s%:*}"
done

# no TEXT CMD...
no() {
	_reason=$1
	shift
	assert_status 1 "$@" >"$T/out" 2>"$T/err"
	assert_eq '' "$(cat "$T/out")" "stdout of $*"
	assert_eq 1 "$(grep -vc '^#' "$T/err")" "lines from $*"
	assert_match "^gomote: $_reason" "$(cat "$T/err")" "$*"
}
no 'coordinator: create: unknown builder type "nonesuch"; there is ' gomote create nonesuch
gone='coordinator: [a-z]*.*: unknown or expired buildlet: there is no instance "user-dev-x-0"'
no "$gone" gomote run user-dev-x-0 /bin/true
no "$gone" gomote ls user-dev-x-0
no "$gone" gomote put user-dev-x-0 "$0" f
no "$gone" gomote gettar -o "$T/none.tgz" user-dev-x-0
[ ! -e "$T/none.tgz" ] || fail "a refused gettar leaves a file"
no "user-dev-x-0: $gone" gomote destroy user-dev-x-0
no 'coordinator: list: unknown user or wrong token' env GOMOTE_TOKEN=wrong gomote list
no 'coordinator: list: unknown user or wrong token' env GOMOTE_USER=nobody gomote list
no 'buildlet: run nonesuch: .*not found' gomote run "$i" nonesuch
no 'buildlet: run /nonesuch: .*no such file' gomote run "$i" /nonesuch
no 'buildlet: ls: .*nonesuch' gomote ls "$i" nonesuch
bob=$(verb user add bob)
no "coordinator: ping: .*not yours" env GOMOTE_USER=bob GOMOTE_TOKEN="$bob" gomote ping "$i"
verb user disable bob
no 'coordinator: list: .*disabled' env GOMOTE_USER=bob GOMOTE_TOKEN="$bob" gomote list
assert_status 2 gomote run 2>/dev/null

# The machine goes away under a command.
gomote run -give-up 1s "$i" /bin/sh -c 'echo begun; exec sleep 1000' >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
wait_file "$T/out"
kill9 b1
status wait "$(pid_of run)"
assert_eq 255 "$STATUS" "run on a machine that was killed"
assert_match "^gomote: coordinator: run /bin/sh: .*machine $HOST_REVERSE/b1 is away.* \(given up after [0-9.]+s; see gomote list\)$" "$(cat "$T/err")"
assert_match '^# /bin/sh goes on as exec ' "$(cat "$T/err")"
no "coordinator: ping: .*machine $HOST_REVERSE/b1 is away" gomote ping "$i"
