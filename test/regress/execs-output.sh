#!/bin/sh
# Output of execs: big, binary, byte by byte, in order, late, and from the middle
# on; a grandchild that holds the pipe is told of.
# timeout: 120
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
sum() { cksum <"$1"; }

# 10 MiB without a newline, and bytes of all kinds.
head -c 10485760 /dev/zero | tr '\0' x >"$T/long"
make long0001 -d cmd=/bin/cat -d "cmdArg=$T/long"
said long0001 >"$T/got"
assert_eq "$(sum "$T/long")" "$(sum "$T/got")" "10 MiB in one line"
head -c 3000000 /dev/urandom >"$T/binary"
printf 'a\0b\0\0c' >>"$T/binary"
make binary01 -d cmd=/bin/cat -d "cmdArg=$T/binary"
said binary01 >"$T/got"
assert_eq "$(sum "$T/binary")" "$(sum "$T/got")" "binary"

# From any record on.
log binary01 offset=0
at=$("$TEST_BIN/logtext" -l <"$T/log" | awk '$1 > 1000000 { print $1; exit }')
size=$("$TEST_BIN/logtext" -s <"$T/log" | sed 's/end=\([0-9]*\) .*/\1/')
"$TEST_BIN/logtext" -l <"$T/log" >"$T/list"
before=$(awk -v at="$at" '$1 < at { n += $3 } END { print n }' "$T/list")
log binary01 "offset=$at"
assert_eq "$(tail -c +$((before + 1)) "$T/binary" | cksum)" "$("$TEST_BIN/logtext" -o "$at" <"$T/log" | cksum)"
log binary01 "offset=$size"
assert_eq '' "$(cat "$T/log")" "beyond the last record there is nothing"
assert_eq ok "$(trailer Process-State)"

# One byte at a time.
# shellcheck disable=SC2016
make_sh bytes001 'i=0; while [ $i -lt 500 ]; do printf x; i=$((i + 1)); done'
assert_eq 500 "$(said bytes001 | wc -c | tr -d ' ')"

# Two streams line by line: merged they are in order, apart each is.
# shellcheck disable=SC2016
lines='i=0; while [ $i -lt 300 ]; do echo "out $i"; echo "err $i" >&2; i=$((i + 1)); done'
make_sh merged01 "$lines" -d merge=true
said merged01 >"$T/got" 2>"$T/err"
assert_eq '' "$(cat "$T/err")"
awk '$0 != (NR % 2 ? "out " : "err ") int((NR - 1) / 2) { exit 1 }' "$T/got" || fail "merged lines are out of order"
make_sh apart001 "$lines"
said apart001 >"$T/got" 2>"$T/err"
awk '$0 != "out " NR - 1 { exit 1 }' "$T/got" || fail "stdout is out of order"
awk '$0 != "err " NR - 1 { exit 1 }' "$T/err" || fail "stderr is out of order"
assert_eq 300 "$(wc -l <"$T/err" | tr -d ' ')"

# Output after the command's own end is still its output.
make_sh late0001 '(sleep 0.3; echo late) & echo early; exit 7'
assert_eq "early
late" "$(said late0001)"
assert_eq 'exit status 7' "$(trailer Process-State)"

# A grandchild that holds the pipe: the end is told after a short grace, with
# what runs on, and it does run on.
make_sh holder01 "sleep 1000 & echo \$! >$T/holder; echo over; exit 4"
assert_eq over "$(said holder01)"
assert_eq 'exit status 4' "$(trailer Process-State)"
assert_eq '1 sleep' "$(trailer Exec-Left)"
show holder01
assert_eq 1 "$(field Left)"
assert_eq sleep "$(field LeftNames)"
alive "$(cat "$T/holder")" || fail "what it left behind was killed"
assert_eq 409 "$(code -X DELETE "$url/execs/holder01")"
assert_eq 200 "$(code -d grace=0 "$url/execs/holder01/kill")" "what is left can be killed"
left_none() { show holder01 && [ "$(field Left)" = 0 ]; }
eventually left_none
gone() { ! alive "$(cat "$T/holder")"; }
eventually gone

# Followed while it runs, by several, from different places.
mkfifo "$T/go"
make_sh follow01 "echo one; read x <$T/go; echo two"
start f1 curl -sSN -o "$T/f1" "$url/execs/follow01/log?follow=true"
wait_file "$T/f1"
one() { show follow01 && [ "$(field LogEnd)" = 20 ]; }
eventually one
start f2 curl -sSN -D "$T/h2" -o "$T/f2" "$url/execs/follow01/log?follow=true&offset=20"
log follow01 offset=0
assert_eq one "$("$TEST_BIN/logtext" <"$T/log")" "what is there, without following"
assert_eq '' "$(trailer Process-State)" "it has not ended"
wait_file "$T/h2"
echo >"$T/go"
ended() { ! alive "$(pid_of "$1")"; }
eventually ended f1
eventually ended f2
assert_eq "one
two" "$("$TEST_BIN/logtext" <"$T/f1")"
assert_eq two "$("$TEST_BIN/logtext" -o 20 <"$T/f2")"

# With debug, the log begins with what is run.
make_sh debug001 'echo text' -d debug=true
said debug001 >"$T/got"
assert_match '^:: Running /bin/sh with args \["/bin/sh" "-c" "echo text"\]' "$(head -n 1 "$T/got")"
assert_eq text "$(tail -n 1 "$T/got")"
