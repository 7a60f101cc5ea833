#!/bin/sh
# /execs: a command as an object is made, shown, listed, waited for, read and
# forgotten; one id starts once; requests that are wrong are told so.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
assert_match '"Features":\[.*"execs"' "$(curl -sS "$url/status")"
seq_of() { curl -sS "$url/status" | sed 's/.*"ExecSeq":\([0-9]*\).*/\1/'; }
first=$(seq_of)

# Made; it has an end.
make_sh sample01 'echo out; echo err >&2; exit 3'
assert_match '^Exec-Id: sample01' "$(cat "$T/head")"
assert_eq running "$(field State)"
assert_match '^20..-..-..T..:..:..\....Z$' "$(field Created)"
assert_eq 'exit status 3' "$(finish sample01)"
assert_eq ended "$(field State)"
assert_eq /bin/sh "$(field Cmd)"
assert_eq "$w" "$(field Dir)"
assert_eq none "$(field Stdin)"
assert_eq 0 "$(field Left)"
assert_eq 8 "$(field Output)"
assert_eq 40 "$(field LogEnd)" "two records of 4 bytes and their heads"
assert_match '"Args":\["-c","echo out;' "$(cat "$T/out")"
[ "$(seq_of)" -gt "$first" ] || fail "ExecSeq did not grow"

# Its output, apart and with its end.
assert_eq out "$(said sample01 2>"$T/err")"
assert_eq err "$(cat "$T/err")"
assert_eq 'exit status 3' "$(trailer Process-State)"
assert_eq 0 "$(trailer Exec-Offset)"
assert_eq application/x-gomote-log "$(trailer Content-Type)"
assert_match '^Trailer:.*Process-State' "$(cat "$T/head")"
log sample01 'offset=20'
assert_eq err "$("$TEST_BIN/logtext" -o 20 <"$T/log" 2>&1)"
assert_eq 20 "$(trailer Exec-Offset)"
log sample01 'tail=1'
assert_eq err "$("$TEST_BIN/logtext" <"$T/log" 2>&1)"
log sample01 'tailBytes=40'
assert_eq 0 "$(trailer Exec-Offset)"
log sample01 'since=2000-01-01T00:00:00Z'
assert_eq out "$("$TEST_BIN/logtext" <"$T/log" 2>/dev/null)"
log sample01 'since=2999-01-01T00:00:00Z'
assert_eq '' "$("$TEST_BIN/logtext" <"$T/log" 2>&1)"
assert_eq 416 "$(code "$url/execs/sample01/log?offset=41")"
assert_match 'ends at 40' "$(cat "$T/out")"

# The same id again is the same exec; it is started once.
make_sh once0001 "echo x >>$T/once; echo one"
assert_eq ok "$(finish once0001)"
assert_eq 200 "$(code -d id=once0001 -d mode=sys -d cmd=/bin/echo "$url/execs")"
assert_eq ended "$(field State)"
assert_eq 200 "$(code -d id=once0001 -d cmd=/bin/echo -d mode=sys -d follow=true "$url/execs")"
assert_eq one "$("$TEST_BIN/logtext" <"$T/out")"
assert_eq ok "$(trailer Process-State)"
assert_eq x "$(cat "$T/once")"

# Without one it gets one; followed at once.
assert_eq 200 "$(code -d mode=sys -d cmd=/bin/echo -d cmdArg=hi -d follow=true "$url/execs")"
made=$(trailer Exec-Id)
assert_match '^[a-z]{10}$' "$made"
assert_eq hi "$("$TEST_BIN/logtext" <"$T/out")"

# The list, in the order of creation; and what changed since.
assert_eq 200 "$(code "$url/execs")"
assert_eq "sample01 once0001 $made" "$(grep -o '"ID":"[^"]*"' "$T/out" | cut -d'"' -f4 | tr '\n' ' ' | sed 's/ $//')"
assert_match '^\{"Seq":[0-9]+,"Running":0,"Execs":\[' "$(cat "$T/out")"
now=$(seq_of)
assert_eq 200 "$(code "$url/execs?after=$now")"
assert_match '"Execs":\[ *\]' "$(cat "$T/out")"
make_sh later001 true
assert_eq 200 "$(code "$url/execs?after=$now")"
assert_eq later001 "$(field ID)"

# Waiting: told at once when it has ended, or when the time is over.
mkfifo "$T/go"
make_sh waiter01 "read x <$T/go"
assert_eq 200 "$(code "$url/execs/waiter01?wait=50")"
assert_eq running "$(field State)"
assert_match '"Running":1' "$(curl -sS "$url/status")"
assert_eq 409 "$(code -X DELETE "$url/execs/waiter01")"
start waiting curl -sS -o "$T/waited" "$url/execs/waiter01?wait=60000"
echo >"$T/go"
wait_file "$T/waited"
assert_eq ok "$(field Status "$T/waited")"

# Forgotten.
assert_eq 200 "$(code -X DELETE "$url/execs/sample01")"
assert_eq OK "$(cat "$T/out")"
assert_eq 404 "$(code "$url/execs/sample01")"
assert_match 'no such exec: sample01' "$(cat "$T/out")"
off_disk() { [ -z "$(find "$w.gomote/execs" -name "*sample01*")" ]; }
eventually off_disk

# Wrong.
wrong() {	# STATUS TEXT CURL-ARG...
	_status=$1 _text=$2
	shift 2
	assert_eq "$_status" "$(code "$@")" "status of $*"
	assert_match "$_text" "$(cat "$T/out")"
	assert_eq 1 "$(wc -l <"$T/out" | tr -d ' ')" "lines of $*"
}
wrong 422 'command "nonesuch" not found' -d cmd=nonesuch "$url/execs"
wrong 400 "requires 'cmd'" -d mode=sys "$url/execs"
wrong 400 "invalid 'id'" -d id=short -d cmd=/bin/true "$url/execs"
wrong 400 "invalid 'id'" -d id=UPPERCASE -d cmd=/bin/true "$url/execs"
wrong 400 "invalid 'timeout'" -d timeout=soon -d cmd=/bin/true "$url/execs"
wrong 400 "invalid 'logLimit'" -d logLimit=1 -d cmd=/bin/true "$url/execs"
wrong 400 "invalid 'stdin'" -d stdin=x -d cmd=/bin/true "$url/execs"
wrong 400 "requires 'stdinFile'" -d stdin=file -d cmd=/bin/true "$url/execs"
wrong 400 'parent directory' -d stdin=file -d stdinFile=../x -d cmd=/bin/true "$url/execs"
wrong 422 "invalid 'stdinFile'.*[Nn]o such file" -d stdin=file -d stdinFile=none -d cmd=/bin/true "$url/execs"
wrong 422 'no regular file' -d stdin=file -d stdinFile=tmp -d cmd=/bin/true "$url/execs"
wrong 404 'no such exec: nonesuch' "$url/execs/nonesuch"
wrong 404 'no such page' "$url/execs/later001/nothing"
wrong 405 'not for POST' -d x=1 "$url/execs/later001/log"
wrong 400 'only one of' "$url/execs/later001/log?offset=0&tail=1"
wrong 400 "invalid 'since'" "$url/execs/later001/log?since=yesterday"
wrong 400 "invalid 'offset'" "$url/execs/later001/log?offset=-1"
finish later001 >/dev/null
wrong 410 'has ended' -d signal=TERM "$url/execs/later001/signal"
wrong 410 'has ended' -X POST "$url/execs/later001/kill"
wrong 400 'no signal' -d signal=NONE "$url/execs/later001/signal"
wrong 400 "requires 'signal'" -X POST "$url/execs/later001/signal"
wrong 400 "requires 'rows' and 'cols'" -d rows=3 "$url/execs/later001/resize"
wrong 410 'stdin is closed' -T /dev/null "$url/execs/later001/stdin"

# Very long arguments: whole where one is asked for, cut in the list.
{ printf 'cmdArg='; head -c 300000 /dev/zero | tr '\0' y; } >"$T/long"
make long0001 -d cmd=/bin/true --data "@$T/long"
finish long0001 >/dev/null
show long0001
[ "$(wc -c <"$T/out")" -gt 300000 ] || fail "an argument is cut"
assert_eq 200 "$(code "$url/execs")"
tr '{' '\n' <"$T/out" | grep '"ID":"long0001"' >"$T/one"
[ "$(wc -c <"$T/one")" -lt 3000 ] || fail "an argument in the list is $(wc -c <"$T/one") bytes"
assert_match 'yyy\.\.\."\]' "$(cat "$T/one")"
