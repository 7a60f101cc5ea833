#!/bin/bash
# create -count: several at once, each told as it is granted; where one fails the
# others stay; who waits is told why; who leaves is dropped from the queue at once.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
cd "$T" || exit

cat >c.conf <<'EOF'
user-limit = 5
host-type host-linux { pool = local limit = 4 }
host-type host-arm { pool = reverse }
builder-type linux-amd64 { host-type = host-linux }
builder-type linux-arm { host-type = host-arm }
EOF
serve c.conf
create() {
	STATUS=0
	gomote create "$@" >out 2>err || STATUS=$?
}
waiting() { verb status | grep -q "$1 waiting\$"; }
# at_once CMD...: well before the coordinator's next word to a waiting client.
at_once() {
	local begun
	begun=$(date +%s)
	eventually "$@"
	[ "${GOMOTE_SANITIZED:-}" ] || [ $(($(date +%s) - begun)) -lt 4 ] || fail "not at once: $*"
}

# In the guide's words.
create -count=3 linux-amd64
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq 'user-alice-linux-amd64-0
user-alice-linux-amd64-1
user-alice-linux-amd64-2' "$(sed 's/^alice/user-alice/' out | sort)"
sort out | sed 's/.*/# Creating &.../' >want
assert_eq "$(cat want)" "$(grep -v 'still creating' err | sort)"
assert_eq "$(sort out)" "$(gomote list | cut -f 1 | sort)"

# One is nothing special.
create -count 1 linux-amd64
assert_eq 0 "$STATUS"
assert_eq '' "$(grep -v 'still creating' err)"
assert_eq 1 "$(wc -l <out)"

# Five at most: of two more one is refused, at once, and the other waits for one
# of the four machines that there can be, gets it, and stays.
gomote create -count 2 linux-amd64 >two 2>two.err &
echo $! >two.pid
eventually grep -q '^gomote: coordinator: create.*may have 5' two.err
eventually -t 30 grep -qE '^# still creating linux-amd64 \([12]\) after [0-9]+s; 0 requests ahead of you: no machine of type host-linux is free: 4 up, 4 leased; there can be 4$' two.err
assert_eq '' "$(cat two)"
gomote destroy "$(head -n 1 out)"
status wait "$(pid_of two)"
rm two.pid
assert_eq 1 "$STATUS" "one of two was refused"
assert_eq 1 "$(wc -l <two)"
gomote list | cut -f 1 | grep -qxF "$(cat two)" || fail "the one that was granted is not there"
gomote list | cut -f 1 | xargs gomote destroy

# Nobody is there: each is told its place, and why.
env --default-signal=INT gomote create -count 3 linux-arm >three 2>three.err &
echo $! >three.pid
for n in 0 1 2; do
	s=s
	[ $n != 1 ] || s=
	eventually -t 30 grep -qE "^# still creating linux-arm \([123]\) after [0-9]+s; $n request$s ahead of you: no machine of type host-arm is up\$" three.err
done
waiting 3 || fail "$(verb status)"
# Ctrl-C comes here alone, and is passed on.
kill -INT "$(pid_of three)"
status wait "$(pid_of three)"
rm three.pid
assert_eq 130 "$STATUS"
at_once waiting 0
assert_eq '' "$(cat three)"
assert_eq '' "$(verb instance list | tail -n +2)" "an instance of nobody"

# gone SIGNAL [ARG...]: one that waits ends by it, and is dropped at once; also
# where an agent has the connection, and where nothing can be said any more.
gone() {
	local signal=$1
	shift
	env --default-signal=INT gomote create -status=false "$@" linux-arm >one 2>one.err &
	echo $! >one.pid
	eventually waiting 1
	kill "-$signal" "$(pid_of one)"
	status wait "$(pid_of one)"
	rm one.pid
	at_once waiting 0
	assert_eq '' "$(cat one one.err)"
}
gone INT
gone TERM
gone KILL
gone TERM -count 1
agent_on
agent_there() { gomote list && agent_ready; }
eventually agent_there
gone INT
gone KILL
gomote agent | grep -q ready || fail "no agent was there"
gomote agent -stop

# Ctrl-C on a terminal.
mkfifo orders
env --default-signal=INT "$TEST_BIN/onpty" gomote create -count 2 linux-arm <orders >screen 2>&1 &
echo $! >tty.pid
exec 9>orders
eventually waiting 2
printf "%s\n" "type \\x03" >&9
status wait "$(pid_of tty)"
rm tty.pid
exec 9>&-
assert_eq 130 "$STATUS" "$(cat screen)"
at_once waiting 0

# All of them end with the terminal.
gomote create -status=false -count 4 linux-arm >four 2>four.err &
echo $! >four.pid
eventually waiting 4
kill -HUP "$(pid_of four)"
status wait "$(pid_of four)"
rm four.pid
assert_eq 129 "$STATUS"
at_once waiting 0
assert_eq '' "$(cat four four.err)"

# Nor do they live on without the one that started them.
gomote create -status=false -count 3 linux-arm >four 2>four.err &
p=$!
echo $p >four.pid
eventually waiting 3
children=$(pgrep -P $p)
assert_eq 3 "$(echo "$children" | wc -l)" "those that wait"
kill -KILL $p
status wait $p
rm four.pid
at_once waiting 0
for p in $children; do eventually _gone "$p"; done

for n in 0 101 -1 x; do
	create -count=$n linux-amd64
	assert_eq 2 "$STATUS" "-count=$n"
done
create -count 2 nonesuch
assert_eq 1 "$STATUS"
assert_eq 2 "$(grep -c '^gomote: coordinator: create: unknown builder type "nonesuch"' err)"
# Nobody is there to be asked.
stop coordinator
create -count 2 linux-amd64
assert_eq 1 "$STATUS"
assert_match '^gomote: coordinator: dial .*: Connection refused' "$(cat err)"
