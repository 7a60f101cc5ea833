#!/usr/bin/env bash
# Our yamux at both ends against HashiCorp's at both ends, taken in turns, medians:
# bulk data on one stream and on eight, over TCP and over TLS; a new stream, one
# byte there and back, close; the same while a bulk stream runs. Then what one
# stream gets of a long line, beside a bare TCP connection.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"

peer=${GOMOTE_BUILD:-$SRC/build}/test/go/yamuxpeer
status sh "$SRC/test/lib/yamuxpeer/build.sh" "$peer"
have_peer=$((STATUS == 0))
rd=${GOMOTE_BUILD:-$SRC/build}/test/bench/revdial
bytes=${BYTES:-2000000000}
rounds=${ROUNDS:-5}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null

# session WHO [tls] ARG...: what the opener of WHO (ours, peer) prints.
session() {
	local p=("$rd") o=() listen=() connect=()
	[ "$1" = ours ] || p=("$peer" -speed) o=(-open)
	shift
	if [ "$1" = tls ]; then
		listen=(-cert "$T/cert.pem" -key "$T/key.pem")
		connect=(-tls)
		shift
	fi
	rm -f "$T/port"
	start listener "${p[@]}" -listen 127.0.0.1:0 -port "$T/port" "${listen[@]}"
	wait_file "$T/port"
	"${p[@]}" -connect "127.0.0.1:$(cat "$T/port")" "${o[@]}" "${connect[@]}" "$@"
	# HashiCorp's may complain that the session ended.
	wait "$(pid_of listener)" || :
	rm "$T/listener.pid"
}

# bulk NAME WHO ARG...: a session, and what it cost at both ends together in
# seconds of processor time a GB, which other work on this machine hardly
# changes.
bulk() {
	local name=$1
	shift
	times >"$T/before"
	session "$@" -bulk "$bytes" >>"$T/$1-$name"
	times >"$T/after"
	awk -v bytes="$bytes" 'FNR == 2 {
		gsub(/[ms]/, " ")
		t = $1 * 60 + $2 + $3 * 60 + $4 - t
	} END { printf "%.3f\n", t / bytes * 1e9 }' "$T/before" "$T/after" \
	    >>"$T/$1-$name-cpu"
}

for ((i = 0; i < rounds; i++)); do
	for who in ours peer; do
		[ $who = ours ] || [ $have_peer = 1 ] || continue
		bulk plain $who -p 1
		bulk plain-8 $who -p 8
		bulk tls $who tls -p 1
		bulk tls-8 $who tls -p 8
		session $who -p 1 -turn 10000 >>"$T/$who-turn"
		session $who -p 64 -turn 50000 >>"$T/$who-opens"
		session $who -p 1 -beside 2000 >>"$T/$who-beside"
	done
done

# told NAME UNIT FILE FIELD TARGET: the medians of that field.
told() {
	local theirs=-
	[ $have_peer = 0 ] || theirs=$(cut -d' ' -f"$4" "$T/peer-$3" | median)
	figure "$1" "$2" "$(cut -d' ' -f"$4" "$T/ours-$3" | median)" "$5" \
	    "$theirs" "HashiCorp's yamux in Go"
}

# Without Go's beside them, what 1.5 times Go's was where it could be had.
bulk_target='>=1.5x' cpu_target='<=0.67x' turn_target='<=0.5x' opens_target='>=3x'
[ $have_peer = 1 ] || bulk_target='>=1100' cpu_target='<=1.2' turn_target='<=50' opens_target='>=25000'
for kind in plain plain-8 tls tls-8; do
	told revdial-bulk-$kind MB/s $kind 1 "$bulk_target"
	told revdial-bulk-$kind-cpu s/GB $kind-cpu 1 "$cpu_target"
done
told revdial-turn-p50 us turn 1 "$turn_target"
told revdial-opens 1/s opens 3 "$opens_target"
told revdial-beside-p50 us beside 1 '<=3000'
told revdial-beside-p99 us beside 2 '<=3000'

# A line of 100 Mbit/s with a round trip of 80 ms, between two hosts.
# shellcheck source=test/lib/netns.sh
. "$SRC/test/lib/netns.sh"
host near
host far
line_bytes=${LINE_BYTES:-150000000}
long_wire near far 1 -delay 40 -rate 12500000

# over_line BYTES PROGRAM...: prints Mbit/s.
over_line() {
	local bytes=$1 open=()
	shift
	[ "$1" = "$rd" ] || open=(-open)
	rm -f "$T/port"
	start_at far listener "$@" -listen 10.92.1.2:0 -port "$T/port"
	wait_file "$T/port"
	at near "$@" -connect "10.92.1.2:$(cat "$T/port")" "${open[@]}" -p 1 -bulk "$bytes" |
	    awk '{ printf "%.1f\n", $1 * 8 }'
	wait "$(pid_of listener)" || :
	rm "$T/listener.pid"
}
for ((i = 0; i < 3; i++)); do
	over_line "$line_bytes" "$rd" >>"$T/ours-line"
	over_line "$line_bytes" "$rd" -plain >>"$T/tcp-line"
	[ $have_peer = 0 ] || over_line 20000000 "$peer" -speed >>"$T/peer-line"
done
told revdial-line-80ms Mbit/s line 1 '>=85'
figure revdial-line-80ms-tcp Mbit/s "$(median <"$T/ours-line")" '>=0.93x' \
    "$(median <"$T/tcp-line")" "a bare TCP connection"
