#!/bin/sh
# Many yamux streams against HashiCorp's own implementation, in both roles, over
# TCP and TLS: sizes from nothing to many windows and to the byte around their
# edges, echoes, one-way transfers, half-closes and resets, a thousand at once,
# pings meanwhile, and either side going away, to the last byte: the SHA-256 of what
# was sent is that of what came, in each stream that is not reset.
# timeout: 240
. "$(dirname "$0")/../lib/sh.sh"

peer=${GOMOTE_BUILD:-$SRC/build}/test/go/yamuxpeer
status sh "$SRC/test/lib/yamuxpeer/build.sh" "$peer"
[ "$STATUS" != 77 ] || exit 77
assert_eq 0 "$STATUS" "building yamuxpeer"

n=300
[ -z "${GOMOTE_SANITIZED:-}" ] || n=100

# held LISTENER-ARGS... -- CONNECTOR-ARGS...: one program of each, until both end.
held() {
	listener=
	while [ "$1" != -- ]; do
		listener="$listener $1"
		shift
	done
	shift
	rm -f "$T/port"
	# shellcheck disable=SC2086
	start listener $listener -listen 127.0.0.1:0 -port "$T/port"
	wait_file "$T/port"
	said=$("$@" -connect "127.0.0.1:$(cat "$T/port")") || fail "$*"
	p=$(pid_of listener)
	eventually _gone "$p"
	status wait "$p"
	assert_eq 0 "$STATUS" "exit status of$listener"
	rm "$T/listener.pid"
}

# all_equal N: the digests of so many streams were compared, or they were reset.
all_equal() {
	assert_eq "$1" "$(printf '%s\n' "$said" |
	    awk '/^(equal|reset) / { n += $2 } END { print n }')" "digests that are equal"
}

# Who opens and who serves saw the same streams, and the same bytes in each.
saw() {
	said=$said'
'$(cat "$T/listener.log")
	assert_match "^opened $n\$" "$said" "opener"
	assert_match "^served $n\$" "$said" "server"
	all_equal "$n"
	: >"$T/listener.log"
}

need openssl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null

rd=$TEST_BIN/rdpeer
for seed in 1 2 3; do
	held "$rd" -- "$peer" -open -n $n -seed $seed
	saw
	held "$peer" -- "$rd" -open -n $n -seed $seed
	saw
done
held "$rd" -cert "$T/cert.pem" -key "$T/key.pem" -- "$peer" -tls -open -n $n -seed 4
saw
held "$peer" -cert "$T/cert.pem" -key "$T/key.pem" -- "$rd" -tls -open -n $n -seed 4
saw
# A thousand at once.
n=1000
for tls in "" "-cert $T/cert.pem -key $T/key.pem"; do
	# shellcheck disable=SC2086
	held "$rd" $tls -- "$peer" ${tls:+-tls} -open -n $n -p $n -max 40000 -seed 6
	saw
	assert_match '^pings answered$' "$said"
	# shellcheck disable=SC2086
	held "$peer" $tls -- "$rd" ${tls:+-tls} -open -n $n -p $n -max 40000 -seed 7
	saw
done
# To the byte below, at and above one window, two, up to five.
n=75
held "$rd" -- "$peer" -open -n $n -edges -seed 8
saw
held "$peer" -- "$rd" -open -n $n -edges -seed 9
saw
# The side that serves goes away in the middle: what it took ends in peace, the
# rest is refused.
left() {
	opened=$(printf '%s\n' "$said" | sed -n 's/^opened //p')
	assert_match "^served $opened\$" "$(cat "$T/listener.log")" "server"
	[ "$opened" -ge 40 ] || fail "only $opened streams were taken"
	[ "$opened" -lt 500 ] || fail "nothing was refused"
	said=$said'
'$(cat "$T/listener.log")
	all_equal "$opened"
	: >"$T/listener.log"
}
held "$rd" -leave 40 -- "$peer" -open -n 500 -p 20 -leave 40 -seed 10
left
held "$peer" -leave 40 -- "$rd" -open -n 500 -p 20 -leave 40 -seed 11
left
n=300
[ -z "${GOMOTE_SANITIZED:-}" ] || n=100
# Larger than all windows together, a few at once.
held "$rd" -- "$peer" -open -n $n -p 4 -max 3000000 -seed 5
saw
