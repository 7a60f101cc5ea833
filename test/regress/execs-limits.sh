#!/bin/sh
# The log of a command keeps head and tail within its limit, and tells what is
# missing; a follower sees all of it, since the command waits for him; a budget
# for all logs lets the oldest go.
# timeout: 120
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl seq

export BOX_OPTIONS="-log-budget 4M"
execs_box
seq 1 200000 >"$T/numbers"
size=$(wc -c <"$T/numbers" | tr -d ' ')
make numbers1 -d cmd=/bin/cat -d "cmdArg=$T/numbers" -d logLimit=262144
assert_eq ok "$(finish numbers1)"
assert_eq "$size" "$(field Output)"
[ "$(field Dropped)" -gt 500000 ] || fail "nothing was dropped"
disk=$(du -sb "$w.gomote/execs/numbers1" | cut -f1)
[ "$disk" -lt 300000 ] || fail "$disk bytes on the disk"
said numbers1 >"$T/got"
assert_eq 1 "$(head -n 1 "$T/got")" "the head is kept"
assert_eq 200000 "$(tail -n 1 "$T/got")" "the tail is kept"
gap=$("$TEST_BIN/logtext" -s <"$T/log" | sed 's/.*gap=\([0-9]*\).*/\1/')
assert_eq "$size" $(($(wc -c <"$T/got") + gap)) "what came and what was left out"
assert_eq "$(field Dropped)" "$gap"

# Somebody follows, slowly: all of it comes, though the disk holds only a part.
mkfifo "$T/go"
make_sh follow01 "read x <$T/go; cat $T/numbers" -d logLimit=131072
start follower curl -sSN --limit-rate 1M -D "$T/fhead" -o "$T/followed" "$url/execs/follow01/log?follow=true"
wait_file "$T/fhead"
echo >"$T/go"
assert_eq ok "$(finish follow01)"
ended() { ! alive "$(pid_of follower)"; }
eventually ended
"$TEST_BIN/logtext" <"$T/followed" >"$T/got"
assert_eq "$(cksum <"$T/numbers")" "$(cksum <"$T/got")"

# POST /exec shows all of it too.
curl -sS -o "$T/got" --limit-rate 40M -d cmd=/bin/sh -d mode=sys -d cmdArg=-c --data-urlencode "cmdArg=for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat $T/numbers; done" "$url/exec"
assert_eq $((20 * size)) "$(wc -c <"$T/got" | tr -d ' ')"
assert_eq "$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat "$T/numbers"; done | cksum)" "$(cksum <"$T/got")"

# The budget: the oldest ended ones go.
for i in 1 2 3 4; do
	make "big0000$i" -d cmd=/bin/cat -d "cmdArg=$T/numbers" -d logLimit=2097152
	assert_eq ok "$(finish "big0000$i")"
done
forgotten() { [ "$(code "$url/execs/numbers1")" = 404 ] && [ "$(code "$url/execs/big00001")" = 404 ]; }
eventually forgotten
show big00004
off_disk() { [ "$(du -sb "$w.gomote/execs" | cut -f1)" -lt 4500000 ]; }
eventually off_disk
