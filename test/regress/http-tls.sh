#!/bin/sh
# The same server over TLS: bodies both ways and a kept connection.
. "$(dirname "$0")/../lib/sh.sh"
need curl openssl

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null
start httpd "$TEST_BIN/httpd" "$T/port" "$T/cert.pem" "$T/key.pem"
wait_file "$T/port"
url=https://127.0.0.1:$(cat "$T/port")

head -c 3000000 /dev/urandom >"$T/data"
curl -sS --max-time 60 --http1.1 --cacert "$T/cert.pem" -T "$T/data" "$url/echo" >"$T/back"
cmp "$T/data" "$T/back"
curl -sS --max-time 60 --http1.1 --cacert "$T/cert.pem" -T - "$url/echo" <"$T/data" >"$T/back"
cmp "$T/data" "$T/back"
curl -sSv --max-time 60 --http1.1 --cacert "$T/cert.pem" "$url/hello" "$url/hello" \
    >"$T/out" 2>"$T/curl.err"
assert_match 'Re-using existing connection' "$(cat "$T/curl.err")"
assert_eq 100000000 "$(curl -sS --max-time 60 --cacert "$T/cert.pem" "$url/big?n=100000000" | wc -c | tr -d ' ')"
