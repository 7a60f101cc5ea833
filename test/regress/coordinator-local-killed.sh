#!/bin/bash
# coordinator-local-killed.sh - a buildlet of the local pool is killed while it is
# lent: it is started again on its work directory, and its instance, its files and
# what runs there go on; also when the coordinator was killed with it.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator -local-limit 2
i=$(create "$LOCAL")
echo text | on "$i" '/write?path=kept&mode=420' -T - >"$T/written"
on "$i" /execs -d mode=sys -d cmd=/bin/sh -d cmdArg=-c -d id=goeson \
    --data-urlencode "cmdArg=echo \$\$ >$T/pid; while [ ! -e $T/go ]; do sleep 0.02; done; exit 4" >"$T/begun"
wait_file "$T/pid"
box_pid() { cat "$T"/state/local/*/pid; }
works() { [ "$(code on "$i" /workdir 2>/dev/null)" = 200 ]; }
running() { http /api/v1/execs/goeson | grep -q '"State": "running"'; }
eventually running

# Its log does not grow for ever.
yes 'a line of its log' | head -n 100000 >>"$(echo "$T"/state/local/*/log)"
short() { [ "$(stat -c %s "$T"/state/local/*/log)" -lt 70000 ]; }
eventually short

kill -KILL "$(box_pid)"
away() { verb instance list | grep -q "^$i .* lost "; }
eventually away
eventually works
running || fail "it does not run any more"
alive "$(cat "$T/pid")" || fail "it was ended"
assert_eq text "$(run "$i" 'cat "$WORKDIR/kept"' | head -n 1)"

# The coordinator is killed before it could write down whom it had started: that one
# is not started once more beside itself.
was=$(box_pid)
kill9 coordinator
rm "$T"/state/local/*/pid
start_coordinator -local-limit 2
eventually works
running || fail "it does not run any more"
sed -n '/serves on/h; /serves on/!H; ${x;p}' "$T/coordinator.log" >"$T/since"
assert_no_match 'started buildlet' "$(cat "$T/since")"
echo "$was" >"$(echo "$T"/state/local/*/type | sed 's/type$/pid/')"

kill9 coordinator
kill -KILL "$was"
box_gone() { ! alive "$was"; }
eventually box_gone
start_coordinator -local-limit 2
eventually works
running || fail "it does not run any more"
alive "$(cat "$T/pid")" || fail "it was ended"
: >"$T/go"
ended() { http /api/v1/execs/goeson | grep -q '"Status": "exit status 4"'; }
eventually ended

# Nobody needs it any more, and it is killed: another is started for the next.
on "$i" /execs -d mode=sys -d cmd=/bin/sh -d cmdArg=-c -d id=leftover \
    --data-urlencode "cmdArg=echo \$\$ >$T/left; exec sleep 1000" >"$T/begun"
wait_file "$T/left"
kill -KILL "$(box_pid)"
eventually away
destroy "$i"
none_left() { ! alive "$(cat "$T/left")"; }
eventually none_left
j=$(create "$LOCAL")
assert_eq '' "$(run "$j" 'ls "$WORKDIR" | grep kept' | head -n 1 | grep -v Process)"
