#!/bin/bash
# link-away.sh - as test/regress/link-cut.sh, at full length: links of machines
# away for 5 seconds, a minute and ten minutes, broken and silent, with a
# coordinator that waits a quarter of an hour. Every command goes on, no byte
# lost or doubled.
# timeout: 1300
. "$(dirname "$0")/../../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator -grace 15m
# machine NAME: one whose link is $T/NAME.port, with a command that counts.
machine() {
	local name=$1 i
	start "wire-$name" "$TEST_BIN/relay" -port-file "$T/$name.port" "127.0.0.1:$PORT"
	wait_file "$T/$name.port"
	start "$name" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$(cat "$T/$name.port")" \
	    -workdir "$T/work-$name" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname "$name"
	eventually machine_up "$name"
	i=$(gomote create "$REVERSE")
	# shellcheck disable=SC2016
	start "run-$name" bash -c 'gomote run "$@" >"'"$T/$name.out"'" 2>"'"$T/$name.err"'"; echo $? >"'"$T/$name.code"'"' \
	    x "$i" /bin/sh -c 'n=0; while [ ! -e "$1" ]; do echo "line $n"; n=$((n + 1)); sleep 0.1; done; exit 3' x "$T/$name.stop"
	wait_file "$T/$name.out"
}
# away NAME SECONDS HOW: its link is away for so long.
away() {
	local name=$1 how=$3 port was
	port=$(cat "$T/$name.port")
	[ "$how" = broken ] && kill9 "wire-$name"
	[ "$how" = silent ] && kill -STOP "$(pid_of "wire-$name")"
	pass $(($2 * 20))
	was=$(wc -l <"$T/$name.out")
	[ "$how" = broken ] && start "wire-$name" "$TEST_BIN/relay" -port-file "$T/$name.port" \
	    -port "$port" "127.0.0.1:$PORT"
	[ "$how" = silent ] && kill -CONT "$(pid_of "wire-$name")"
	more() { [ "$(wc -l <"$T/$name.out")" -gt "$was" ]; }
	eventually -t 120 more
	: >"$T/$name.stop"
	wait_file "$T/$name.code"
	assert_eq 3 "$(cat "$T/$name.code")" "exit status of $name: $(tail -n 3 "$T/$name.err")"
	awk '$0 != "line " NR - 1 { exit 1 }' "$T/$name.out" || fail "$name: lines lost, doubled or out of order"
	echo "$name: away for $2 s, $(wc -l <"$T/$name.out") lines"
}

for how in broken silent; do
	for s in 5 60 600; do
		machine "$how-$s"
	done
done
jobs=
for how in broken silent; do
	for s in 5 60 600; do
		away "$how-$s" "$s" "$how" &
		jobs="$jobs $!"
	done
done
for job in $jobs; do
	wait "$job" || bad=1
done
[ ! "${bad:-}" ]
