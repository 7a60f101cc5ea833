#!/bin/sh
# A disk that fills under a log: the command goes on, what could not be kept is
# counted, and the machine stays usable.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

mount_tmpfs "$T/small" 4m
start box buildlet -listen 127.0.0.1:0 -port-file "$T/box.port" -workdir "$T/small/work"
wait_file "$T/box.port"
url=http://127.0.0.1:$(cat "$T/box.port")
make_sh filler01 'head -c 3000000 /dev/zero >file; i=0; while [ $i -lt 200 ]; do head -c 10000 /dev/zero; i=$((i + 1)); done; rm file; echo the end; exit 5'
assert_eq 'exit status 5' "$(finish filler01)"
assert_eq '' "$(field Why)"
assert_eq 2000008 "$(field Output)"
[ "$(field Dropped)" -gt 0 ] || fail "all of it fitted?"
said filler01 >"$T/got"
gap=$("$TEST_BIN/logtext" -s <"$T/log" | sed 's/.*gap=\([0-9]*\).*/\1/')
assert_eq "$(field Output)" $(($(wc -c <"$T/got") + gap))
assert_eq 'the end' "$(tail -c 8 "$T/got")"

# POST /exec says so in its output.
out=$(curl -sS -D "$T/head" -d cmd=/bin/sh -d mode=sys -d cmdArg=-c --data-urlencode \
    'cmdArg=head -c 4000000 /dev/zero >file; echo lost; sync; rm file; echo kept' "$url/exec" | tr -d '\0')
assert_match 'kept' "$out"
assert_match '^Process-State: ok' "$(cat "$T/head")"
assert_eq 200 "$(code -X PUT -d new "$url/write?path=after")" "it is usable"
stop box
