#!/bin/bash
# coordinator-200.sh - 200 instances for 20 clients on 50 machines at once: each
# machine is one user's at a time, everybody gets one in turn, and no file of
# one lease is seen by the next.
# timeout: 300
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

machines=50 clients=20 each=10
if [ "${GOMOTE_SANITIZED:-}" ]; then
	machines=10 clients=5 each=8
fi
start_coordinator
start fake "$TEST_BIN/fakemachines" -n $machines -ca "$GOMOTE_CA" \
    -key-file "$GO_BUILD_KEY_PATH" "127.0.0.1:$PORT"
eventually -t 60 grep -q ready "$T/fake.log"

# One lease: create, write a file of its own name, see only that, destroy.
lease() {
	local name
	name=$(stock /buildlet/create -d version=20191119 -d "builderType=$REVERSE" --max-time 200 |
	    sed -n 's/.*"buildlet":.*"Name":"\([^"]*\)".*/\1/p')
	[ "$name" ] || { echo "no instance"; return; }
	on "$name" "/write?path=$name&mode=420" -T - <<<x |
	    grep -q OK || echo "$name: not written"
	on "$name" /exec -d cmd=ls >"$T/seen-$name"
	grep -v '^machine ' "$T/seen-$name" | grep -vxF "file $name" &&
	    echo "$name: sees another's file"
	grep -qxF "file $name" "$T/seen-$name" || echo "$name: its file is gone"
	stock /halt -H "X-Buildlet-Proxy: $name" -X POST || echo "$name: not destroyed"
	echo "done $name"
}
client() {
	local n pids=()
	for ((n = 0; n < each; n++)); do
		lease &
		pids+=($!)
	done
	wait "${pids[@]}"
}
pids=()
for ((c = 0; c < clients; c++)); do
	client >"$T/client-$c.out" 2>&1 &
	pids+=($!)
done
most=0
while kill -0 "${pids[@]}" 2>/dev/null; do
	n=$(verb machine list | grep -c ' leased ' || :)
	[ "$n" -le "$most" ] || most=$n
	[ "$n" -le $machines ] || fail "$n machines are leased"
done
wait "${pids[@]}" || :
bad=$(grep -hv '^done ' "$T"/client-*.out || :)
assert_eq '' "$bad" "trouble"
assert_eq $((clients * each)) "$(sort -u "$T"/client-*.out | grep -c '^done ')" "instances served"
[ "$most" -gt 1 ] || fail "never more than $most machines at once"
assert_match '0 instances, 0 waiting' "$(verb status)"
