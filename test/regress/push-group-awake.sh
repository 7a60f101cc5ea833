#!/bin/bash
# timeout: 120
# Whoever waits for what another one uploads for all keeps its instance from ending
# as unused meanwhile.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache"
unset GOROOT

start_coordinator
start_buildlet box0
start_buildlet box1
gomote create -count=2 -new-group two "$REVERSE" >"$T/names" 2>/dev/null
start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$PORT"
wait_file "$T/relay.port"
DIRECT=$GOMOTE_SERVER

mkdir "$T/src"
head -c 48M /dev/urandom >"$T/src/file"
cd "$T/src" || exit
GOMOTE_SERVER=https://127.0.0.1:$(cat "$T/relay.port") start two gomote -group two push -dir w
# claimed TASK: before anything of it can have come to the coordinator.
claimed() { [ -e "$(echo "$TMPDIR"/gomote-share.*/"$1"-*.claim)" ]; }
until claimed plan; do alive "$(pid_of two)" || fail "$(cat "$T/two.log")"; done
kill -STOP "$(pid_of relay)"
until claimed pack; do alive "$(pid_of two)" || fail "$(cat "$T/two.log")"; done
inode=$(stat -c %i "$TMPDIR"/gomote-share.*/pack-*.claim)
pid=$(awk -v i="$inode" '{ n = split($6, at, ":"); if (at[n] == i) print $5 }' /proc/locks)
[ "$pid" ] || fail "nobody has the claim"
kill -STOP "$pid"
echo "$pid" >"$T/uploads.pid"
kill -CONT "$(pid_of relay)"

# The instance of who uploads has no request until that is over, and who uploads
# stands still: nothing renews that one.
uploads=$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -xFf "$T/names")
waits=$(grep -vxF "$uploads" "$T/names")
GOMOTE_SERVER=$DIRECT
# expires NAME: when it ends, in seconds of some clock.
expires() {
	date -d "$(http "/api/v1/instances/$1" | sed -n 's/^ *"Expires": "\([^"]*\)".*/\1/p')" +%s
}
before=$(expires "$waits") still=$(expires "$uploads")
renewed() { [ "$(expires "$waits")" -ge $((before + 10)) ]; }
# Well before the other one is taken for dead, and each does it for himself.
eventually -t 25 renewed
assert_eq "$still" "$(expires "$uploads")" "when the instance of who uploads ends"

kill -CONT "$pid"
wait "$(pid_of two)" || fail "$(cat "$T/two.log")"
rm "$T/two.pid"
assert_match '^# ok on 2 of 2: ' "$(cat "$T/two.log")"
