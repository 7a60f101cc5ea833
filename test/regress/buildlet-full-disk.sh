#!/bin/sh
# A full disk: 507, the old file stays, and nothing is left behind.
. "$(dirname "$0")/../lib/sh.sh"
need curl tar

mount_tmpfs "$T/small" 2m
start box buildlet -listen 127.0.0.1:0 -port-file "$T/box.port" -workdir "$T/small/work"
wait_file "$T/box.port"
url=http://127.0.0.1:$(cat "$T/box.port")
w=$T/small/work
code() { curl -sS -o "$T/out" -w '%{http_code}' "$@"; }
curl -sS -X PUT -d old "$url/write?path=file" >/dev/null
head -c 4000000 /dev/urandom >"$T/big"

assert_eq 507 "$(code -T "$T/big" "$url/write?path=file")"
assert_match 'no space left on device' "$(cat "$T/out")"
assert_eq old "$(cat "$w/file")"
mkdir "$T/src"
mv "$T/big" "$T/src/file"
tar -C "$T/src" -czf "$T/big.tgz" file
assert_eq 507 "$(code -T "$T/big.tgz" "$url/writetgz?dir=.")"
assert_match 'no space left on device' "$(cat "$T/out")"
assert_eq old "$(cat "$w/file")"
assert_eq "$(printf 'file\ngocache\ngoplscache\ntmp')" "$(ls -A "$w")"
assert_eq 200 "$(code -X PUT -d new "$url/write?path=file")" "and it goes on"
assert_eq new "$(cat "$w/file")"
stop box
