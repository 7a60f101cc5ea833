#!/bin/sh
# A fork bomb under -pids-max: the machine goes on answering, and a kill takes all
# of it; so does the end of the lease, with everything in sessions of its own.
# timeout: 120
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl setpriv setsid
[ "$(id -u)" = 0 ] || skip "this needs a user with no processes of his own: run it as root"

# A place that this user can reach.
uid=$((60000 + $$ % 5000))
place=$(mktemp -d /tmp/bomb.XXXXXX)
leave() {
	_st=$?
	_n=0
	kill "$(pid_of box)" 2>/dev/null || :
	while alive "$(pid_of box)" && [ $_n -lt 100 ]; do
		_n=$((_n + 1))
		_pause
	done
	rm -rf "$place"
	(exit $_st) || :
	return $_st
}
trap 'leave; _cleanup' EXIT
cp "$BIN/buildlet" "$place/buildlet"
cp "$TEST_BIN/forkbomb" "$place/bomb"
chown "$uid:$uid" "$place"
cd "$place" || fail "no place"
start box setpriv --reuid="$uid" --regid="$uid" --clear-groups "$place/buildlet" -listen 127.0.0.1:0 \
    -port-file "$place/port" -workdir "$place/work" -pids-max 150
wait_file "$place/port"
url=http://127.0.0.1:$(cat "$place/port")
processes() { pgrep -u "$uid" -c . || :; }

make bomb0001 -d cmd="$place/bomb"
full() { [ "$(processes)" -ge 140 ]; }
eventually full
[ "$(processes)" -le 155 ] || fail "$(processes) processes: the limit does not hold"
assert_eq ok "$(curl -sS --max-time 10 "$url/healthz")"
assert_eq 200 "$(code -d grace=0 "$url/execs/bomb0001/kill")"
assert_eq 'signal: killed' "$(finish bomb0001)"
few() { [ "$(processes)" -le 4 ]; }
eventually few

make bomb0002 -d cmd="$place/bomb"
eventually full
assert_eq 200 "$(code -d id=next -d wipe=1 "$url/lease")"
[ "$(processes)" -le 4 ] || fail "$(processes) processes are left"
make_sh after001 'echo usable'
assert_eq usable "$(said after001)"
