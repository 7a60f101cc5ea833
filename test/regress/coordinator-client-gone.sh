#!/bin/sh
# coordinator-client-gone.sh - a client that goes away in the middle: its command
# ends on the machine, its upload leaves no file, and the instance lives.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
i=$(create "$REVERSE")
begin running /exec -H "X-Buildlet-Proxy: $i" -N -d mode=sys -d cmd=/bin/sh -d cmdArg=-c \
    --data-urlencode 'cmdArg=echo $$ >pid; echo begun; exec sleep 1000'
eventually grep -q begun "$T/running.log"
pid=$(cat "$T/work-b1/pid")
alive "$pid" || fail "the command does not run"
kill9 running
ended() {
	! alive "$pid"
}
eventually ended
mkfifo "$T/slow"
begin upload '/write?path=half&mode=420' -H "X-Buildlet-Proxy: $i" -T "$T/slow"
exec 9>"$T/slow"
echo some >&9
busy() {
	verb instance list | awk -v i="$i" '$1 == i { exit $7 == 0 }'
}
idle() {
	! busy
}
eventually busy
kill9 upload
exec 9>&-
eventually idle
assert_eq '' "$(find "$T/work-b1" -name 'half*')"
assert_eq 'Process-State: ok' "$(run "$i" 'exit 0')"
