#!/bin/sh
# Our yamux against itself, over TCP and TLS: hundreds of streams at once, to
# the last byte, and a few large ones; nothing is left at either end.
. "$(dirname "$0")/../lib/sh.sh"

rd=$TEST_BIN/rdpeer
need openssl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null

# both [LISTENER-ARG...] -- CONNECTOR-ARG...
both() {
	listener=
	while [ "$1" != -- ]; do
		listener="$listener $1"
		shift
	done
	shift
	rm -f "$T/port"
	# shellcheck disable=SC2086
	start listener "$rd" -listen 127.0.0.1:0 -port "$T/port" $listener
	wait_file "$T/port"
	said=$("$rd" -connect "127.0.0.1:$(cat "$T/port")" "$@") || fail "rdpeer $*"
	p=$(pid_of listener)
	eventually _gone "$p"
	status wait "$p"
	assert_eq 0 "$STATUS" "exit status of the listener"
	rm "$T/listener.pid"
}

n=600
[ -z "${GOMOTE_SANITIZED:-}" ] || n=150
# opened N: so many, and the SHA-256 of what was sent is that of what came in each
# that was not reset.
opened() {
	assert_match "^opened $1\$" "$said"
	assert_eq "$1" "$({ printf '%s\n' "$said" && cat "$T/listener.log"; } |
	    awk '/^(equal|reset) / { n += $2 } END { print n }')" "digests that are equal"
	: >"$T/listener.log"
}
both -- -open -n $n -p 300
opened $n
both -cert "$T/cert.pem" -key "$T/key.pem" -- -tls -open -n $n -p 300 -seed 2
opened $n
both -- -open -n 6 -p 2 -max 60000000 -seed 3
opened 6
