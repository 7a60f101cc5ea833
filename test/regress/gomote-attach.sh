#!/bin/bash
# What run -d began is attached to, waited for, and ends with its own status;
# its stdin and its terminal come back; ids may be cut short.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
i=$(gomote create "$LOCAL")
# shellcheck disable=SC2016
counting='n=1; while [ ! -e "$1" ]; do echo "out $n"; echo "err $n" >&2; n=$((n + 1)); sleep 0.02; done; exit 15'
id=$(gomote run -d "$i" /bin/sh -c "$counting" x "$T/enough" 2>"$T/err")
assert_match '^[0-9a-z]{10}$' "$id" "the id"
assert_eq '' "$(cat "$T/err")" "and nothing else"

# All of it, from the beginning, by two at once; and what comes from now on.
for k in 1 2; do
	gomote attach "$id" >"$T/out$k" 2>"$T/err$k" &
	echo $! >"$T/attach$k.pid"
	wait_file "$T/out$k"
done
gomote attach -tail 0 "$i/$id" >"$T/tail" 2>"$T/tail.err" &
echo $! >"$T/attach3.pid"
wait_file "$T/tail"
: >"$T/enough"
for k in 1 2 3; do
	status wait "$(pid_of attach$k)"
	rm "$T/attach$k.pid"
	assert_eq 15 "$STATUS" "exit status of attach"
done
cmp "$T/out1" "$T/out2"
for k in out err; do
	awk -v w=$k '$0 != w " " NR { exit 1 }' "$T/${k}1" || fail "lines lost, doubled or out of order"
done
assert_no_match '^out 1$' "$(cat "$T/tail")" "-tail 0"
assert_eq "$(tail -n 1 "$T/out1")" "$(tail -n 1 "$T/tail")"

# When it has ended it is all still there; by a part of the id, by its instance.
known() { gomote ps | grep -q "^$id .*exit status 15"; }
eventually known
for name in "${id%?????}" "$i/${id%?????}" "$i/$id"; do
	assert_status 15 gomote attach "$name" >"$T/out" 2>"$T/err"
	cmp "$T/out" "$T/out1"
	cmp "$T/err" "$T/err1"
done
assert_status 15 gomote attach "$id" -tail 2 >"$T/out" 2>"$T/err"
assert_eq 2 "$(cat "$T/out" "$T/err" | wc -l)" "-tail 2, behind the id"

# wait: a line for each, the highest status.
a=$(gomote run -d "$i" /bin/sh -c 'sleep 0.3; exit 4')
b=$(gomote run -d "$i" /bin/sh -c 'kill -TERM $$')
c=$(gomote run -d "$i" /bin/true)
assert_status 143 gomote wait "$a" "$b" "$c" >"$T/out"
assert_eq "$a exit status 4
$b signal: terminated
$c ok" "$(cat "$T/out")"
assert_status 0 gomote wait "$c" >"$T/out"
d=$(gomote run -d "$i" /nonesuch)
assert_status 1 gomote wait "$d" >"$T/out"
assert_match "^$d .*no such file" "$(cat "$T/out")"
assert_status 1 gomote attach "$d" 2>"$T/err"
assert_match '^gomote: buildlet: attach: .*no such file' "$(cat "$T/err")"

# Its stdin.
mkfifo "$T/in"
start reader bash -c 'gomote run "$0" /bin/sh -c "while read -r x; do echo got \$x; done; echo over; exit 6" <"$1" >"$2" 2>&1' "$i" "$T/in" "$T/out"
exec 9>"$T/in"
echo one >&9
eventually grep -q 'got one' "$T/out"
kill -HUP "$(pgrep -P "$(pid_of reader)" gomote || pid_of reader)"
left() { grep -q 'goes on as exec' "$T/out"; }
eventually left
exec 9>&-
id=$(sed -n 's/^# .* goes on as exec \([a-z0-9]*\); .*/\1/p' "$T/out")
assert_status 6 gomote attach -i "$id" >"$T/out" 2>"$T/err" <<<'two'
assert_eq 'got one
got two
over' "$(cat "$T/out")"
assert_status 1 gomote attach -i "$id" 2>"$T/err" <<<'three'
assert_match 'stdin of /bin/sh is not open' "$(cat "$T/err")"
assert_status 1 gomote attach -t "$id" 2>"$T/err" </dev/null
assert_match 'has no terminal there' "$(cat "$T/err")"

# Ctrl-C is for the command; the end of who reads is not.
id=$(gomote run -d "$i" /bin/sh -c 'trap "echo bye; exit 8" INT; echo ready; while :; do sleep 0.05; done')
: >"$T/out"
env --default-signal=INT gomote attach "$id" >"$T/out" 2>"$T/err" &
echo $! >"$T/attach.pid"
eventually grep -q ready "$T/out"
kill -INT "$(pid_of attach)"
status wait "$(pid_of attach)"
rm "$T/attach.pid"
assert_eq 8 "$STATUS" "exit status"
assert_match '^bye$' "$(cat "$T/out")"
id=$(gomote run -d "$i" /bin/sh -c 'i=0; while [ ! -e "$1" ]; do echo more; sleep 0.02; done; exit 2' x "$T/enough2")
gomote attach "$id" 2>"$T/err" | head -n 1 >"$T/out"
assert_match 'Broken pipe' "$(cat "$T/err")"
assert_match "^$id .* running " "$(gomote ps "$i")"
: >"$T/enough2"
assert_status 2 gomote wait "$id" >"$T/out"

# What there is not.
for bad in nonesuch1 "$i/nonesuch12" nonesuch-instance/abcdefghij; do
	assert_status 1 gomote attach "$bad" 2>"$T/err"
	assert_match '^gomote: (coordinator|buildlet): ' "$(cat "$T/err")" "$bad"
done
assert_status 1 gomote attach 'no id' 2>"$T/err"
assert_match '"no id" is no id of an exec' "$(cat "$T/err")"
