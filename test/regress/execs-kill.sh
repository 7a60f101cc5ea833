#!/bin/sh
# Signals reach the command; a kill asks first and then takes the whole tree;
# a pty is one, and can be resized.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl setsid stty

execs_box
says() { said_now=$(curl -sS "$url/execs/$1/log" | "$TEST_BIN/logtext" 2>&1) && printf '%s\n' "$said_now" | grep -q "$2"; }

make_sh catch001 'trap "echo got usr1" USR1; trap "echo got term; exit 5" TERM; echo ready; while :; do sleep 0.05; done'
eventually says catch001 ready
assert_eq 200 "$(code -d signal=USR1 "$url/execs/catch001/signal")"
eventually says catch001 'got usr1'
assert_eq 200 "$(code -d signal=SIGUSR1 "$url/execs/catch001/signal")"
assert_eq 200 "$(code -d signal=15 "$url/execs/catch001/signal")"
assert_eq 'exit status 5' "$(finish catch001)"
assert_eq '' "$(field Why)" "a signal is no kill"

# Asked to end, it ends by itself.
make_sh polite01 'trap "echo bye; exit 6" TERM; echo ready; while :; do sleep 0.05; done'
eventually says polite01 ready
assert_eq 200 "$(code -X POST "$url/execs/polite01/kill")"
assert_eq 'exit status 6' "$(finish polite01)"
assert_eq killed "$(field Why)"

# One that does not want to, and has children elsewhere.
# shellcheck disable=SC2016
make_sh stubborn 'trap "" TERM; setsid sh -c "echo \$\$ >'"$T"'/p1; exec tail -f /dev/null" &
(setsid sh -c "echo \$\$ >'"$T"'/p2; exec tail -f /dev/null" &); echo ready; tail -f /dev/null'
eventually says stubborn ready
wait_file "$T/p1"
wait_file "$T/p2"
assert_eq 200 "$(code -d grace=200 "$url/execs/stubborn/kill")"
assert_eq 'signal: killed' "$(finish stubborn)"
assert_eq killed "$(field Why)"
for p in p1 p2; do
	gone() { ! alive "$(cat "$T/$p")"; }
	eventually gone
done

# A terminal.
make_sh tty00001 'stty size </dev/tty; trap "stty size </dev/tty; exit 0" WINCH; echo ready; while :; do sleep 0.05; done' -d pty=true -d rows=33 -d cols=99
eventually says tty00001 ready
says tty00001 '33 99' || fail "not of the size that was asked for"
assert_eq 200 "$(code -d rows=44 -d cols=111 "$url/execs/tty00001/resize")"
assert_eq ok "$(finish tty00001)"
says tty00001 '44 111' || fail "it was not resized"
make_sh notty001 'sleep 1000'
assert_eq 409 "$(code -d rows=4 -d cols=4 "$url/execs/notty001/resize")"
assert_eq 200 "$(code -d grace=0 "$url/execs/notty001/kill")"
assert_eq 'signal: killed' "$(finish notty001)"
make_sh typed001 'read x; echo "got $x"; cat >/dev/null; echo end' -d pty=true -d stdin=open
assert_eq 200 "$(printf 'word\n' | code -T - "$url/execs/typed001/stdin?offset=0")"
eventually says typed001 'got word'
assert_eq 200 "$(code -T /dev/null "$url/execs/typed001/stdin?offset=5&eof=true")"
assert_eq ok "$(finish typed001)"
