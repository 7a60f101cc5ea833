#!/bin/sh
# coordinator-expiry.sh - an instance that is not used ends after its idle time,
# with the reason, and its machine is cleaned and free; a running command, an
# upload and pings each keep one.
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator -idle 3s -local-limit 4
start_buildlet b1
idle=$(create "$REVERSE")
assert_eq OK "$(echo x | on "$idle" '/write?path=left&mode=420' -T -)"
running=$(create "$LOCAL") pinged=$(create "$LOCAL") pushed=$(create "$LOCAL")
begin running /exec -H "X-Buildlet-Proxy: $running" -d mode=sys -d cmd=sleep -d cmdArg=1000
# An upload whose bytes come slowly.
mkfifo "$T/slow"
begin pushed '/write?path=slow&mode=420' -H "X-Buildlet-Proxy: $pushed" -T "$T/slow"
exec 9>"$T/slow"
listed() {
	stock /buildlet/list | grep -qF "\"$1\""
}
gone() {
	! listed "$1"
}
n=0
until gone "$idle"; do
	assert_eq 200 "$(code on "$pinged" /workdir)"
	echo more >&9
	n=$((n + 1))
	[ $n -lt 2000 ] || fail "$idle does not end"
	_pause
done
assert_eq 502 "$(code on "$idle" /workdir)"
assert_match "$idle ended .* ago: .*idle|$idle ended .* ago: .*not used" "$(cat "$T/answer")"
eventually machine_is b1 idle
assert_eq '' "$(find "$T/work-b1" -name left)"
# As long again: the three others live.
end=$(($(date +%s) + 5))
while [ "$(date +%s)" -le $end ]; do
	assert_eq 200 "$(code on "$pinged" /workdir)"
	echo more >&9
	_pause
done
for i in $running $pinged $pushed; do
	listed "$i" || fail "$i has ended"
done
exec 9>&-
eventually grep -q OK "$T/pushed.log"
eventually gone "$pinged"
eventually gone "$pushed"
listed "$running" || fail "$running has ended"
