#!/bin/sh
# A log that is followed tells every 15 seconds that the way still stands.
# timeout: 60
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
make_sh silent01 'echo begin; sleep 1000'
start follower curl -sSN -o "$T/followed" "$url/execs/silent01/log?follow=true"
alive_came() { "$TEST_BIN/logtext" -s <"$T/followed" | grep -q 'out=6 .*alive=[1-9]'; }
eventually -t 30 alive_came
assert_eq 200 "$(code -d grace=0 "$url/execs/silent01/kill")"
ended() { ! alive "$(pid_of follower)"; }
eventually ended
assert_eq begin "$("$TEST_BIN/logtext" <"$T/followed")"
