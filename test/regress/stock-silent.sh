#!/bin/sh
# stock-silent.sh - a machine that goes silent in each phase: told apart, given
# up in time, and the next one serves.
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

printf 'gophers rule' >"$T/master"
cat >"$T/c.conf" <<EOF
legacy-master-key-file = "$T/master"
join-timeout = 1s
clean-timeout = 2s
answer-timeout = 2s
silence-timeout = 3s
grace = 2s
host-type $HOST_REVERSE {}
builder-type b { host-type = $HOST_REVERSE }
EOF
serve "$T/c.conf"

# Never tells its status: it does not become a machine that is lent.
start_stock s-status -silent status
eventually grep -q 'closed' "$T/s-status.log"
# Never makes the connection that it is asked for.
start_stock s-pickup -silent pickup
eventually -t 40 grep -q 'closed' "$T/s-pickup.log"
# Cannot be wiped: put aside.
start_stock s-wipe -silent removeall
eventually machine_is s-wipe quarantined
stop s-wipe
eventually machine_is s-wipe gone

# Does not answer a command: the client is told which machine and what.
start_stock s-exec -silent exec
i=$(create b)
assert_eq 502 "$(code on "$i" /exec -d mode=sys -d cmd=/bin/true)"
assert_match "^coordinator: POST /exec on machine $HOST_REVERSE/s-exec: no answer" "$(cat "$T/answer")"
# The machine is fine otherwise.
assert_eq 200 "$(code on "$i" /workdir)"
destroy "$i"
stop s-exec

# Silent altogether in the middle of a command: the answer is broken off, and
# the instance ends when the machine does not come back.
start_stock s-body -silent body
i=$(create b)
begin exec /exec -H "X-Buildlet-Proxy: $i" -N -d mode=sys -d cmd=/bin/true
busy() {
	verb instance list | awk -v i="$i" '$1 == i { exit $7 == 0 }'
}
eventually busy
kill -STOP "$(pid_of s-body)"
eventually -t 40 machine_is s-body gone
eventually -t 40 sh -c "! kill -0 $(pid_of exec) 2>/dev/null"
ended() {
	[ "$(code on "$i" /workdir)" = 502 ] && grep -q 'ended' "$T/answer"
}
eventually -t 40 ended
kill -CONT "$(pid_of s-body)"
