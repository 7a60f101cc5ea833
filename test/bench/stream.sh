#!/usr/bin/env bash
# The byte stream over loopback: plain TCP, TLS 1.3, a relay from TLS to TLS and
# one from TLS into a yamux session over TLS (in a process of its own),
# there-and-back over TLS (all on one core, because where the kernel puts two
# sleeping processes makes a factor of four), memory of idle TLS connections.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"

B=${GOMOTE_BUILD:-$SRC/build}/test/bench/stream
for ((i = 0; i < 5; i++)); do
	"$B" plain 4096 >>"$T/plain"
	"$B" tls 2048 >>"$T/tls"
	"$B" relay 2048 >>"$T/relay"
	"$B" mux 2048 >>"$T/mux"
	taskset -c 0 "$B" ping 20000 >>"$T/ping"
done
"$B" idle 4000 >"$T/idle"

# field FILE N: the median of the Nth number; the relay and the sink behind it
# each print a line, with 0 for what they do not know.
field() {
	awk -v n="$2" '$n > 0 { print $n }' "$1" | median
}
figure stream-plain MB/s "$(field "$T/plain" 1)" ">=4000" - none
figure stream-plain-receiver-cpu s/GB "$(field "$T/plain" 2)" "<=0.25" - none
figure stream-tls MB/s "$(field "$T/tls" 1)" ">=1200" - none
figure stream-relay MB/s "$(field "$T/relay" 1)" ">=600" - none
figure stream-relay-cpu s/GB "$(awk '$1 == 0 { print $2 }' "$T/relay" | median)" "<=1.6" - none
figure stream-relay-mux MB/s "$(field "$T/mux" 1)" ">=660" - none
figure stream-relay-mux-cpu s/GB "$(awk '$1 == 0 { print $2 }' "$T/mux" | median)" "<=1.5" - none
figure stream-ping-p50 us "$(field "$T/ping" 1)" "<=35" - none
figure stream-ping-p99 us "$(field "$T/ping" 2)" "<=60" - none
figure stream-idle-tls KB "$(awk '{ printf "%.1f\n", $1 / 1000 }' "$T/idle")" "<=16" - none
