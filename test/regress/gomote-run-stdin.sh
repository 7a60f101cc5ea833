#!/bin/bash
# stdin reaches the command: a pipe, a file, from where it stands, much of it and
# slowly, with its end; through breaks of the connection not a byte is lost or
# doubled. What the command does not read holds nothing up.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT

assert_eq 'one two' "$(echo 'one two' | gomote run "$m" /bin/cat 2>/dev/null)" "a pipe"
printf 'line 1\nline 2\nline 3\n' >"$T/file"
assert_eq 'line 2
line 3' "$({ read -r _ && gomote run "$m" /bin/cat; } <"$T/file" 2>/dev/null)" "the rest of a file"
head -c 20000000 /dev/urandom >"$T/blob"
assert_eq "$(cksum <"$T/blob")" "$(gomote run "$m" /usr/bin/cksum <"$T/blob" 2>/dev/null)" "a file"
# shellcheck disable=SC2002
assert_eq "$(cksum <"$T/blob")" "$(cat "$T/blob" | gomote run "$m" /usr/bin/cksum 2>/dev/null)" "a pipe, much"
assert_eq "$(cksum <"$T/blob")" "$(gomote run "$m" /bin/cat <"$T/blob" 2>/dev/null | cksum)" "there and back"

# Nothing: no open stdin there either.
for from in /dev/null "$T"; do
	assert_eq end "$(gomote run "$m" /bin/sh -c 'cat; echo end' <"$from" 2>/dev/null)" "from $from"
done
: >"$T/empty"
assert_eq end "$(gomote run "$m" /bin/sh -c 'cat; echo end' <"$T/empty" 2>/dev/null)" "an empty file"
assert_eq end "$(gomote run "$m" /bin/sh -c 'cat; echo end' <&- 2>/dev/null)" "closed"
assert_eq end "$(: | gomote run "$m" /bin/sh -c 'cat; echo end' 2>/dev/null)" "an empty pipe"
assert_eq end "$(echo lost | gomote run -n "$m" /bin/sh -c 'cat; echo end' 2>/dev/null)" "-n"

# It comes as it is written, and its end when it ends.
mkfifo "$T/in"
gomote run "$m" /bin/sh -c 'while read -r x; do echo "got $x"; done; echo over' <"$T/in" >"$T/out" 2>/dev/null &
echo $! >"$T/run.pid"
exec 9>"$T/in"
for k in 1 2 3; do
	echo "$k" >&9
	eventually grep -q "got $k" "$T/out"
done
assert_no_match over "$(cat "$T/out")"
exec 9>&-
wait "$(pid_of run)" || fail "the run failed"
assert_match '^over$' "$(cat "$T/out")"

# Never written, never read, still open: the end of the command is the end.
exec 9<>"$T/in"
assert_status 4 gomote run "$m" /bin/sh -c 'exit 4' <"$T/in" 2>/dev/null
exec 9>&-
assert_status 5 gomote run "$m" /bin/sh -c 'exit 5' <"$T/blob" 2>/dev/null
yes | gomote run "$m" /bin/sh -c 'head -n 1; exit 6' >"$T/out" 2>/dev/null || STATUS=$?
assert_eq 6 "$STATUS" "a part was read"
assert_eq y "$(cat "$T/out")"
# It closes its stdin and goes on: whoever writes to us hears of it.
{ yes || echo "yes: $?" >"$T/yes"; } 2>/dev/null |
    gomote run "$m" /bin/sh -c 'exec <&-; echo closed; while [ ! -e "$1" ]; do sleep 0.05; done' x "$T/yes" >"$T/out" 2>/dev/null
assert_eq closed "$(cat "$T/out")"
wait_file "$T/yes"

# A device that poll(2) does not know.
assert_eq 1000 "$(gomote run "$m" /bin/sh -c 'head -c 1000 | wc -c' </dev/zero 2>/dev/null)" "/dev/zero"

# Breaks, while much of it is under way.
link() {
	start link "$TEST_BIN/relay" -port-file "$T/link.port" "$@" "127.0.0.1:$LISTEN_PORT"
	wait_file "$T/link.port"
}
link
LINK=$(cat "$T/link.port")
through=linux-amd64@127.0.0.1:$LINK
seq 1 2000000 >"$T/numbers"
gomote run "$through" /bin/sh -c 'while read -r x; do echo "$x"; [ "$x" != 1000 ] || sleep 0.5; done' \
    <"$T/numbers" >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
for k in 1 2 3 4; do
	was=$(wc -l <"$T/out")
	more() { [ "$(wc -l <"$T/out")" -gt $((was + 10000)) ] || ! alive "$(pid_of run)"; }
	eventually -t 60 more
	kill9 link
	link -port "$LINK"
done
kill "$(pid_of run)"
status wait "$(pid_of run)"
head -n -1 "$T/out" | awk '$0 != NR { exit 1 }' || fail "lines lost, doubled or out of order"
assert_match '^# connected again' "$(cat "$T/err")"
gomote run "$through" /usr/bin/cksum <"$T/blob" >"$T/out" 2>"$T/err" &
echo $! >"$T/run.pid"
kill9 link
link -port "$LINK"
wait "$(pid_of run)" || fail "the run failed: $(cat "$T/err")"
assert_eq "$(cksum <"$T/blob")" "$(cat "$T/out")" "through a break"
