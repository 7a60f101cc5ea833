#!/bin/sh
# coordinator-proxy-big.sh - 64 MiB there and back through the coordinator, and
# out of a command, byte for byte, in little memory.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
i=$(create "$REVERSE")
head -c 67108864 /dev/urandom >"$T/big"
assert_eq OK "$(on "$i" '/write?path=d/big&mode=420' -T "$T/big")"
on "$i" '/tgz?dir=d' >"$T/big.tgz"
mkdir "$T/back"
tar xzf "$T/big.tgz" -C "$T/back"
cmp "$T/big" "$T/back/big" || fail "tgz differs"
on "$i" /exec -d mode=sys -d cmd=cat -d cmdArg=d/big >"$T/cat"
cmp "$T/big" "$T/cat" || fail "output differs"
assert_eq OK "$(on "$i" '/write?path=chunked&mode=420' -T - <"$T/big")"
cmp "$T/big" "$T/work-b1/chunked" || fail "chunked upload differs"
peak=$(peak_kb "$(pid_of coordinator)")
[ "${GOMOTE_SANITIZED:-}" ] || [ "$peak" -lt 32768 ] || fail "the coordinator took $peak KiB"
