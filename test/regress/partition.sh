#!/bin/bash
# partition.sh - seven machines on hosts of their own, each with another fault of
# its network, all at once: a cut of 5 s, one of CUT seconds (120), packets lost
# in one direction only, in the other only, one of five lost, a connection that
# the system kills, a slow and lossy path. What still works is never given up,
# what is dead is noticed within 30 s at both ends, what heals comes back, the
# coordinator's list is true throughout, and every command goes on with no line
# of its output lost.
# timeout: 400
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/netns.sh"

away=${CUT:-120}
all="short long deaf mute lossy killed slow"
cat >"$T/c.conf" <<EOF
public-names = { "10.91.1.1", "10.91.2.1", "10.91.3.1", "10.91.4.1", "10.91.5.1", "10.91.6.1", "10.92.7.1" }
grace = 10m
host-type $HOST_REVERSE {}
builder-type $REVERSE { host-type = $HOST_REVERSE }
EOF
host hub
start_at hub coordinator coordinator -config "$T/c.conf" -state-dir "$T/state" \
    -listen 0.0.0.0:0 -port-file "$T/port"
eventually _has_port coordinator port
PORT=$(cat "$T/port")
GOMOTE_SERVER=https://127.0.0.1:$PORT GOMOTE_CA=$T/state/ca.pem GOMOTE_USER=alice
GOMOTE_TOKEN=$(verb user add alice)
export GOMOTE_SERVER GOMOTE_CA GOMOTE_USER GOMOTE_TOKEN

# lines NAME: how many its command has printed so far.
lines() { wc -l <"$T/$1.out"; }
grows() { [ "$(lines "$1")" -gt "$2" ]; }
# said NAME TEXT: how often the machine said that.
said() { grep -c "$2" "$T/$1.log" || :; }

# A machine of each name, an instance on it, and a run there that counts until
# it is told to stop. The path of "slow" has a round trip of 300 ms and loses
# five packets of a hundred, from the beginning.
n=0
for m in $all; do
	n=$((n + 1))
	host "$m"
	hub=10.91.$n.1
	if [ "$m" = slow ]; then
		hub=10.92.$n.1
		long_wire hub slow $n -delay 150 -loss 5
	else
		wire hub "$m" $n
	fi
	verb key add "$HOST_REVERSE" "$m" >"$T/$m.key"
	start_at "$m" "$m" buildlet -reverse-type "$HOST_REVERSE" -coordinator "$hub:$PORT" \
	    -workdir "$T/work-$m" -ca "$GOMOTE_CA" -key-file "$T/$m.key" -hostname "$m"
	eventually machine_is "$m" idle
	at hub gomote create "$REVERSE" >"$T/$m.name" 2>/dev/null
	# shellcheck disable=SC2016
	start_at hub "run-$m" bash -c 'gomote run "$1" /bin/sh -c "$2" sh "$3.stop" >"$3.out" 2>"$3.err"; echo $? >"$3.code"' \
	    bash "$(cat "$T/$m.name")" \
	    'n=0; while [ ! -e "$1" ]; do echo "line $n"; n=$((n + 1)); sleep 0.05; done; exit 3' "$T/$m"
	wait_file "$T/$m.out"
done

# The faults, all at once.
began=$(date +%s)
since() { echo $(($(date +%s) - began)); }
for m in short long; do
	drop hub "$m"
	drop "$m" hub
done
drop deaf hub
drop hub mute
drop hub lossy 20
kill_connections killed 10.91.6.1

# back NAME SECONDS: within so long the list has it, and its command goes on.
back() {
	local was
	was=$(lines "$1")
	eventually -t "$2" machine_is "$1" leased
	eventually -t "$2" grows "$1" "$was"
}
lost() { [ "$(said "$1" 'connection lost')" -gt 0 ]; }
# noticed NAME: both ends know that the other is gone, within 30 s and what two
# busy cores and a look every now and then cost.
noticed() {
	eventually -t $((36 - $(since))) machine_is "$1" gone
	eventually -t $((36 - $(since))) lost "$1"
}
# never_lost NAME: neither end ever gave the other up.
never_lost() {
	assert_eq leased "$(machine_state "$1")" "state of $1"
	assert_eq 0 "$(said "$1" 'connection lost')" "connections that $1 lost"
	assert_no_match "machine $1.*(lost|gone)" "$(cat "$T/coordinator.log")"
}

# What the system killed is dialed again at once.
eventually -t 10 lost killed
back killed 10

pass $(((5 - $(since)) * 20))
mend hub short
mend short hub
back short 20

noticed long
noticed deaf
noticed mute
mend deaf hub
mend hub mute
back deaf 75
back mute 75
never_lost short

pass $(((away - $(since)) * 20))
machine_is long gone || fail "long is $(machine_state long)"
never_lost lossy
mend hub long
mend long hub
back long 75
back lossy 30
never_lost lossy
back slow 30
never_lost slow

# Nothing was lost on the way.
for m in $all; do
	: >"$T/$m.stop"
	wait_file "$T/$m.code"
	assert_eq 3 "$(cat "$T/$m.code")" "exit status on $m: $(tail -n 3 "$T/$m.err")"
	awk '$0 != "line " NR - 1 { exit 1 }' "$T/$m.out" || fail "$m: lines lost, doubled or out of order"
done
