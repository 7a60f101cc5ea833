#!/bin/sh
# The end of a lease: no process of it is left, whatever it did to get away, and
# nothing on the disk, whatever its name and mode. A supervisor that is killed
# makes its exec a lost one.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl setsid

execs_box
assert_eq 200 "$(code -d id=user-a-linux-0 "$url/lease")"
# daemon FILE: in a session of its own, without its parent, deaf; its pid in FILE.
cat >"$T/daemon" <<'EOF'
#!/bin/sh
if [ $# = 1 ]; then
	setsid "$0" "$1" again </dev/null >/dev/null 2>&1 &
	exit
fi
trap '' TERM HUP INT
echo $$ >"$1"
exec tail -f /dev/null
EOF
chmod 755 "$T/daemon"
# shellcheck disable=SC2016
daemons="$T/daemon $T/p1; ($T/daemon $T/p2 &); sleep 1000 & echo \$! >$T/p3"
make_sh daemons1 "$daemons; exit 2"
assert_eq 'exit status 2' "$(finish daemons1)"
make_sh stays001 "echo \$\$ >$T/p4; mkdir -p ro/deep '-rf' 'a b'; touch 'new
line' ro/deep/file \"\$(printf '\\377')\"; ln -s / out; chmod 500 ro/deep ro; exec tail -f /dev/null"

# A supervisor killed: its command goes, its daemons only with the lease.
# shellcheck disable=SC2016
make_sh orphan01 "$T/daemon $T/p6; echo \$\$ >$T/p5; echo before; sleep 1000"
for p in p1 p2 p3 p4 p5 p6; do
	wait_file "$T/$p"
done
printed() { show orphan01 && [ "$(field LogEnd)" -gt 0 ]; }
eventually printed
show orphan01
kill -KILL "$(awk '/^PPid:/ { print $2 }' "/proc/$(field Pid)/status")"
assert_eq 'lost: its supervisor was killed' "$(finish orphan01)"
assert_eq lost "$(field State)"
assert_eq before "$(said orphan01)"
assert_eq 'lost: its supervisor was killed' "$(trailer Process-State)"
gone() { ! alive "$(cat "$T/$1")"; }
eventually gone p5
eventually gone p6
for p in p1 p2 p3 p4; do
	alive "$(cat "$T/$p")" || fail "$p was killed too early"
done

start follower curl -sSN -D "$T/fhead" -o "$T/followed" "$url/execs/stays001/log?follow=true"
wait_file "$T/fhead"
assert_eq 200 "$(code -d id=user-b-linux-1 -d wipe=1 "$url/lease")"
for p in p1 p2 p3 p4; do
	! alive "$(cat "$T/$p")" || fail "$p is left"
done
assert_eq "$(printf 'gocache\ngoplscache\ntmp')" "$(ls -A "$w")" "the next lease sees"
assert_eq '' "$(ls -A "$w.gomote/execs")" "execs on the disk"
assert_eq 404 "$(code "$url/execs/stays001")"
assert_match '"Execs":\[ *\]' "$(curl -sS "$url/execs")"
ended() { ! alive "$(pid_of follower)"; }
eventually ended

# The machine works on.
make_sh next0001 'echo next'
assert_eq next "$(said next0001)"

# A buildlet that died while it emptied the machine: the next one does it again.
# shellcheck disable=SC2016
make_sh stays002 'echo $$ >'"$T"'/p7; sleep 1000'
wait_file "$T/p7"
touch "$w/left"
kill9 box
sed -i 's/"Unclean":false/"Unclean":true/' "$w.gomote/lease"
execs_box
! alive "$(cat "$T/p7")" || fail "a command is left"
assert_eq "$(printf 'gocache\ngoplscache\ntmp')" "$(ls -A "$w")"
assert_no_match '"Lease"' "$(curl -sS "$url/status")"
