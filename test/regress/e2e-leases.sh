#!/bin/bash
# e2e-leases.sh - many users on fewer real machines: everybody gets one in turn,
# and nothing of a lease is seen by the next, neither in the work directory nor
# in the places for temporary files and caches. (coordinator-200.sh has the
# numbers, with machines that are none.)
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

machines=10 users=5 each=8
start_coordinator
for ((n = 0; n < machines; n++)); do
	start m$n buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
	    -workdir "$T/work-m$n" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname m$n
done
all_idle() {
	[ "$(verb machine list | grep -c ' idle ')" -eq $machines ]
}
eventually all_idle

# One lease: create, look for what others left, leave something, destroy.
lease() {
	local i
	i=$(gomote create "$REVERSE" 2>/dev/null) || { echo "no instance"; return; }
	# shellcheck disable=SC2016
	gomote run "$i" /bin/sh -c 'cd "$WORKDIR" && find . -type f
	    for d in "$WORKDIR" "$TMPDIR" "$GOCACHE"; do echo x >"$d/left"; done' 2>/dev/null ||
	    echo "$i: run failed"
	gomote destroy "$i" || echo "$i: not destroyed"
	echo "done $i"
}
pids=()
for ((u = 0; u < users; u++)); do
	token=$(verb user add "user$u")
	for ((n = 0; n < each; n++)); do
		GOMOTE_USER=user$u GOMOTE_TOKEN=$token lease >"$T/lease-$u-$n.out" 2>&1 &
		pids+=($!)
	done
done
wait "${pids[@]}"
assert_eq '' "$(grep -hv '^done ' "$T"/lease-*.out || :)" "trouble, or files of others"
assert_eq $((users * each)) "$(sort -u "$T"/lease-*.out | grep -c '^done ')" "instances served"
eventually all_idle
assert_eq '' "$(find "$T"/work-m[0-9] -type f)" "what is left"
