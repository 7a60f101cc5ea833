#!/bin/bash
# The instance ends under a run: it is warned of, and told with its reason, and
# what the command had done before is not lost, also if nobody was there to see.
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

cat >"$T/conf" <<EOF2
buildlet = "$BIN/buildlet"
host-type here { pool = local limit = 4 }
builder-type short { host-type = here lifetime = 25s }
builder-type linux-amd64 { host-type = here }
EOF2
serve "$T/conf"

# Its time: warned of beforehand (it is short from the beginning here).
short=$(gomote create short)
gomote run "$short" /bin/sh -c 'echo begun; exec sleep 1000' >"$T/short.out" 2>"$T/short.err" </dev/null &
echo $! >"$T/short.pid"

# Destroyed.
i=$(gomote create linux-amd64)
gomote run "$i" /bin/sh -c 'echo begun; exec sleep 1000' >"$T/out" 2>"$T/err" </dev/null &
echo $! >"$T/run.pid"
wait_file "$T/out"
gomote destroy "$i"
status wait "$(pid_of run)"
rm "$T/run.pid"
assert_eq 255 "$STATUS" "exit status"
assert_match "^gomote: coordinator: run /bin/sh: instance $i ended [0-9]+s ago: destroyed by user-alice" "$(cat "$T/err")"

# The client is away meanwhile: the command ends, its instance too, and then it
# comes back and finds out all of it.
link() {
	start link "$TEST_BIN/relay" -port-file "$T/link.port" "$@" "127.0.0.1:$PORT"
	wait_file "$T/link.port"
}
link
rm "$T/out"
i=$(gomote create linux-amd64)
GOMOTE_SERVER=https://127.0.0.1:$(cat "$T/link.port") gomote run "$i" /bin/sh -c \
    'n=1; while [ ! -e "$1" ]; do echo "out $n"; echo "err $n" >&2; n=$((n + 1)); sleep 0.02; done
    while [ $n -le 3000 ]; do echo "out $n"; n=$((n + 1)); done; exit 16' x "$T/enough" >"$T/out" 2>"$T/err" </dev/null &
echo $! >"$T/run.pid"
wait_file "$T/out"
kill9 link
waits() { grep -q '^# connection lost, waiting' "$T/err"; }
eventually waits
: >"$T/enough"
ended() { gomote ps | grep -q "$i.*exit status 16"; }
eventually ended
gomote destroy "$i"
link -port "$(cat "$T/link.port")"
status wait "$(pid_of run)"
rm "$T/run.pid"
assert_eq 16 "$STATUS" "exit status ($(tail -n 2 "$T/err"))"
awk '$0 != "out " NR { exit 1 }' "$T/out" || fail "lines lost, doubled or out of order"
assert_eq 'out 3000' "$(tail -n 1 "$T/out")"
grep -v '^#' "$T/err" | awk '$0 != "err " NR { exit 1 }' || fail "lines of stderr lost, doubled or out of order"

warned() { grep -Eq "^# $short ends in [0-9]+s: its time is over then" "$T/short.err"; }
eventually warned
status wait "$(pid_of short)"
rm "$T/short.pid"
assert_eq 255 "$STATUS" "exit status"
assert_match "^gomote: coordinator: run /bin/sh: instance $short ended [0-9]+s ago: " "$(cat "$T/short.err")"
assert_eq 1 "$(grep -c ' ends in ' "$T/short.err")" "warnings"
