#!/bin/sh
# Listen mode over TLS, and the warning for addresses that others can reach.
. "$(dirname "$0")/../lib/sh.sh"
need curl openssl

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -keyout "$T/key.pem" -out "$T/cert.pem" -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
start_listen_buildlet box -tls-cert "$T/cert.pem" -tls-key "$T/key.pem"
url=https://localhost:$LISTEN_PORT
assert_eq ok "$(curl -sS --cacert "$T/cert.pem" "$url/healthz")"
head -c 300000 /dev/urandom >"$T/data"
assert_eq OK "$(curl -sS --cacert "$T/cert.pem" -T "$T/data" "$url/write?path=data")"
curl -sS --cacert "$T/cert.pem" -d cmd=/bin/cat -d mode=sys -d cmdArg=data "$url/exec" | cmp - "$T/data"
assert_no_match WITHOUT "$(cat "$T/box.log")"

start_listen_buildlet wide -listen 0.0.0.0:0
assert_match 'warn: LISTENING ON 0.0.0.0:[0-9]+ WITHOUT A PASSWORD' "$(cat "$T/wide.log")"
status buildlet -listen 127.0.0.1:0 -workdir "$T/x" -tls-cert "$T/cert.pem" 2>/dev/null
assert_eq 2 "$STATUS" "-tls-cert without -tls-key"
