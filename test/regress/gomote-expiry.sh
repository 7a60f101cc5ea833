#!/bin/bash
# gomote-expiry.sh - gomote ping, gomote run and an upload by gomote each keep an
# instance alive; without them it goes, and list and the next command say so.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator -idle 2s
idle=$(gomote create "$LOCAL") pinged=$(gomote create "$LOCAL")
running=$(gomote create "$LOCAL") pushed=$(gomote create "$LOCAL")
gomote run "$running" /bin/sleep 1000 >/dev/null 2>&1 &
echo $! >"$T/running.pid"
mkdir "$T/src"
head -c 100000 /dev/urandom >"$T/src/file"
tar -C "$T/src" -czf "$T/src.tgz" file
mkfifo "$T/slow"
gomote puttar -dir d "$pushed" - <"$T/slow" >"$T/pushed.log" 2>&1 &
echo $! >"$T/pushed.pid"
exec 9>"$T/slow"
# The archive in small pieces, never all of it.
n=0
end=$(($(date +%s) + 6))
while [ "$(date +%s)" -le $end ]; do
	gomote ping "$pinged" || fail "$pinged has ended"
	tail -c +$((n + 1)) "$T/src.tgz" | head -c 100 >&9
	n=$((n + 100))
done
list=$(gomote list)
for i in $pinged $running $pushed; do
	assert_match "^$i	" "$list" "what lives"
done
assert_no_match "^$idle	" "$list" "what ends"
assert_status 1 gomote ping "$idle" 2>"$T/err"
assert_match "^gomote: coordinator: ping: unknown or expired buildlet: instance $idle ended .* ago: not used for 2s" "$(cat "$T/err")"
tail -c +$((n + 1)) "$T/src.tgz" >&9
exec 9>&-
status wait "$(pid_of pushed)"
assert_eq 0 "$STATUS" "the slow upload"
gomote ls "$pushed" d | grep -qx file || fail "nothing was unpacked"
