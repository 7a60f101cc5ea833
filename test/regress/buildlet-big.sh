#!/bin/sh
# A large file in and out again, and a command that prints as much: the
# buildlet's memory stays small.
# timeout: 300
. "$(dirname "$0")/../lib/sh.sh"
need curl

mib=1024 limit=32768
[ -z "${GOMOTE_SANITIZED:-}" ] || mib=64 limit=400000
start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
pid=$(pid_of box)
small() {
	test "$(peak_kb "$pid")" -lt $limit || fail "$1: peak of $(peak_kb "$pid") kB"
}
head -c 1048576 /dev/urandom >"$T/mib"
n=0
while [ $n -lt $mib ]; do cat "$T/mib"; n=$((n + 1)); done |
    curl -sS -T - "$url/write?path=big" >/dev/null
assert_eq $((mib * 1048576)) "$(stat -c %s "$T/work-box/big")"
small "put"
sum=$(cksum <"$T/work-box/big")
assert_eq "$sum" "$(curl -sS -d cmd=/bin/cat -d mode=sys -d cmdArg=big "$url/exec" | cksum)"
small "output"
# A reader that dawdles must not make it grow.
start slow curl -sS --limit-rate 1M -o /dev/null -d cmd=/bin/cat -d mode=sys -d cmdArg=big "$url/exec"
mkdir "$T/back"
curl -sS "$url/tgz?dir=." | tar -C "$T/back" -xzf -
assert_eq "$sum" "$(cksum <"$T/back/big")"
small "tgz"
