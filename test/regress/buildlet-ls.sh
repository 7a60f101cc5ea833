#!/bin/bash
# GET /ls: the lines, their order, recursion, digests, skip, errors.
. "$(dirname "$0")/../lib/sh.sh"
need curl sha1sum

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
mkdir -p "$w/tree/a" "$w/tree/b" "$w/tree/a-b"
echo one >"$w/tree/a/1"
echo two >"$w/tree/a.txt"
chmod 755 "$w/tree/a.txt"
ln -s a.txt "$w/tree/link"
touch -d 2020-02-03T04:05:06Z "$w/tree/a.txt" "$w/tree/a/1"
one=$(sha1sum <"$w/tree/a/1" | cut -d' ' -f1)
two=$(sha1sum <"$w/tree/a.txt" | cut -d' ' -f1)
lines() { curl -sS "$url/ls?$1"; }

want=$(printf '%b' "drwxr-xr-x\ta/\n-rw-r--r--\ta/1\t4\t2020-02-03T04:05:06Z\t$one\n" \
    "drwxr-xr-x\ta-b/\n-rwxr-xr-x\ta.txt\t4\t2020-02-03T04:05:06Z\t$two\n" \
    "drwxr-xr-x\tb/\nLrwxrwxrwx\tlink\n" | sed 's/^ //')
assert_eq "$want" "$(lines 'dir=tree&recursive=true&digest=true')" "the whole tree"
assert_eq $'drwxr-xr-x\ta/\ndrwxr-xr-x\ta-b/\n-rwxr-xr-x\ta.txt\t4\t2020-02-03T04:05:06Z\ndrwxr-xr-x\tb/\nLrwxrwxrwx\tlink' \
    "$(lines dir=tree)" "one level"
assert_eq $'drwxr-xr-x\tgocache/\ndrwxr-xr-x\tgoplscache/\ndrwxr-xr-x\ttmp/\ndrwxr-xr-x\ttree/' \
    "$(lines '')" "the work directory"
assert_no_match '(^|	)(a|b)/' "$(lines 'dir=tree&recursive=true&skip=a&skip=b/')" "skip"
assert_eq '' "$(lines dir=tree/b)" "an empty directory"

assert_eq 500 "$(curl -sS -o "$T/out" -w '%{http_code}' "$url/ls?dir=nonesuch")"
assert_eq "Walk error: lstat $w/nonesuch: no such file or directory" "$(cat "$T/out")"
assert_eq 400 "$(curl -sS -o "$T/out" -w '%{http_code}' "$url/ls?dir=/etc")"
assert_eq "invalid 'dir' parameter: path \"/etc\" is not relative" "$(cat "$T/out")"
