#!/bin/bash
# run -t: a terminal there, of the size of ours and resized with it, keys go
# through as they are, and our terminal is as it was afterwards whatever happens:
# the end of the command, a signal, a suspension, even kill -9.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
mkfifo "$T/orders"

# term CMD...: it on a terminal, whose output is in $T/screen, notes about it in
# $T/modes; orders on descriptor 9 (onpty.c).
term() {
	: >"$T/screen"
	: >"$T/modes"
	"$TEST_BIN/onpty" "$@" <"$T/orders" >"$T/screen" 2>"$T/modes" &
	echo $! >"$T/term.pid"
	exec 9>"$T/orders"
}
order() { echo "$*" >&9; }
seen() { grep -aq -e "$1" "$T/screen"; }
mode_is() { order mode && [ "$(tail -n 1 "$T/modes")" = "[$1]" ]; }
over() {	# STATUS
	STATUS=0
	wait "$(pid_of term)" || STATUS=$?
	rm "$T/term.pid"
	exec 9>&-
	assert_eq "$1" "$STATUS" "exit status ($(cat -v "$T/screen"))"
	assert_eq '[cooked]' "$(tail -n 1 "$T/modes")" "the terminal at the end"
}

# A shell there: what is typed is echoed once, by its terminal.
term env TERM=vt220 gomote run -t "$m" /bin/sh -c 'tty && stty size && echo "term $TERM" && cat -v'
eventually seen '^24 80'
seen '^/dev/' || fail "it has no terminal: $(cat -v "$T/screen")"
seen '^term vt220' || fail "it does not know of our terminal"
eventually mode_is raw
order 'type hello\r'
twice() { [ "$(grep -c '^hello' "$T/screen")" = 2 ]; }
eventually twice
order 'type \x04'
over 0

# Ctrl-C is a key like any other: its terminal makes a signal of it, not ours.
term gomote run -t "$m" /bin/sh -c 'trap "echo interrupted; exit 7" INT; echo ready; while :; do sleep 0.05; done'
eventually seen '^ready'
eventually mode_is raw
order 'type \x03'
over 7
seen interrupted || fail "Ctrl-C was not passed on"

# A new size.
term gomote run -t "$m" /bin/sh -c 'trap "stty size" WINCH; echo ready; while [ ! -e "$1" ]; do sleep 0.05; done; exit 3' x "$T/enough"
eventually seen '^ready'
order size 31 97
eventually seen '^31 97'
: >"$T/enough"
over 3

# -i -t of an unknown command, and one that cannot be started.
term gomote run -t "$m" nonesuch
over 1
seen 'gomote:.* buildlet: run nonesuch: .*not found' || fail "$(cat -v "$T/screen")"

# Suspended and continued.
term gomote run -t "$m" /bin/sh -c 'echo ready; read -r x; echo "got $x"'
eventually seen '^ready'
eventually mode_is raw
order signal 20
eventually mode_is cooked
order signal 18
eventually mode_is raw
order 'type more\r'
over 0
seen '^got more' || fail "$(cat -v "$T/screen")"

# Ended by a signal; by kill -9.
for s in 15:143 9:137; do
	term gomote run -t "$m" /bin/sh -c 'echo ready; exec sleep 93.81'
	eventually seen '^ready'
	eventually mode_is raw
	order signal "${s%:*}"
	over "${s#*:}"
done
none() { ! pgrep -f 'sleep 93.81$' >/dev/null; }
# shellcheck disable=SC2013
for x in $(gomote ps -running "$m" | awk 'NR > 1 { print $1 }'); do gomote kill "$m/$x"; done
eventually none

# Notes begin at the left, though the terminal is raw.
start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$LISTEN_PORT"
wait_file "$T/relay.port"
LINK=$(cat "$T/relay.port")
term gomote run -t "linux-amd64@127.0.0.1:$LINK" /bin/sh -c 'echo ready; read -r x; echo "got $x"; exit 4'
eventually seen '^ready'
eventually mode_is raw
kill9 relay
eventually seen '^# connection lost, waiting\.\.\.'$'\r''$'
mode_is raw || fail "a break changes the terminal"
start relay "$TEST_BIN/relay" -port-file "$T/relay.port" -port "$LINK" "127.0.0.1:$LISTEN_PORT"
eventually seen '^# connected again'$'\r''$'
order 'type after\r'
over 4
seen '^got after' || fail "$(cat -v "$T/screen")"

# No terminal here: one there all the same.
assert_match '^/dev/' "$(gomote run -t "$m" /bin/sh -c 'tty <&1' </dev/null 2>/dev/null)"
