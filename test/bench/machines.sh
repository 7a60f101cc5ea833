#!/usr/bin/env bash
# 10,000 idle reverse machines over TLS on one coordinator: what each costs it,
# how long until all are registered, and until all are back after kill -9. The
# machines are the buildlet's own code, all of them in one process; each has a
# key of its own, and none shares a TLS session with another.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"
# shellcheck source=test/lib/machines.sh
. "$SRC/test/lib/machines.sh"

n=${MACHINES:-10000}
look_s=${SECONDS_IDLE:-60}	# two of the coordinator's clearings of memory

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# seconds FROM TO: of now_ms.
seconds() {
	awk -v t=$(($2 - $1)) 'BEGIN { printf "%.1f\n", t / 1000 }'
}

# cpu_ticks NAME
cpu_ticks() {
	sed 's/.*) //' "/proc/$(pid_of "$1")/stat" | awk '{ print $12 + $13 }'
}

# cpu_s NAME: since it began.
cpu_s() {
	awk -v t="$(cpu_ticks "$1")" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.1f\n", t / hz }'
}

# asks: what an operator sees meanwhile, one answer after the other, over a
# connection of its own each; their times in ms go to $T/asked.
asks() {
	local t0
	while [ ! -e "$T/enough" ]; do
		t0=$(now_ms)
		if curl -sS -o "$T/page" --max-time 60 --cacert "$T/state/ca.pem" \
		    "$GOMOTE_SERVER/healthz" 2>"$T/page.err"; then
			echo $(($(now_ms) - t0)) >>"$T/asked"
		else
			echo 60000 >>"$T/asked"
		fi
		_pause
	done
}

many_begin "$n"
many_machines
t0=$(now_ms)
eventually -t 300 many_all_idle
figure machines-registered s "$(seconds "$t0" "$(now_ms)")" "<=20" - none
# The same without what else runs on this machine.
figure machines-registered-cpu s "$(cpu_s coordinator)" "<=10" - none

pass $((20 * look_s))
before=$(cpu_ticks coordinator)
pass $((20 * look_s))
cpu=$(($(cpu_ticks coordinator) - before))
figure machines-cpu % "$(awk -v t=$cpu -v hz="$(getconf CLK_TCK)" -v s="$look_s" \
    'BEGIN { printf "%.2f\n", 100 * t / hz / s }')" "<=2" 15 "Go's coordinator at 5,000"
figure machines-rss KiB "$(awk -v kb="$(rss_kb "$(pid_of coordinator)")" -v n="$n" \
    'BEGIN { printf "%.1f\n", kb / n }')" "<=22" 100 "Go's coordinator"
# Its own few are counted too.
figure machines-descriptors each "$(awk -v d="$(descriptors coordinator)" -v n="$n" \
    'BEGIN { printf "%.2f\n", d / n }')" "<=1.01" 2 "Go's coordinator"
many_all_idle || fail "not all stayed: $(many_idle) of $n"

kill9 coordinator
t0=$(now_ms)
many_serve
asks &
asking=$!
eventually -t 300 many_all_idle
figure machines-back s "$(seconds "$t0" "$(now_ms)")" "<=60" - none
figure machines-back-cpu s "$(cpu_s coordinator)" "<=10" - none
: >"$T/enough"
wait $asking
figure machines-back-operator ms "$(percentile 100 <"$T/asked")" "<=20000" - none
