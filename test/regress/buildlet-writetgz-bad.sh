#!/bin/sh
# Archives that are none, are cut off, corrupt, or hold what is not unpacked:
# 400 with the reason, and a file that was there stays as it was.
. "$(dirname "$0")/../lib/sh.sh"
need curl tar gzip

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
put() { curl -sS -o "$T/out" -w '%{http_code}' -T "$1" "$url/writetgz?dir=${2:-d}"; }
refused() {	# TEXT FILE [DIR]
	assert_eq 400 "$(put "$2" "${3:-d}")" "status for ${2##*/}"
	assert_match "$1" "$(cat "$T/out")" "answer for ${2##*/}"
}
mkdir "$T/src"
head -c 100000 /dev/urandom >"$T/src/file"
tar -C "$T/src" -czf "$T/good.tgz" file
assert_eq 200 "$(put "$T/good.tgz")"
was=$(cksum <"$w/d/file")

printf 'hi' >"$T/two"
refused 'requires gzip-compressed body: unexpected EOF' "$T/two"
printf 'not an archive' >"$T/text"
refused 'requires gzip-compressed body: gzip: invalid header' "$T/text"
assert_eq 400 "$(curl -sS -o "$T/out" -w '%{http_code}' -X PUT "$url/writetgz?dir=d")" "no body"
printf 'just text' | gzip >"$T/notar.gz"
refused 'not a tar archive' "$T/notar.gz"

head -c 50000 "$T/good.tgz" >"$T/truncated.tgz"
refused 'cut off' "$T/truncated.tgz"
assert_eq "$was" "$(cksum <"$w/d/file")" "the old file after a truncated archive"

# A bit flipped in the data: the checksum of gzip tells.
{ head -c 50000 "$T/good.tgz"; printf '\252\125'; tail -c +50003 "$T/good.tgz"; } >"$T/corrupt.tgz"
! gzip -t "$T/corrupt.tgz" 2>/dev/null || fail "the corrupt archive is none"
refused . "$T/corrupt.tgz" fresh

if mknod "$T/null" c 1 3 2>/dev/null; then
	tar -C "$T" -czf "$T/device.tgz" null
	refused 'null.*device' "$T/device.tgz"
	test ! -e "$w/d/null" || fail "a device was made"
fi
mkfifo "$T/fifo"
tar -C "$T" -czf "$T/fifo.tgz" fifo
refused 'fifo' "$T/fifo.tgz"
assert_eq "$(printf 'file')" "$(ls -A "$w/d")" "what the bad archives left"
