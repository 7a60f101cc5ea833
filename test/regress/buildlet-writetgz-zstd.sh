#!/bin/sh
# The feature zstd: archives packed with it, both ways.
. "$(dirname "$0")/../lib/sh.sh"
need curl tar zstd

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
assert_match '"zstd"' "$(curl -sS "$url/status")"
mkdir "$T/src" "$T/back"
echo text >"$T/src/file"
tar -C "$T/src" --zstd -cf "$T/src.tzst" .
assert_eq OK "$(curl -sS -T "$T/src.tzst" "$url/writetgz?dir=tree")"
assert_eq text "$(cat "$T/work-box/tree/file")"
curl -sS -D "$T/head" -o "$T/back.tzst" "$url/tgz?dir=tree&format=zst"
assert_match '^Content-Type: application/zstd' "$(cat "$T/head")"
tar -C "$T/back" --zstd -xf "$T/back.tzst"
diff -r "$T/src" "$T/back"
