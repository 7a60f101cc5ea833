#!/bin/bash
# gomote-upgrade.sh - a command that runs through an upgrade of the coordinator,
# stopped in order and started again from another path, and through one of its
# buildlet (SIGHUP): it ends normally, with its status and all of its output.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
mkdir "$T/old" "$T/new"
cp "$BIN/buildlet" "$T/old/"
BOX=$T/old/buildlet
start box "$BOX" -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
    -workdir "$T/work-box" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname box
eventually machine_up box
for type in "$REVERSE" "$LOCAL"; do
	i=$(gomote create "$type")
	# shellcheck disable=SC2016
	start "run-$type" bash -c 'gomote run "$@" >"'"$T/$type.out"'" 2>"'"$T/$type.err"'"; echo $? >"'"$T/$type.code"'"' \
	    x "$i" /bin/sh -c 'n=0; while [ ! -e "$1" ]; do echo "line $n"; n=$((n + 1)); sleep 0.02; done; exit 42' x "$T/stop"
	wait_file "$T/$type.out"
done

stop coordinator
cp "$BIN/coordinator" "$BIN/buildlet" "$T/new/"
PATH=$T/new:$PATH
start_coordinator
assert_match "^$T/new/" "$(readlink "/proc/$(pid_of coordinator)/exe")" "the program that runs"
for type in "$REVERSE" "$LOCAL"; do
	waited() { grep -q '^# connected again' "$T/$type.err"; }
	eventually -t 60 waited
done

rm "$T/old/buildlet"
cp "$BIN/buildlet" "$T/old/"
before=$(stat -Lc %i "/proc/$(pid_of box)/exe")
kill -HUP "$(pid_of box)"
upgraded() { [ "$(stat -Lc %i "/proc/$(pid_of box)/exe")" != "$before" ]; }
eventually upgraded
was=$(wc -l <"$T/$REVERSE.out")
grows() { [ "$(wc -l <"$T/$REVERSE.out")" -gt "$was" ]; }
eventually -t 60 grows

: >"$T/stop"
for type in "$REVERSE" "$LOCAL"; do
	wait_file "$T/$type.code"
	assert_eq 42 "$(cat "$T/$type.code")" "exit status on $type: $(cat "$T/$type.err")"
	awk '$0 != "line " NR - 1 { exit 1 }' "$T/$type.out" || fail "$type: lines lost, doubled or out of order"
done
