#!/bin/sh
# PUT /execs/ID/stdin: bytes come once and in order, whatever is repeated; the end;
# back-pressure; a command that reads no more. And stdin from a file.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
put() {		# ID QUERY TEXT
	printf %s "$3" | code -T - "$url/execs/$1/stdin?$2"
}

make cat00001 -d cmd=/bin/cat -d stdin=open
assert_eq open "$(field Stdin)"
assert_eq 200 "$(put cat00001 offset=0 hello)"
assert_eq '{"StdinBytes":5}' "$(tr -d ' ' <"$T/out")"
assert_eq 200 "$(put cat00001 offset=5 ' world')"
assert_eq 200 "$(put cat00001 offset=3 'lo world, and more')" "what was taken is left out"
assert_eq 21 "$(field StdinBytes)"
assert_eq 409 "$(put cat00001 offset=30 x)" "a hole"
assert_match 'has taken 21 bytes' "$(cat "$T/out")"
assert_eq 200 "$(put cat00001 'offset=21&eof=true' '!')"
assert_eq 200 "$(put cat00001 'offset=21&eof=true' '!')" "the same again"
assert_eq ok "$(finish cat00001)"
assert_eq closed "$(field Stdin)"
assert_eq 22 "$(field StdinBytes)"
assert_eq 'hello world, and more!' "$(said cat00001)"
assert_eq 410 "$(put cat00001 offset=22 x)"

# Much at once, to a command that takes its time.
head -c 5000000 /dev/urandom >"$T/data"
mkfifo "$T/go"
make_sh slow0001 "read x <$T/go; cat >$T/copy" -d stdin=open
start upload curl -sS -T "$T/data" -o "$T/put" "$url/execs/slow0001/stdin?offset=0&eof=true"
some() { show slow0001 && [ "$(field StdinBytes)" -gt 0 ]; }
eventually some
test ! -s "$T/put" || fail "it was answered before it was taken"
[ "$(field StdinBytes)" -lt 2000000 ] || fail "nobody reads, and yet it was taken"
echo >"$T/go"
wait_file "$T/put"
assert_eq 5000000 "$(field StdinBytes "$T/put")"
assert_eq ok "$(finish slow0001)"
assert_eq "$(cksum <"$T/data")" "$(cksum <"$T/copy")"

# A body that breaks off closes nothing.
make broken01 -d cmd=/bin/cat -d stdin=open
head -c 100000 "$T/data" >"$T/part"
start part curl -sS --limit-rate 20k -T "$T/part" "$url/execs/broken01/stdin?offset=0&eof=true"
begun() { show broken01 && [ "$(field StdinBytes)" -gt 0 ]; }
eventually begun
kill9 part
show broken01
assert_eq open "$(field Stdin)"
at=$(field StdinBytes)
tail -c +$((at + 1)) "$T/part" >"$T/rest"
assert_eq 200 "$(code -T "$T/rest" "$url/execs/broken01/stdin?offset=$at&eof=true")"
assert_eq ok "$(finish broken01)"
said broken01 >"$T/got"
assert_eq "$(cksum <"$T/part")" "$(cksum <"$T/got")"

# A command that closes its stdin; one that ends.
mkfifo "$T/go2"
make_sh closer01 "exec <&-; echo closed; read x <$T/go2" -d stdin=open
closes() { [ "$(put closer01 offset=0 "$(head -c 100000 /dev/zero | tr '\0' x)")" = 410 ]; }
eventually closes
echo >"$T/go2"
assert_eq ok "$(finish closer01)"
assert_eq 410 "$(put closer01 offset=0 x)"

# Without: empty. From a file: what is in it.
make none0001 -d cmd=/bin/cat
assert_eq ok "$(finish none0001)"
assert_eq 0 "$(field Output)"
printf 'in the file' >"$w/input"
make file0001 -d cmd=/bin/cat -d stdin=file -d stdinFile=input
assert_eq 'in the file' "$(said file0001)"
