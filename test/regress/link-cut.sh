#!/bin/bash
# link-cut.sh - the link of a machine broken, and silent for a while, and away
# for longer than a heartbeat takes to notice: a run goes on by itself, no byte
# lost or doubled. And the same with the link of the client.
# timeout: 240
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

# link NAME: a relay to the coordinator; its port is in $LINK.
link() {
	rm -f "$T/$1.port"
	start "$1" "$TEST_BIN/relay" -port-file "$T/$1.port" "127.0.0.1:$PORT"
	wait_file "$T/$1.port"
	LINK=$(cat "$T/$1.port")
}

start_coordinator
link wire
start box buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$LINK" \
    -workdir "$T/work-box" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname box
eventually machine_up box
i=$(gomote create "$REVERSE")

# count NAME: a run that counts until $T/NAME.stop is there, through the server
# in GOMOTE_SERVER.
count() {
	# shellcheck disable=SC2016
	start "$1" bash -c 'gomote run "$@" >"'"$T/$1.out"'" 2>"'"$T/$1.err"'"; echo $? >"'"$T/$1.code"'"' \
	    x "$i" /bin/sh -c 'n=0; while [ ! -e "$1" ]; do echo "line $n"; n=$((n + 1)); sleep 0.02; done; exit 3' x "$T/$1.stop"
	wait_file "$T/$1.out"
}
lines() { wc -l <"$T/$1.out"; }
# grows NAME: more comes than there is now.
grows() {
	local was
	was=$(lines "$1")
	more() { [ "$(lines "$1")" -gt "$was" ]; }
	eventually -t 120 more "$1"
}
# ends NAME: it is told to stop, and every line came once and in order.
ends() {
	: >"$T/$1.stop"
	wait_file "$T/$1.code"
	assert_eq 3 "$(cat "$T/$1.code")" "exit status of $1: $(tail -n 3 "$T/$1.err")"
	awk '$0 != "line " NR - 1 { exit 1 }' "$T/$1.out" || fail "$1: lines lost, doubled or out of order"
}
waited() { grep -q '^# connection lost, waiting' "$T/$1.err"; }

# The machine's link breaks, and is back on the same port.
count broken
kill9 wire
eventually waited broken
start wire "$TEST_BIN/relay" -port-file "$T/wire.port" -port "$LINK" "127.0.0.1:$PORT"
grows broken

# It stands, but nothing comes through for a few seconds: nobody needs to notice.
kill -STOP "$(pid_of wire)"
pass 60
kill -CONT "$(pid_of wire)"
grows broken
ends broken

# It is silent until the coordinator gives the machine up.
count silent
kill -STOP "$(pid_of wire)"
gone() { machine_is box gone; }
eventually -t 90 gone
eventually -t 60 waited silent
kill -CONT "$(pid_of wire)"
grows silent
ends silent

# The client's own link, broken and silent.
link line
export GOMOTE_SERVER=https://127.0.0.1:$LINK
count client
kill9 line
eventually waited client
start line "$TEST_BIN/relay" -port-file "$T/line.port" -port "$LINK" "127.0.0.1:$PORT"
grows client
ends client
