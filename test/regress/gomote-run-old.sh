#!/bin/bash
# run on a buildlet that has no exec objects, a stock one: as ever. Its output
# comes as one, Ctrl-C and the end of the connection end the command, and what
# only objects can do is refused clearly.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator -stock-keys
mkdir "$T/work-s1"
start_stock s1
eventually grep -q registered "$T/s1.log"
i=$(gomote create "$REVERSE")
for n in 0 1 42 255; do
	assert_status $n gomote run "$i" /bin/sh -c "echo out; echo err >&2; exit $n" >"$T/out" 2>"$T/err"
	assert_eq 'out err' "$(xargs <"$T/out")" "stdout and stderr"
	assert_no_match 'exec|connection' "$(cat "$T/err")" "nothing is said of it"
	cmp "$(sed -n 's/^# writing output to //p' "$T/err")" "$T/out"
done
assert_status 0 gomote run "$i" /bin/cat <<<'not passed on' >"$T/out" 2>"$T/err"
assert_eq '' "$(cat "$T/out")"

for o in -d -t -i '-timeout 10s'; do
	# shellcheck disable=SC2086
	assert_status 1 gomote run $o "$i" /bin/echo begun >"$T/out" 2>"$T/err" </dev/null
	assert_eq 'gomote: coordinator: run /bin/echo: the buildlet of this machine has no exec objects (its machine needs a newer buildlet, of ours)' "$(cat "$T/err")" "$o"
	assert_eq '' "$(cat "$T/out")" "$o"
done
assert_status 1 gomote ps "$i" >"$T/out" 2>"$T/err"
assert_status 1 gomote attach "$i/abcdefghij" 2>"$T/err"

# Again and again; and where the output goes.
assert_status 0 gomote run -until '^again 3$' "$i" /bin/sh -c 'echo x >>n; echo again $(wc -l <n)' >"$T/out" 2>"$T/err"
assert_eq 'again 1 again 2 again 3' "$(xargs <"$T/out")"
assert_eq 'again 3' "$(cat "$(sed -n 's/^# writing output to //p' "$T/err")")"
assert_eq 3 "$(grep -c '^# run [123]: status 0, ' "$T/err")"
(cd "$T" && assert_status 5 gomote run -collect "$i" /bin/sh -c 'echo out; echo err >&2; exit 5' >out 2>err) || exit 1
assert_eq 'out err' "$(xargs <"$T/$i.stdout")"
assert_eq '' "$(cat "$T/out")"
# This one gives no archives: that is told, and is no success.
assert_match '^gomote: buildlet: gettar: 404 page not found' "$(tail -n 1 "$T/err")"
(cd "$T" && assert_status 1 gomote run -collect "$i" /bin/true 2>/dev/null) || exit 1

no_sleeper() { ! pgrep -f "sleep $1\$" >/dev/null; }
: >"$T/out"
env --default-signal=INT gomote run "$i" /bin/sh -c 'echo begun; exec sleep 97.1' >"$T/out" 2>"$T/err" &
P=$!
echo $P >"$T/run.pid"
eventually grep -q begun "$T/out"
kill -INT $P
status wait $P
rm "$T/run.pid"
assert_eq 130 "$STATUS" "interrupted"
eventually no_sleeper 97.1

: >"$T/out"
gomote run "$i" /bin/sh -c 'echo begun; exec sleep 97.2' >"$T/out" 2>"$T/err" &
P=$!
echo $P >"$T/run.pid"
wait_file "$T/out"
kill9 coordinator
status wait $P
rm "$T/run.pid"
assert_eq 255 "$STATUS" "the connection is lost"
assert_match '^gomote: coordinator: run /bin/sh: connection lost: ' "$(cat "$T/err")"
eventually no_sleeper 97.2
