#!/bin/bash
# The connection of a run breaks, before its answer, within a head, a record, a
# line, or again and again: the command runs once and on, every line comes once
# and in order, its status is told. Given up, it can be attached to. A buildlet
# that is killed and started again is only another break.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
# cutter ARG...: see cutter.c; $through is the buildlet behind it.
cutter() {
	rm -f "$T/cutter.port"
	start cutter "$TEST_BIN/cutter" -port-file "$T/cutter.port" "$@" "$LISTEN_PORT"
	wait_file "$T/cutter.port"
	through=linux-amd64@127.0.0.1:$(cat "$T/cutter.port")
}
# relay ARG...: the same, for breaks by hand.
relay() {
	start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "$@" "127.0.0.1:$LISTEN_PORT"
	wait_file "$T/relay.port"
	LINK=$(cat "$T/relay.port")
	through=linux-amd64@127.0.0.1:$LINK
}
# in_order FILE WORD: its lines are "WORD 1", "WORD 2", ...
in_order() {
	grep -av '^#' "$1" | awk -v w="$2" '$0 != w " " NR { print "line " NR ": " $0; exit 1 }' ||
	    fail "lines lost, doubled or out of order"
}

# Nothing comes back of the request that begins it: it is begun once.
cutter -times 2
status gomote run "$through" /bin/sh -c 'echo once >>"$WORKDIR/begun"; echo done; exit 11' >"$T/out" 2>"$T/err"
assert_eq 11 "$STATUS" "$(cat "$T/err")"
assert_eq once "$(cat "$T/work-box/begun")" "how often it was begun"
assert_eq 'done' "$(cat "$T/out")"
assert_match '^# connection lost, waiting\.\.\.$' "$(cat "$T/err")"
assert_match '^# connected again$' "$(cat "$T/err")"
stop cutter
cutter -times 2
# shellcheck disable=SC2016
id=$(gomote run -d "$through" /bin/sh -c 'echo twice >>"$WORKDIR/begun"; exec sleep 94.2' 2>"$T/err")
assert_match '^[0-9a-z]{10}$' "$id" "the id"
begun() { grep -q twice "$T/work-box/begun"; }
eventually begun
assert_eq 1 "$(grep -c twice "$T/work-box/begun")" "begun in the background"
assert_match "^$id .* running " "$(gomote ps -running "$m")"
assert_eq 2 "$(gomote ps -running "$m" | wc -l)"
gomote kill "$m/$id"
stop cutter

# Wherever it is cut in the answer.
for ((after = 1; after < 900; after += 31)); do
	cutter -times 1 -after $after
	status gomote run "$through" /bin/sh -c 'for i in 1 2 3 4 5 6; do echo "out $i"; echo "err $i" >&2; done; exit 12' \
	    >"$T/out" 2>"$T/err" </dev/null
	assert_eq 12 "$STATUS" "cut after $after bytes: $(cat "$T/err")"
	assert_eq 6 "$(wc -l <"$T/out")" "cut after $after bytes"
	in_order "$T/out" out
	in_order "$T/err" err
	stop cutter
done

# Every connection, after a good part of much.
cutter -after 300007
status gomote run "$through" /bin/sh -c 'i=1; while [ $i -le 60000 ]; do echo "out $i"; i=$((i + 1)); done; exit 13' \
    >"$T/out" 2>"$T/err" </dev/null
assert_eq 13 "$STATUS" "cut all the time: $(tail -n 3 "$T/err")"
assert_eq 60000 "$(wc -l <"$T/out")"
in_order "$T/out" out
copy=$(sed -n 's/^# writing output to //p' "$T/err")
cmp "$copy" "$T/out"
stop cutter

# While it goes on, and for longer than a try takes.
relay
# shellcheck disable=SC2016
counting='i=1; while [ ! -e "$1" ]; do echo "out $i"; echo "err $i" >&2; i=$((i + 1)); sleep 0.01; done; exit 14'
rm "$T/out"
gomote run "$through" /bin/sh -c "$counting" x "$T/enough" >"$T/out" 2>"$T/err" </dev/null &
echo $! >"$T/run.pid"
wait_file "$T/out"
said() { grep -aq "$1" "$T/err"; }
for k in 1 2 3; do
	kill9 relay
	again() { [ "$(grep -ac '^# connection lost' "$T/err")" = $k ]; }
	eventually again
	[ $k != 2 ] || eventually said 'Connection refused'
	relay -port "$LINK"
	back() { [ "$(grep -ac '^# connected again' "$T/err")" = $k ]; }
	eventually back
done

# The buildlet is killed, and started again where it was.
kill9 box
start box buildlet -listen "127.0.0.1:$LISTEN_PORT" -workdir "$T/work-box"
k=4
eventually back
was=$(wc -l <"$T/out")
more() { [ "$(wc -l <"$T/out")" -gt $((was + 20)) ]; }
eventually more
: >"$T/enough"
status wait "$(pid_of run)"
rm "$T/run.pid"
assert_eq 14 "$STATUS" "the exit status: $(tail -n 3 "$T/err")"
in_order "$T/out" out
in_order "$T/err" err

# It is given up: 255, and how to come back.
rm "$T/enough" "$T/out"
gomote run -give-up 500ms "$through" /bin/sh -c "$counting" x "$T/enough" >"$T/out" 2>"$T/err" </dev/null &
echo $! >"$T/run.pid"
wait_file "$T/out"
kill9 relay
status wait "$(pid_of run)"
rm "$T/run.pid"
assert_eq 255 "$STATUS" "the exit status"
assert_match '^gomote: buildlet: .*\(given up after [0-9]+s\)$' "$(cat "$T/err")"
id=$(sed -n 's/^# .* goes on as exec \([a-z0-9]*\); gomote attach .*/\1/p' "$T/err")
[ "$id" ] || fail "it does not say how to come back: $(cat "$T/err")"
: >"$T/enough"
status gomote attach "$m/$id" >"$T/out" 2>"$T/err"
assert_eq 14 "$STATUS" "the exit status"
in_order "$T/out" out
in_order "$T/err" err
assert_status 14 gomote wait "$m/$id" >"$T/out"
assert_eq "$id exit status 14" "$(cat "$T/out")"

# Nobody is there at all.
assert_status 1 gomote run -give-up 300ms "$through" /bin/true 2>"$T/err"
assert_match '^gomote: buildlet: dial .*: Connection refused \(' "$(cat "$T/err")"
