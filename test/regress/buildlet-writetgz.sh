#!/bin/sh
# PUT /writetgz and GET /tgz: a tree there and back again, with its links,
# modes and times; times in the future become now.
. "$(dirname "$0")/../lib/sh.sh"
need curl tar

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
mkdir -p "$T/src/dir/empty" "$T/back"
cd "$T/src" || exit
echo text >file
ln -s file link
ln -s ../file dir/up
ln file hard
echo run >dir/prog
chmod 750 dir/prog
chmod 555 dir/empty
touch -d 2020-02-03T04:05:06Z file dir/prog
touch -d 2099-01-01T00:00:00Z future
touch -d 2021-01-01T00:00:00Z dir
tar -czf "$T/src.tgz" .

assert_eq OK "$(curl -sS -T "$T/src.tgz" "$url/writetgz?dir=deep/tree")"
cd "$w/deep/tree" || exit
assert_eq text "$(cat file)"
assert_eq file "$(readlink link)"
assert_eq ../file "$(readlink dir/up)"
assert_eq "$(stat -c %i file)" "$(stat -c %i hard)" "the hard link"
assert_eq '750 555' "$(stat -c %a dir/prog dir/empty | xargs)"
assert_eq 1580702706 "$(stat -c %Y file)"
assert_eq 1609459200 "$(stat -c %Y dir)"
test "$(stat -c %Y future)" -le "$(date +%s)" || fail "a time in the future"

# Once more over it, and chunked: the same.
assert_eq OK "$(curl -sS -T - "$url/writetgz?dir=deep/tree" <"$T/src.tgz")"
assert_eq text "$(cat file)"

curl -sS -D "$T/head" -o "$T/back.tgz" "$url/tgz?dir=deep/tree"
assert_match '^Content-Type: application/x-gzip' "$(cat "$T/head")"
tar -C "$T/back" -xzf "$T/back.tgz"
cd "$T" || exit
diff -r --no-dereference src back
assert_eq 750 "$(stat -c %a back/dir/prog)"
assert_eq 1580702706 "$(stat -c %Y back/file)"

assert_eq 404 "$(curl -sS -o "$T/out" -w '%{http_code}' "$url/tgz?dir=nonesuch")"
assert_match 'nonesuch.*no such file' "$(cat "$T/out")"
