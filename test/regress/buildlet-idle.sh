#!/bin/sh
# An idle buildlet is small, also after it has worked, and works again at once.
. "$(dirname "$0")/../lib/sh.sh"
need curl
[ -z "${GOMOTE_SANITIZED:-}" ] || skip "memory says nothing under sanitizers"

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
pid=$(pid_of box)
is_small() { [ "$(rss_kb "$pid")" -lt 6144 ]; }
eventually is_small
head -c 50000000 /dev/zero | curl -sS -T - "$url/write?path=f" >/dev/null
assert_eq 50000000 "$(curl -sS -d cmd=/bin/cat -d mode=sys -d cmdArg=f "$url/exec" | wc -c | tr -d ' ')"
eventually -t 40 is_small
assert_eq ok "$(curl -sS "$url/healthz")"
