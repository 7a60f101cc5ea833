#!/bin/sh
# stock-buildlet.sh - a stock machine (revdial version 2, version 25): with
# -stock-keys it registers with Go's development key, is wiped before each
# lease, runs commands; each 101 has a TLS record of its own (the double ends
# if not); two requests go at once.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator -stock-keys
mkdir "$T/work-s1"
echo old >"$T/work-s1/old"
start_stock s1
eventually grep -q registered "$T/s1.log"
i=$(create "$REVERSE")
assert_eq "user-dev-$REVERSE-0" "$i"
[ ! -e "$T/work-s1/old" ] || fail "it was not wiped"
assert_match "^$HOST_REVERSE/s1 .* leased .* 2 +25 " "$(verb machine list)"
assert_eq OK "$(echo hello | on "$i" '/write?path=f&mode=420' -T -)"
assert_eq 'hello
Process-State: exit status 4' "$(run "$i" 'cat f; exit 4')"
begin slow /exec -H "X-Buildlet-Proxy: $i" -N -d mode=sys -d cmd=/bin/sh -d cmdArg=-c \
    --data-urlencode 'cmdArg=echo begun; exec sleep 1000'
eventually grep -q begun "$T/slow.log"
assert_eq 501 "$(code on "$i" /tcpproxy -X POST -H 'X-Target-Port: 22')"
assert_match '^coordinator: POST /tcpproxy: .* has no tunnels' "$(cat "$T/answer")"
n=0
while [ $n -lt 50 ]; do
	assert_eq "$n
Process-State: ok" "$(run "$i" "echo $n")"
	n=$((n + 1))
done
destroy "$i"
eventually machine_is s1 idle
[ ! -e "$T/work-s1/f" ] || fail "a file of the last lease is there"
j=$(create "$REVERSE")
assert_eq "user-dev-$REVERSE-1" "$j"
# Lost, and back within the grace time.
kill9 s1
eventually machine_is s1 gone
assert_eq 502 "$(code on "$j" /workdir)"
assert_match "^coordinator: .*$HOST_REVERSE/s1 is away" "$(cat "$T/answer")"
