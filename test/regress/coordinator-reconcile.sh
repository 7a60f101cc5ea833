#!/bin/bash
# coordinator-reconcile.sh - after kill -9 of the coordinator, of buildlets, of both,
# what either side knows of leases and commands is brought together: what both
# know goes on, the rest ends with a reason, and nothing is left behind.
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<EOF2
grace = 8s
exec-interval = 1s
host-type $HOST_REVERSE {}
builder-type $REVERSE { host-type = $HOST_REVERSE }
EOF2
serve "$T/c.conf"
for b in b1 b2 b3 b4; do
	verb key add "$HOST_REVERSE" $b >"$T/$b.key"
done
# box NAME [PORT]: a machine, started again on its work directory.
box() {
	start "$1" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:${2:-$PORT}" \
	    -workdir "$T/work-$1" -ca "$GOMOTE_CA" -key-file "$T/$1.key" -hostname "$1"
}
# lend NAME: an instance on that machine, the only one that is idle.
lend() {
	box "$1"
	eventually machine_is "$1" idle
	create "$REVERSE"
}
# sh_exec INSTANCE ID SHELL-TEXT
sh_exec() {
	on "$1" /execs -d mode=sys -d cmd=/bin/sh -d cmdArg=-c -d "id=$2" \
	    --data-urlencode "cmdArg=$3" >"$T/begun"
	grep -q '"State":"running"' "$T/begun" || fail "exec $2: $(cat "$T/begun")"
}
member() {
	printf '%s\n' "$2" | sed -n 's/^ *"'"$1"'": "\{0,1\}\([^"]*\)"\{0,1\},\{0,1\}$/\1/p'
}
exec_is() { # INSTANCE ID STATE [STATUS]
	local j
	j=$(http "/api/v1/execs/$2?instance=$1")
	[ "$(member State "$j")" = "$3" ] && [ "$(member Status "$j")" = "${4:-}" ]
}
works() { [ "$(code on "$1" /workdir 2>/dev/null)" = 200 ]; }
over() { [ "$(member State "$(http "/api/v1/instances/$1" 2>/dev/null)")" = ended ]; }
reason() { member Reason "$(http "/api/v1/instances/$1")"; }
# $T/go ends the commands that wait for it.
waiting='echo begun; while [ ! -e '"$T/go"' ]; do sleep 0.02; done; echo over'

i1=$(lend b1)
i2=$(lend b2)
i3=$(lend b3)
i4=$(lend b4)
sh_exec "$i1" goeson 'sleep 1000'
sh_exec "$i1" endshere "$waiting; exit 5"
sh_exec "$i2" goeson 'echo $$ >'"$T/p2"'; exec sleep 1000'
sh_exec "$i2" endshere "$waiting; exit 6"
sh_exec "$i2" vanishes "$waiting"
sh_exec "$i3" goeson 'echo $$ >'"$T/p3"'; exec sleep 1000'
sh_exec "$i4" goeson 'sleep 1000'
for i in "$i1" "$i2" "$i3" "$i4"; do
	eventually exec_is "$i" goeson running
	echo "of $i" | on "$i" '/write?path=kept&mode=420' -T - >"$T/written"
done
eventually exec_is "$i2" vanishes running

# Both are killed: b1's buildlet lives; b2's comes back without one of its execs;
# b3's comes back when its instance has been destroyed; b4's does not.
kill9 b2
kill9 b3
kill9 b4
kill9 coordinator
: >"$T/go"
ended_alone() { test -e "$T/work-$1.gomote/execs/endshere/state"; }
eventually ended_alone b1
eventually ended_alone b2
rm -r "$T/work-b2.gomote/execs/vanishes"
serve "$T/c.conf"
eventually works "$i1"
box b2
eventually works "$i2"
for k in 1 2; do
	i=i$k
	eventually exec_is "${!i}" endshere ended "exit status $((k + 4))"
	exec_is "${!i}" goeson running || fail "goeson of ${!i}"
	assert_eq "of ${!i}" "$(run "${!i}" 'cat "$WORKDIR/kept"' | head -n 1)" "files of ${!i}"
	has_output() { http "/api/v1/execs/endshere/output?instance=${!i}" | tr -d '\0' | grep -q over; }
	eventually has_output
done
eventually exec_is "$i2" vanishes lost 'lost: its machine does not know it any more'
alive "$(cat "$T/p2")" || fail "what ran on b2 was ended"

# Only the machine knows: it is wiped, and nothing runs there any more.
destroy "$i3"
assert_eq 'destroyed by user-alice' "$(reason "$i3")"
exec_is "$i3" goeson ended 'the instance ended: destroyed by user-alice' ||
    fail "goeson of $i3 has not ended with it"
alive "$(cat "$T/p3")" || fail "what ran on b3 ended by itself"
box b3
eventually machine_is b3 idle
ended3() { ! alive "$(cat "$T/p3")"; }
eventually ended3
[ ! -e "$T/work-b3/kept" ] || fail "b3 was not wiped"

# Only the store knows.
eventually over "$i4"
assert_eq 'machine did not come back' "$(reason "$i4")"
exec_is "$i4" goeson ended 'the instance ended: machine did not come back' ||
    fail "goeson of $i4 has not ended with it"
assert_eq 502 "$(code on "$i4" /workdir)"
assert_match 'unknown or expired buildlet: .* ago: machine did not come back' "$(cat "$T/answer")"
# It does, later, and believes in its lease still.
box b4
eventually machine_is b4 idle

# Its machine was emptied meanwhile.
stop b1
eventually machine_is b1 gone
works "$i1" && fail "$i1 works without its machine"
box b1
eventually over "$i1"
assert_match 'machine restarted: its files are gone' "$(reason "$i1")"
eventually machine_is b1 idle

# A cable is pulled, its buildlet killed and started elsewhere: the old connection
# stands still, nobody has said goodbye. It is taken over at once, and who follows
# is broken off, comes back and misses nothing.
start wire "$TEST_BIN/relay" -port-file "$T/wire.port" "127.0.0.1:$PORT"
wait_file "$T/wire.port"
kill9 b2
box b2 "$(cat "$T/wire.port")"
eventually works "$i2"
rm "$T/go"
sh_exec "$i2" followed "$waiting; exit 7"
start follow curl -sSN --max-time 60 --cacert "$GOMOTE_CA" -u "user-alice:$GOMOTE_TOKEN" \
    -H "X-Buildlet-Proxy: $i2" "$GOMOTE_SERVER/execs/followed/log?follow=true"
follows() { grep -aq begun "$T/follow.log"; }
eventually follows
kill -STOP "$(pid_of wire)"
kill9 b2
box b2
evicted() { grep -q 'machine b2: registered again' "$T/coordinator.log"; }
eventually -t 5 evicted
broken() { ! alive "$(pid_of follow)"; }
eventually -t 5 broken
eventually works "$i2"
: >"$T/go"
eventually exec_is "$i2" followed ended 'exit status 7'
rm "$T/follow.pid"
kill -CONT "$(pid_of wire)"
stop wire

# Nobody has two, nobody is left.
destroy "$i2"
all_idle() { [ "$(verb machine list | grep -c ' idle ')" = 4 ]; }
eventually all_idle
assert_eq '[]' "$(stock /buildlet/list | tr -d ' \n')"
ended2() { ! alive "$(cat "$T/p2")"; }
eventually ended2
assert_eq '' "$(find "$T"/work-b? -type f)" "what is left on the machines"
