# shellcheck shell=bash
# netns.sh - for regress scripts that need several hosts: network namespaces,
# each kept by a process of this test and gone with it, wires between them, and
# faults on these wires. Sourced after sh.sh; skips where the kernel refuses.
need ip nft ss nsenter unshare

# host NAME: a host with nothing but loopback.
host() {
	start "host-$1" unshare -n sh -c 'ip link set lo up && echo up >"$1" && exec tail -f /dev/null' \
	    sh "$T/host-$1.up"
	_ready() { [ -s "$T/host-$1.up" ] || ! alive "$(pid_of "host-$1")"; }
	eventually _ready "$1"
	[ -s "$T/host-$1.up" ] || skip "a network namespace is refused here"
	_filter nobody 50 | at "$1" nft -c -f - 2>/dev/null || skip "packet filters are refused here"
}

# at HOST CMD...: runs it there.
at() {
	local h=$1
	shift
	nsenter -t "$(pid_of "host-$h")" -n -- "$@"
}

# start_at HOST NAME CMD...: as start, there.
start_at() {
	local h=$1 name=$2
	shift 2
	start "$name" nsenter -t "$(pid_of "host-$h")" -n -- "$@"
}

# wire A B NUMBER: between two hosts; A is 10.91.NUMBER.1 on interface to-B, B is
# 10.91.NUMBER.2 on to-A.
wire() {
	at "$1" ip link add "to-$2" type veth peer name "to-$1" netns "$(pid_of "host-$2")" ||
	    skip "a wire between hosts is refused here"
	at "$1" ip addr add "10.91.$3.1/24" dev "to-$2"
	at "$2" ip addr add "10.91.$3.2/24" dev "to-$1"
	at "$1" ip link set "to-$2" up
	at "$2" ip link set "to-$1" up
}

# _filter FROM [PERCENT]: the rules of drop.
_filter() {
	cat <<-EOF
		table inet from-$1 {
			chain in {
				type filter hook input priority 0
				iifname "to-$1" ${2:+numgen random mod 100 < $2} drop
			}
		}
	EOF
}

# drop HOST FROM [PERCENT]: of what comes in there from that host everything is
# lost from now on, or so much. mend HOST FROM ends it.
drop() {
	_filter "$2" ${3:+"$3"} | at "$1" nft -f -
}
mend() {
	at "$1" nft delete table inet "from-$2"
}

# kill_connections HOST ADDRESS: the system ends those that it has to there.
kill_connections() {
	at "$1" ss -Htn dst "$2" | grep -q . || fail "$1 has no connection to $2"
	at "$1" ss -HtnK dst "$2" | grep -q . || skip "connections cannot be killed here (ss -K)"
}

# long_wire A B NUMBER ARG...: a wire of test/lib/longwire.c: A is 10.92.NUMBER.1,
# B is 10.92.NUMBER.2, both on interface "long", of which a host has one at most.
long_wire() {
	local a=$1 b=$2 n=$3
	shift 3
	start "long-$b" "$TEST_BIN/longwire" "$@" "$(pid_of "host-$a")" "$(pid_of "host-$b")"
	_ready() { grep -q ready "$T/long-$b.log" 2>/dev/null || ! alive "$(pid_of "long-$b")"; }
	eventually _ready
	grep -q ready "$T/long-$b.log" || skip "TUN interfaces are refused here"
	at "$a" ip addr add "10.92.$n.1/24" dev long
	at "$b" ip addr add "10.92.$n.2/24" dev long
	at "$a" ip link set long up
	at "$b" ip link set long up
}
