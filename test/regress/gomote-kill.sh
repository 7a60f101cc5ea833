#!/bin/bash
# kill: TERM, and KILL for what does not heed it, to all processes of a command;
# or one signal; several at once. extend: an instance stays for longer.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
i=$(gomote create "$LOCAL")
sleeper() { pgrep -f "sleep $1\$" >/dev/null; }
no_sleeper() { ! sleeper "$1"; }
# begin SHELL-TEXT: it runs as $id, and has said "ready".
begin() {
	id=$(gomote run -d "$i" /bin/sh -c "$1")
	ready() { gomote logs "$id" | grep -q ready; }
	eventually ready
}

begin 'trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.05; done'
gomote kill "$id"
assert_status 5 gomote wait "$id" >"$T/out"
assert_match bye "$(gomote logs "$id")"

begin 'trap "" TERM; setsid sleep 96.1 & echo ready; while :; do sleep 0.05; done'
eventually sleeper 96.1
gomote kill -grace 200ms "$id"
assert_status 137 gomote wait "$id" >"$T/out"
eventually no_sleeper 96.1

begin 'trap "echo again; exit 6" HUP; echo ready; while :; do sleep 0.05; done'
gomote kill "$id" -signal HUP
assert_status 6 gomote wait "$id" >"$T/out"
begin 'echo ready; exec sleep 96.2'
for s in NOSUCH 0 999; do
	assert_status 1 gomote kill -signal $s "$id" 2>"$T/err"
done
gomote kill -signal SIGKILL "$id"
assert_status 137 gomote wait "$id" >"$T/out"

# It has ended: told. Others are killed all the same.
gone=$id
begin 'echo ready; exec sleep 96.3'
assert_status 1 gomote kill "$gone" "$id" nonesuch12 2>"$T/err"
assert_match "^gomote: $gone: buildlet: kill: " "$(cat "$T/err")"
assert_match '^gomote: .*nonesuch12' "$(cat "$T/err")"
assert_status 143 gomote wait "$id" >"$T/out"

# Who looks on is told why it ended.
begin 'echo ready; exec sleep 96.4'
gomote attach "$id" >"$T/out" 2>"$T/err" &
echo $! >"$T/attach.pid"
wait_file "$T/out"
gomote kill "$id"
status wait "$(pid_of attach)"
rm "$T/attach.pid"
assert_eq 143 "$STATUS"
assert_match '^gomote: command: /bin/sh: it was killed: signal: terminated$' "$(cat "$T/err")"

# extend
assert_match "^$i expires in 2h0m0s\$" "$(gomote extend "$i" 2h)"
assert_match "expires in (2h0m0s|1h59m)" "$(gomote list)"
assert_match "^$i expires in 2h10m0s\$" "$(gomote extend 2h10m)" "the only one"
assert_match "^$i expires in 2h20m0s\$" "$(GOMOTE_INSTANCE=$i gomote extend 2h20m)"
assert_match "^$i expires in 2h30m0s\$" "$(gomote -instance "$i" extend 2h30m)"
assert_status 1 gomote extend nonesuch 2h 2>"$T/err"
assert_match '^gomote: there is no instance "nonesuch" \(see gomote list\)' "$(cat "$T/err")"
assert_status 2 gomote extend 2>"$T/err"
assert_status 2 gomote extend soon 2>"$T/err"
assert_status 2 gomote extend "$i" soon 2>"$T/err"
assert_status 1 gomote extend linux-amd64@127.0.0.1:1 2h 2>"$T/err"
