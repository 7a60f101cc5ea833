#!/bin/sh
# POST /lease: the instance's name is kept until it ends; with wipe=1 whatever
# was under way is cut and the work directory is empty before the answer.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
code() { curl -sS -o "$T/out" -w '%{http_code}' "$@"; }
assert_no_match '"Lease"' "$(curl -sS "$url/status")"
assert_eq 200 "$(code -d id=user-a-linux-amd64-0 "$url/lease")"
assert_match '"Lease":"user-a-linux-amd64-0"' "$(curl -sS "$url/status")"
assert_eq 400 "$(code --data-urlencode 'id=a b' "$url/lease")"

# Under way: a command, and an upload that never ends.
start client curl -sS -D "$T/head" -d cmd=/bin/sh -d mode=sys -d cmdArg=-c \
    --data-urlencode "cmdArg=echo \$\$ >$T/pid1; while :; do echo x >>file; done" "$url/exec"
head -c 3000000 /dev/zero >"$T/data"
start upload curl -sS -o "$T/upload" -w '%{http_code}' --limit-rate 1k -T "$T/data" "$url/write?path=up"
wait_file "$T/pid1"
under_way() { pgrep -f -- "-x write $w" >/dev/null; }
eventually under_way
assert_eq 200 "$(code -d id=user-b-linux-amd64-1 -d wipe=1 "$url/lease")"
assert_eq "$(printf 'gocache\ngoplscache\ntmp')" "$(ls -A "$w")" "the next lease sees"
assert_match '"Lease":"user-b-linux-amd64-1"' "$(curl -sS "$url/status")"
gone() { ! alive "$(cat "$T/pid1")"; }
eventually gone
! under_way || fail "the upload goes on"
ended() { ! alive "$(pid_of client)"; }
eventually ended
assert_match '^Process-State: signal: killed' "$(cat "$T/head")"

assert_eq 200 "$(code -X POST "$url/lease")"
assert_no_match '"Lease"' "$(curl -sS "$url/status")"

# Cleaning asked for twice at once: both are answered when it is done.
touch "$w/file"
start first curl -sS -o "$T/first" -d wipe=1 "$url/lease"
start second curl -sS -o "$T/second" -d wipe=1 "$url/lease"
wait_file "$T/first"
wait_file "$T/second"
assert_eq 'OK OK' "$(cat "$T/first") $(cat "$T/second")"
test ! -e "$w/file" || fail "it was not cleaned"
