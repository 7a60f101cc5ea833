#!/bin/sh
# put, puttar, gettar, ls, rm, ping and destroy, each against a buildlet itself.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/screen.sh"
need jq
need curl

start_listen_buildlet box
w=$T/work-box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
cd "$T" || exit

# put
echo one >file
chmod 640 file
gomote put "$m" file
assert_eq one "$(cat "$w/file")"
assert_eq 640 "$(stat -c %a "$w/file")" "the mode of the source"
gomote put -mode 755 "$m" file 'sub/new name;&=%'
assert_eq 755 "$(stat -c %a "$w/sub/new name;&=%")"
echo two | gomote put "$m" - sub/piped
assert_eq two "$(cat "$w/sub/piped")"
assert_eq 644 "$(stat -c %a "$w/sub/piped")"
gomote put "$m" - null </dev/null
assert_eq 0 "$(stat -c %s "$w/null")"
assert_status 1 gomote put "$m" - closed <&- 2>err
assert_match '^gomote: read stdin: Bad file descriptor' "$(cat err)"
[ ! -e "$w/closed" ] || fail "a file of nothing"
assert_status 1 gomote puttar "$m" </dev/null 2>err
assert_match '^gomote: buildlet: puttar: .*gzip.*\(is it a .tar.gz\?\)$' "$(cat err)"
gomote run "$m" /bin/cat <&- >out 2>err
assert_no_match 'stdin' "$(cat err)"
assert_status 1 gomote gettar -o - "$m" >&- 2>err
assert_match '^gomote: write -: Bad file descriptor' "$(cat err)"
: | gomote put "$m" - empty
assert_eq 0 "$(stat -c %s "$w/empty")"
assert_status 1 gomote put "$m" nonesuch 2>err
assert_match '^gomote: open nonesuch: No such file' "$(cat err)"
assert_status 1 gomote put "$m" "$T" 2>err
assert_match 'it is a directory' "$(cat err)"
assert_status 1 gomote put "$m" file ../out 2>err
assert_match '^gomote: buildlet: put: .*\.\./out' "$(cat err)"
assert_status 2 gomote put "$m" - 2>err
assert_status 2 gomote put -mode 9 "$m" file 2>err
assert_match 'permission bits' "$(cat err)"

# puttar: a file, stdin said and unsaid, a URL, and what is no archive
mkdir tree
echo text >tree/a
ln -s a tree/ln
tar -C tree -czf tree.tar.gz .
gomote puttar -dir t1 "$m" tree.tar.gz
gomote puttar -dir t2 "$m" - <tree.tar.gz
tar -C tree -cz . | gomote puttar -dir t3 "$m"
gomote puttar -dir t4 "$m" "http://127.0.0.1:$LISTEN_PORT/tgz?dir=t1"
for t in t1 t2 t3 t4; do
	assert_eq text "$(cat "$w/$t/a")" $t
	assert_eq a "$(readlink "$w/$t/ln")" $t
done
assert_status 1 gomote puttar -dir t5 "$m" file 2>err
assert_match '^gomote: buildlet: puttar: ' "$(cat err)"

# gettar
gomote gettar -dir t1 "$m" 2>err
name=linux-amd64@127.0.0.1-$LISTEN_PORT.tar.gz
assert_match "^# wrote $name\$" "$(cat err)"
mkdir back
tar --force-local -C back -xzf "$name"
diff -r --no-dereference tree back
gomote gettar -o - -dir t1 "$m" | tar -tzf - >names
assert_match '(^|/)a$' "$(cat names)"
mkdir there
echo old >there/x.tgz
assert_status 1 gomote gettar -o there/x.tgz -dir nonesuch "$m" 2>err
assert_eq old "$(cat there/x.tgz)" "a failed gettar leaves the old file"
assert_eq x.tgz "$(ls -A there)" "and nothing else"
gomote gettar -o there/x.tgz -dir t1 "$m" 2>/dev/null
tar -tzf there/x.tgz >/dev/null
gomote gettar -o /dev/null -dir t1 "$m" 2>/dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
if command -v zstd >/dev/null; then
	gomote gettar -zstd -dir t1 "$m" 2>err
	assert_match '\.tar\.zst$' "$(cat err)"
	mkdir zback
	zstd -dcq "${name%.gz}.zst" | tar -C zback -xf -
	diff -r --no-dereference tree zback
fi

# ls
assert_eq 'a
ln' "$(gomote ls "$m" t1)"
assert_eq 't1
t1/a
t1/ln' "$(gomote ls -r "$m" | grep '^t1')"
assert_match '^-rw-r--r--	a	5	20[0-9-]*T[0-9:]*Z$' "$(gomote ls -l "$m" t1)"
assert_match '^-rw-r--r--	a	5	20.*Z	[0-9a-f]{40}$' "$(gomote ls -d "$m" t1)"
# Names that hold newlines, and what a terminal would obey.
mkdir "$w/odd" "$w/odd/d
d"
: >"$w/odd/a

b	c"
: >"$w/odd/red$(printf '\033[31m\177')"
assert_eq "a

b	c
d
d
red$(printf '\033[31m\177')" "$(gomote ls "$m" odd)"
assert_eq 'a??b?c d?d red?[31m?' "$(screen 80 gomote ls "$m" odd | xargs)" "on a terminal"
assert_match '^-rw-r--r--	red\?\[31m\?	0	20' "$(screen 80 gomote ls -l "$m" odd)"
assert_eq '"a\n\nb\tc" "d\nd"' "$(gomote ls -json "$m" odd | jq -c '.[].Path' | head -n 2 | xargs -d '\n')"
rm -r "$w/odd"
assert_match '^drwxr-xr-x	t1/$' "$(gomote ls -l "$m")"
assert_no_match '^t[12]/' "$(gomote ls -r -skip t1,t2 "$m")"
assert_match '^t3/a' "$(gomote ls -r -skip t1,t2 "$m")"
assert_status 1 gomote ls "$m" nonesuch 2>err
assert_match '^gomote: buildlet: ls: ' "$(cat err)"

# rm, ping, destroy
gomote rm "$m" t1 t2 file nonesuch
assert_no_match '^(t1|t2|file)$' "$(gomote ls "$m")"
assert_match '^t3$' "$(gomote ls "$m")"
assert_status 1 gomote rm "$m" ../x 2>err
assert_eq '' "$(gomote ping "$m")"
assert_match '"Version":' "$(gomote ping -status "$m")"
gomote destroy "$m"
_box_gone() { ! alive "$(pid_of box)"; }
eventually _box_gone
