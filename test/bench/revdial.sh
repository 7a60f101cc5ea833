#!/usr/bin/env bash
# Bulk data on one yamux stream, MB/s: ours at both ends against HashiCorp's
# at both ends, over TCP and over TLS. Medians of five, taken in turns. Then what
# one stream gets of a long line.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"

peer=${GOMOTE_BUILD:-$SRC/build}/test/go/yamuxpeer
status sh "$SRC/test/lib/yamuxpeer/build.sh" "$peer"
have_peer=$((STATUS == 0))
rd=$TEST_BIN/rdpeer
bytes=${BYTES:-2000000000}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null

# bulk PROGRAM [tls]: prints MB/s.
bulk() {
	local listen=() connect=()
	if [ "${2:-}" ]; then
		listen=(-cert "$T/cert.pem" -key "$T/key.pem")
		connect=(-tls)
	fi
	rm -f "$T/port"
	start listener "$1" -listen 127.0.0.1:0 -port "$T/port" "${listen[@]}"
	wait_file "$T/port"
	"$1" -connect "127.0.0.1:$(cat "$T/port")" "${connect[@]}" -open -bulk "$bytes"
	# HashiCorp's may complain that the session ended while it said "done".
	wait "$(pid_of listener)" || :
	rm "$T/listener.pid"
}

for ((i = 0; i < 5; i++)); do
	bulk "$rd" >>"$T/ours-plain"
	bulk "$rd" tls >>"$T/ours-tls"
	[ $have_peer = 1 ] || continue
	bulk "$peer" >>"$T/peer-plain"
	bulk "$peer" tls >>"$T/peer-tls"
done
for kind in plain tls; do
	theirs=-
	[ $have_peer = 0 ] || theirs=$(median <"$T/peer-$kind")
	target='>=650'
	[ $have_peer = 0 ] || target='>=1x'
	figure "revdial-bulk-$kind" MB/s "$(median <"$T/ours-$kind")" "$target" \
	    "$theirs" "HashiCorp's yamux in Go"
done

# A line of 100 Mbit/s with a round trip of 80 ms, between two hosts.
# shellcheck source=test/lib/netns.sh
. "$SRC/test/lib/netns.sh"
host near
host far
long_wire near far 1 -delay 40 -rate 12500000

# over_line PROGRAM BYTES: prints Mbit/s.
over_line() {
	rm -f "$T/port"
	start_at far listener "$1" -listen 10.92.1.2:0 -port "$T/port"
	wait_file "$T/port"
	at near "$1" -connect "10.92.1.2:$(cat "$T/port")" -open -bulk "$2" |
	    awk '{ printf "%.1f\n", $1 * 8 }'
	wait "$(pid_of listener)" || :
	rm "$T/listener.pid"
}
for ((i = 0; i < 3; i++)); do
	over_line "$rd" "${LINE_BYTES:-150000000}" >>"$T/ours-line"
	[ $have_peer = 0 ] || over_line "$peer" 20000000 >>"$T/peer-line"
done
theirs=-
[ $have_peer = 0 ] || theirs=$(median <"$T/peer-line")
figure revdial-line-80ms Mbit/s "$(median <"$T/ours-line")" ">=85" "$theirs" \
    "HashiCorp's yamux in Go"
