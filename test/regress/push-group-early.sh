#!/bin/bash
# timeout: 120
# What is uploaded for a group goes to its machines while it still comes in; if
# the gomote that uploads it is killed then, the others send it themselves.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir "$T/tmp"
unset GOROOT

start_coordinator
for i in 0 1 2; do
	start "box$i" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
	    -workdir "$T/work-box$i" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname "box$i"
done
all_here() { [ "$(verb machine list | grep -c ' idle ')" = 3 ]; }
eventually all_here
gomote create -count=3 -new-group three "$REVERSE" >/dev/null 2>&1

# The way to the coordinator is slow until $T/fast is there.
start cutter "$TEST_BIN/cutter" -port-file "$T/cutter.port" -rate 1000000 -free "$T/fast" "$PORT"
wait_file "$T/cutter.port"
DIRECT=$GOMOTE_SERVER
slowly() {
	rm -f "$T/fast"
	GOMOTE_SERVER=https://127.0.0.1:$(cat "$T/cutter.port")
}
half() { [ -n "$(find "$T/state/uploads" -name 'new-*')" ]; }
# Some of it has been staged on each machine.
all_staged() {
	local w n=0
	for w in "$T"/work-box*.gomote; do
		[ -z "$(find "$w/push" -path '*/tree/*' -type f 2>/dev/null)" ] || n=$((n + 1))
	done
	[ $n = 3 ]
}
trees() {
	local w
	for w in "$T"/work-box?; do
		if diff -r "$T/src" "$w/$1" >/dev/null; then echo "$w"; fi
	done | wc -l
}
uploads() { grep -c ': upload [0-9a-f]*: ' "$T/coordinator.log" || :; }
mkdir "$T/src"
for ((i = 0; i < 60; i++)); do head -c 100000 /dev/urandom >"$T/src/$i"; done
cd "$T/src" || exit

# The rest goes fast; STATUS is that of the push.
let_end() {
	touch "$T/fast"
	STATUS=0
	wait "$(pid_of push)" || STATUS=$?
	rm "$T/push.pid"
}

slowly
start push gomote -group three push -dir a
eventually -t 30 all_staged
half || fail "the upload was over before the machines had anything of it"
assert_eq 0 "$(trees a)" "trees before the upload is whole"
let_end
assert_eq 0 "$STATUS" "$(cat "$T/push.log")"
assert_match '^# ok on 3 of 3: ' "$(cat "$T/push.log")"
assert_eq 3 "$(trees a)" "trees"
assert_eq 1 "$(uploads)" "uploads"

# --- killed amid it
rm -rf "$T/cache"
slowly
start push gomote -group three push -dir b
eventually -t 30 all_staged
half || fail "the second upload was over before the machines had anything of it"
pid=$(ps -o ppid= -p "$(pgrep -f "x pushpack $T/cache" | head -n 1)" | tr -d ' ')
[ "$pid" ] || fail "nobody packs"
kill -KILL "$pid"
let_end
assert_eq 137 "$STATUS" "$(cat "$T/push.log")"
assert_match '^# ok on 2 of 3: ' "$(cat "$T/push.log")"
assert_eq 2 "$(trees b)" "trees after the one that uploaded was killed"
no_half() { ! half; }
eventually no_half
GOMOTE_SERVER=$DIRECT
