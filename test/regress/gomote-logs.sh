#!/bin/bash
# logs: all of an output, its last lines, what is new, one of its streams, with
# times; followed to its end; and when the instance is gone what was kept.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
i=$(gomote create "$LOCAL")
id=$(gomote run -d "$i" /bin/sh -c 'echo one; echo two >&2; while [ ! -e "$1" ]; do sleep 0.05; done
    echo three; echo four >&2; exit 3' x "$T/enough")
log() {
	STATUS=0
	gomote logs "$@" >"$T/out" 2>"$T/err" || STATUS=$?
	assert_eq 0 "$STATUS" "logs $*: $(cat "$T/err")"
}
has() { gomote logs "$id" 2>&1 | grep -q two; }
eventually has
log "$id"
assert_eq one "$(cat "$T/out")"
assert_eq two "$(cat "$T/err")"

# Followed to its end, whose status is not its own.
gomote logs -f "$id" >"$T/follow" 2>"$T/follow.err" &
echo $! >"$T/follow.pid"
wait_file "$T/follow"
since=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
: >"$T/enough"
wait "$(pid_of follow)" || fail "logs -f: $(cat "$T/follow.err")"
rm "$T/follow.pid"
assert_eq 'one
three' "$(cat "$T/follow")"
assert_eq 'two
four' "$(cat "$T/follow.err")"

# check: the parts of it, wherever they come from.
check() {
	log "$id"
	assert_eq 'one
three' "$(cat "$T/out")" "$1"
	assert_eq 'two
four' "$(cat "$T/err")" "$1"
	log -tail 2 "$id"
	assert_eq 'three four' "$(cat "$T/out" "$T/err" | xargs)" "$1: -tail 2"
	log "$id" -tail 0
	assert_eq '' "$(cat "$T/out" "$T/err")" "$1: -tail 0"
	log -since "$since" "$id"
	assert_eq 'three four' "$(cat "$T/out" "$T/err" | xargs)" "$1: -since a time"
	log -since 1h "$id"
	assert_eq 4 "$(cat "$T/out" "$T/err" | wc -l)" "$1: -since 1h"
	log -stdout "$id"
	assert_eq 'one three' "$(cat "$T/out" "$T/err" | xargs)" "$1: -stdout"
	log -stderr "$id"
	assert_eq 'two four' "$(cat "$T/out" "$T/err" | xargs)" "$1: -stderr"
	assert_eq 'two four' "$(xargs <"$T/err")"
	log -timestamps "$id"
	assert_match '^20[0-9-]*T[0-9:]*\.[0-9]{3}Z one$' "$(cat "$T/out")" "$1: -timestamps"
	assert_match '^20[0-9-]*T[0-9:]*\.[0-9]{3}Z four$' "$(cat "$T/err")" "$1: -timestamps"
}
check 'from the machine'

# Lines in pieces, bytes that are none, much of it.
big=$(gomote run -d "$i" /bin/sh -c 'printf a; sleep 0.3; printf b; sleep 0.3; echo c; printf "\0\377\n"; seq 1 500000')
gomote wait "$big" >"$T/out"
log -timestamps "$big"
assert_match '^[0-9TZ:.-]+ abc$' "$(head -n 1 "$T/out")" "a line in pieces has one time"
log "$big"
{ printf 'abc\n\0\377\n'; seq 1 500000; } | cmp - "$T/out"
log -tail 3 "$big"
assert_eq '499998 499999 500000' "$(xargs <"$T/out")"
# Nobody reads on.
gomote logs "$big" 2>"$T/err" | head -c 10 >"$T/out"
assert_match 'write stdout: Broken pipe' "$(cat "$T/err")"

# The instance is gone.
indexed() { gomote ps | grep -q "$id.*ended"; }
eventually indexed
gomote destroy "$i"
check 'kept by the coordinator'
assert_status 3 gomote attach "$id" >"$T/out" 2>"$T/err"
assert_eq 'one
three' "$(cat "$T/out")"
assert_status 3 gomote wait "$id" >"$T/out"
assert_eq "$id exit status 3" "$(cat "$T/out")"

# Wrong usage.
for bad in '-tail x' '-since x' '-tail 3 -since 1h'; do
	# shellcheck disable=SC2086
	assert_status 2 gomote logs $bad "$id" 2>"$T/err"
done
assert_status 2 gomote logs 2>"$T/err"
assert_status 2 gomote logs "$id" -nonesuch 2>"$T/err"
