#!/bin/sh
# kill -9 of the buildlet while commands run: started again on its work directory
# it finds them, whoever follows goes on from where he was, and what ended
# meanwhile has its end. Boot, lease and files stay. And an upgrade (SIGHUP).
# timeout: 120
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
boot() { curl -sS "$url/status" | sed 's/.*"Boot":"\([0-9a-f]*\)".*/\1/'; }
assert_eq 200 "$(code -d id=user-a-linux-0 "$url/lease")"
before=$(boot)
curl -sS -X PUT -d text "$url/write?path=file" >/dev/null

# shellcheck disable=SC2016
make_sh counter1 'n=0; while [ ! -e '"$T"'/stop ]; do echo "line $n"; n=$((n + 1)); sleep 0.01; done; exit 9'
make_sh reader01 "cat >$T/copy" -d stdin=open
assert_eq 200 "$(printf 'first ' | code -T - "$url/execs/reader01/stdin?offset=0")"
make_sh short001 "while [ ! -e $T/short ]; do sleep 0.02; done; echo over; exit 3"
make_sh done0001 'echo it is'
assert_eq ok "$(finish done0001)"
mkdir "$w.gomote/execs/halfmade1"

: >"$T/all"
offset=0
# Reads on from $offset for a moment, or to the end.
read_on() {	# CURL-ARG...
	curl -sSN "$@" "$url/execs/counter1/log?follow=true&offset=$offset" >"$T/piece" 2>/dev/null || :
	"$TEST_BIN/logtext" -o "$offset" <"$T/piece" >>"$T/all" || :
	offset=$("$TEST_BIN/logtext" -s -o "$offset" <"$T/piece" | sed 's/end=\([0-9]*\) .*/\1/')
}
read_on --max-time 0.5
kill9 box
: >"$T/short"
ended_alone() { test -e "$w.gomote/execs/short001/state"; }
eventually ended_alone
execs_box
assert_eq "$before" "$(boot)" "the boot"
assert_match '"Lease":"user-a-linux-0"' "$(curl -sS "$url/status")"
assert_eq text "$(cat "$w/file")"
show counter1
assert_eq running "$(field State)"
assert_eq 'exit status 3' "$(finish short001)"
assert_eq over "$(said short001)"
assert_eq ok "$(finish done0001)"
assert_eq 'it is' "$(said done0001)"
assert_eq 404 "$(code "$url/execs/halfmade1")"
off_disk() { [ -z "$(find "$w.gomote/execs" -name "*halfmade*")" ]; }
eventually off_disk
read_on --max-time 0.5
assert_eq 200 "$(printf 'second' | code -T - "$url/execs/reader01/stdin?offset=6&eof=true")"
assert_eq ok "$(finish reader01)"
assert_eq 'first second' "$(cat "$T/copy")"

# Again, at an odd moment; then an upgrade.
kill9 box
execs_box
read_on --max-time 0.3
cp "$BIN/buildlet" "$T/buildlet"
kill9 box
start box "$T/buildlet" -listen 127.0.0.1:0 -port-file "$T/box.port" -workdir "$w"
rm -f "$T/box.port"
wait_file "$T/box.port"
url=http://127.0.0.1:$(cat "$T/box.port")
read_on --max-time 0.3
rm "$T/buildlet"
cp "$BIN/buildlet" "$T/buildlet"
inode=$(stat -Lc %i "/proc/$(pid_of box)/exe")
rm -f "$T/box.port"
kill -HUP "$(pid_of box)"
upgraded() { [ "$(stat -Lc %i "/proc/$(pid_of box)/exe" 2>/dev/null)" != "$inode" ] && [ -s "$T/box.port" ]; }
eventually upgraded
url=http://127.0.0.1:$(cat "$T/box.port")
assert_eq "$before" "$(boot)" "the boot after an upgrade"
read_on --max-time 0.3
: >"$T/stop"
read_on --max-time 30
assert_eq 'exit status 9' "$(finish counter1)"
awk '$0 != "line " NR - 1 { exit 1 }' "$T/all" || fail "lines lost, doubled or out of order"
assert_eq "$(field Output)" "$(wc -c <"$T/all" | tr -d ' ')"

# No program to go over to: it stays.
rm "$T/buildlet"
kill -HUP "$(pid_of box)"
refused() { grep -q 'upgrade: .*/buildlet' "$T/box.log"; }
eventually refused
assert_eq ok "$(curl -sS "$url/healthz")"

# In order it ends with all of it.
make_sh runs0001 "echo \$\$ >$T/p1; sleep 1000"
wait_file "$T/p1"
stop box
assert_eq 0 "$STATUS"
! alive "$(cat "$T/p1")" || fail "a command is left"
assert_eq '' "$(ls -A "$w")"
assert_eq '' "$(ls -A "$w.gomote/execs")"
execs_box
[ "$(boot)" != "$before" ] || fail "the boot of another life"
assert_no_match '"Lease"' "$(curl -sS "$url/status")"
