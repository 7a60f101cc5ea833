#!/bin/bash
# A line tells how far put, puttar, gettar and push are: on a terminal only, not
# with -q, no wider than it, and gone before anything else is said.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
mkfifo orders hold hold2
head -c 64M /dev/zero >big
esc=$'\e'

# term CMD...: on a terminal, in the background; see gomote-run-tty.sh.
term() {
	: >screen
	"$TEST_BIN/onpty" "$@" <orders >screen 2>modes &
	echo $! >term.pid
	exec 9>orders
}
seen() { grep -aqE -e "$1" screen; }
over() {	# STATUS
	STATUS=0
	wait "$(pid_of term)" || STATUS=$?
	rm term.pid
	exec 9>&-
	assert_eq "$1" "$STATUS" "exit status ($(cat -v screen))"
}
# The line is written from the beginning, and what stood behind it cleared.
shown() { eventually seen $'\r'"$1[^"$'\r'"]*$esc\\[J"; }
# What was there last, when it was cleared, and nothing after it but $1.
gone() {
	assert_eq "$1" "$(tail -c 300 screen | tr -d '\n' | sed "s/.*$esc\[J//" | tr -d '\r')" "what is left"
}

# Nobody knows how much it will be; the answer is there at once when it is over.
# shellcheck disable=SC2016
term sh -c '{ head -c 300000 /dev/zero; cat hold; } | gomote put "$1" - f' x "$m"
exec 8>hold
shown 'put: 293\.0 KiB'
exec 8>&-
over 0
gone ''
assert_no_match 'left|%' "$(cat screen)"

# A file, to a machine that does not read on: percents, and no time that nobody
# can tell. A terminal that becomes narrow is not written beyond.
kill -STOP "$(pid_of box)"
term gomote put "$m" big big
shown 'put: [0-9.]+ [KM]iB of 64\.0 MiB \([0-9]+%\)'
echo 'size 24 12' >&9
narrow() { tr '\r' '\n' <screen | tail -n 1 | grep -qxE "put: [0-9. KMi]{6}$esc\[J"; }
eventually narrow
kill -CONT "$(pid_of box)"
over 0
gone ''

# Interrupted, it tidies up behind itself before it says so.
truncate -s 20G work-box/zeros
term gomote gettar -o out.tgz "$m"
shown 'gettar: '
printf '%s\n' 'type \x03' >&9
eventually seen "$esc\[J.*gettar: interrupted"
over 130
rm work-box/zeros
[ ! -e out.tgz ] || fail "half an archive is left"

# push and puttar.
mkdir tree
head -c 32M /dev/urandom >tree/noise
tar cf - -C tree . | gzip -1 >tree.tgz
kill -STOP "$(pid_of box)"
term gomote puttar -dir p "$m" tree.tgz
shown 'puttar: [0-9.]+ [KM]iB of 32\.0 MiB'
kill -CONT "$(pid_of box)"
over 0
gone ''

# None with -q; none where stderr is no terminal; no escape codes there.
# shellcheck disable=SC2016
term sh -c '{ head -c 300000 /dev/zero; cat hold; } | gomote put -q "$1" - f' x "$m"
exec 8>hold
pass 20
exec 8>&-
over 0
assert_eq '' "$(cat screen)"
{ head -c 300000 /dev/zero; cat hold2; } | gomote put "$m" - f 2>err &
echo $! >put.pid
exec 8>hold2
pass 20
exec 8>&-
wait "$(pid_of put)"
assert_eq '' "$(cat err)"
