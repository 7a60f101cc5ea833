#!/bin/bash
# A hundred commands at once; a thousand ended ones listed quickly.
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
# Many requests over one connection: curl -K with FIRST to LAST.
many() {	# FIRST LAST SCRIPT
	local i
	for ((i = $1; i <= $2; i++)); do
		echo "url = \"$url/execs\""
		echo "data = \"id=many$i&mode=sys&cmd=/bin/sh&cmdArg=-c&cmdArg=$3\""
		echo 'output = /dev/null'
		[ "$i" = "$2" ] || echo next
	done >"$T/requests"
	curl -sS --fail -K "$T/requests"
}
# A bare ';' would drop the field.
# shellcheck disable=SC2016
many 10000 10099 'echo%20$$>>'"$T/pids"'%3Bwhile%20[%20!%20-e%20'"$T/go"'%20]%3Bdo%20sleep%200.2%3Bdone%3Bexit%204'
all_there() { [ "$(wc -l <"$T/pids")" -eq 100 ]; }
eventually -t 60 all_there
assert_match '"Running":100[,}]' "$(curl -sS "$url/status")"
while read -r p; do
	alive "$p" || fail "process $p does not run"
done <"$T/pids"
touch "$T/go"
all_over() { curl -sS "$url/status" | grep -q '"Running":0[,}]'; }
eventually -t 60 all_over
assert_eq 100 "$(curl -sS "$url/execs" | grep -o '"Status":"exit status 4"' | wc -l)" "ended as they should"
many 10100 10999 'exit%203'
eventually -t 60 all_over
assert_eq 1000 "$(curl -sS "$url/execs" | grep -o '"ID"' | wc -l)"
best=1000
for _ in 1 2 3 4 5; do
	took=$(curl -sS -o /dev/null -w '%{time_total}' "$url/execs" | awk '{ printf "%d", $1 * 1000 }')
	[ "$took" -ge "$best" ] || best=$took
done
echo "1000 ended execs listed in $best ms"
[ "$best" -lt 200 ] || fail "too slow"

# After a restart too; and it does not take long to find them.
assert_eq 200 "$(code -d id=user-a-0 "$url/lease")"
kill9 box
execs_box
assert_eq 1000 "$(curl -sS "$url/execs" | grep -o '"Status":"exit status [34]"' | wc -l)"
assert_eq many10000 "$(curl -sS "$url/execs" | grep -o '"ID":"[^"]*"' | head -n 1 | cut -d'"' -f4)" "the order"
