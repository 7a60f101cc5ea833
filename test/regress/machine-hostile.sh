#!/bin/bash
# machine-hostile.sh - a registered machine that breaks the rules of yamux: its
# session, and no other, ends with go away 1, the log says in one line whose and
# why, and of many such sessions nothing stays in the coordinator. Meanwhile a
# command on another machine runs on.
# timeout: 120
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
verb key add "$HOST_REVERSE" evil >"$T/evil.key"
start_buildlet b1
eventually machine_is b1 idle
i=$(create "$REVERSE")

# The command says a line a round until it is told to end; it keeps its count.
begin running /exec -H "X-Buildlet-Proxy: $i" -D "$T/head" -d mode=sys -d cmd=/bin/sh \
    -d cmdArg=-c --data-urlencode "cmdArg=n=0; while [ ! -e $T/enough ]; do
	echo line \$n; n=\$((n + 1)); sleep 0.02; done; echo \$n >$T/count"
eventually grep -q 'line 3' "$T/running.log"

# attack NAME TIMES: it is told go away 1 each time.
attack() {
	"$TEST_BIN/hostile" -ca "$GOMOTE_CA" -key-file "$T/evil.key" -type "$HOST_REVERSE" \
	    -name evil -n "$2" "127.0.0.1:$PORT" "$1" >"$T/hostile.log" || fail "$1"
	assert_eq "$2" "$(grep -cx 'go away 1' "$T/hostile.log")" "$1: times it was told"
	assert_eq "$2" "$(wc -l <"$T/hostile.log")" "$1: lines that it said"
}

said=0
# ends NAME REASON: its end is one line, which names the machine and the reason.
ends() {
	attack "$1" 1
	gone=$(grep 'evil: gone:' "$T/coordinator.log" | tail -n +$((said + 1)))
	said=$((said + 1))
	assert_match "machine evil: gone: .*: $2\$" "$gone" "$1"
	assert_eq 1 "$(wc -l <<<"$gone")" "$1: lines of its end"
	machine_is evil gone || fail "$1: the machine is $(machine_state evil)"
}
ends overflow 'stream 1: 262145 bytes where 262144 are allowed'
ends unknown 'data frame for stream 999, which was never opened'
ends parity 'SYN for stream 999, an id of ours'
joined() { grep -c 'machine evil: joined' "$T/coordinator.log" || :; }
assert_eq 0 "$(joined)" "times it joined"
ends reuse 'SYN for stream 2 again'
# All that it had said of a stream that was over changed nothing.
assert_eq 1 "$(joined)" "times it joined"
ends syns 'flood of frames that do nothing'
ends pings 'flood of frames that do nothing'
ends empty 'flood of frames that do nothing'
ends credit 'stream 1: window overflows'
ends too-long 'stream 1: 4294967295 bytes where 262144 are allowed'
ends too-short 'frame of unknown version 49'
assert_eq "$said" "$(grep -c 'evil: gone:' "$T/coordinator.log")" "lines of ends"

# What a first round took is there for the next ones.
pid=$(pid_of coordinator)
files() { find "/proc/$pid/fd" | wc -l; }
round() {
	for a in overflow unknown parity reuse syns pings empty credit too-long too-short; do
		attack $a "$1"
	done
}
round 3
kb=$(rss_kb "$pid") fds=$(files)
round 20
more=$(($(rss_kb "$pid") - kb))
echo "after 200 more sessions: $more KiB"
[ "${GOMOTE_SANITIZED:-}" ] || [ $more -lt 1024 ] || fail "the coordinator grew by $more KiB"
few_files() { [ "$(files)" -le "$fds" ]; }
eventually few_files

# The other machine noticed nothing.
touch "$T/enough"
wait_file "$T/count"
eventually _gone "$(pid_of running)"
assert_eq "$(seq 0 $(($(cat "$T/count") - 1)) | sed 's/^/line /')" "$(cat "$T/running.log")" \
    "output of the command"
assert_match '^Process-State: ok' "$(cat "$T/head")" "head"
machine_is b1 leased || fail "b1 is $(machine_state b1)"
assert_eq 1 "$(grep -c 'machine .*b1: joined' "$T/coordinator.log")" "times b1 joined"
