#!/bin/bash
# revdial-soak.sh - fifty sessions at once for SOAK seconds (15): random streams,
# resets, sessions cut and drained; then DROPS connections (1000) dropped at once.
# No byte is wrong, and memory, descriptors and streams are what they were, each time
# that all has come to rest. (check-big does it for ten minutes, under ASan.)
# timeout: 240
. "$(dirname "$0")/../lib/sh.sh"
need openssl

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 1 -subj /CN=localhost 2>/dev/null
"$TEST_BIN/rdsoak" -cert "$T/cert.pem" -key "$T/key.pem" -seconds "${SOAK:-15}" \
    -drops "${DROPS:-1000}" -seed "${SEED:-1}"
