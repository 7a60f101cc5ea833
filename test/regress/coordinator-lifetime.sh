#!/bin/bash
# coordinator-lifetime.sh - how long an instance lasts: extended by its user, used
# by a command that nobody watches, and the lifetime of its builder type, which
# counts in any case; whoever asks is told why it ended.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<'EOF2'
exec-interval = 1s
host-type h { pool = local limit = 4 }
builder-type b { host-type = h idle = 10s }
builder-type short { host-type = h idle = 1h lifetime = 20s }
EOF2
serve "$T/c.conf"
assert_match '"Lifetime": "20s"' "$(http /api/v1/builders)"
seconds_to() { # MEMBER INSTANCE
	_at=$(http "/api/v1/instances/$2" | sed -n 's/^ *"'"$1"'": "\([^"]*\)".*/\1/p')
	echo $(($(date -d "$_at" +%s) - $(date +%s)))
}
gone() { [ "$(code on "$1" /workdir)" = 502 ]; }

short=$(create short)
idle=$(create b)
kept=$(create b)
busy=$(create b)
on "$busy" /execs -d mode=sys -d cmd=/bin/sleep -d cmdArg=1000 -d id=sleeper >"$T/begun"
on "$short" /execs -d mode=sys -d cmd=/bin/sleep -d cmdArg=1000 -d id=sleeper >"$T/begun"
assert_eq 200 "$(code http "/api/v1/instances/$kept/extend" -d duration=1h)"
assert_eq 1 $(($(seconds_to Expires "$kept") > 3500))
assert_eq 200 "$(code http "/api/v1/instances/$kept/extend" -d duration=7200000)"
assert_eq 1 $(($(seconds_to Expires "$kept") > 7100))
assert_eq 200 "$(code http "/api/v1/instances/$kept/extend" -d duration=900h)"
assert_eq 1 $(($(seconds_to Expires "$kept") <= 7 * 24 * 3600)) "no more than a week"
assert_eq 200 "$(code http "/api/v1/instances/$short/extend" -d duration=1h)"
assert_eq 1 $(($(seconds_to Expires "$short") <= 20)) "not beyond its limit"
assert_eq 1 $(($(seconds_to Limit "$short") <= 20))
assert_eq 400 "$(code http "/api/v1/instances/$kept/extend" -d duration=soon)"
assert_eq 400 "$(code http "/api/v1/instances/$kept/extend" -X POST)"
assert_eq 404 "$(code http "/api/v1/instances/nosuch/extend" -d duration=1h)"
assert_eq 404 "$(code http "/api/v1/instances/$kept/shrink" -d duration=1h)"

listed() { stock /buildlet/list | grep -qF "\"$1\""; }
not_listed() { ! listed "$1"; }
eventually -t 60 not_listed "$idle"
gone "$idle" || fail "$idle is there"
assert_match 'not used for 10s' "$(cat "$T/answer")"
eventually -t 60 not_listed "$short"
gone "$short" || fail "$short is there"
assert_match 'its lifetime of 20s is over' "$(cat "$T/answer")"
assert_match 'the instance ended: its lifetime of 20s is over' "$(http "/api/v1/execs/sleeper?instance=$short")"
# By now the idle time is over twice for these.
listed "$kept" || fail "$kept has ended"
listed "$busy" || fail "$busy has ended"
on "$busy" /execs/sleeper/kill -d grace=0 >"$T/killed"
eventually -t 60 not_listed "$busy"
listed "$kept" || fail "$kept has ended"
