#!/bin/sh
# An upgrade (SIGHUP) of a machine that joined with a one-time token: the key that
# it got for that is handed over, and its lease goes on.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
i=$(gomote create "$LOCAL")
echo text | gomote put "$i" - file
on "$i" /execs -d id=stays001 -d mode=sys -d cmd=/bin/sh -d cmdArg=-c \
    --data-urlencode "cmdArg=while [ ! -e $T/stop ]; do sleep 0.05; done; echo over; exit 3" >/dev/null
kill -HUP "$(cat "$T"/state/local/*/pid)"
went_on() { cat "$T"/state/local/*/*log "$T"/state/local/*log 2>/dev/null | grep -q "going on with what is there: lease $i, 1 commands run"; }
eventually went_on
here() { on "$i" /status 2>/dev/null | grep -q '"Running":1'; }
eventually -t 60 here
assert_eq text "$(gomote run "$i" /bin/cat file 2>/dev/null)"
touch "$T/stop"
assert_match '"Status":"exit status 3"' "$(on "$i" '/execs/stays001?wait=20000')"
assert_no_match 'GOMOTE_BUILDLET_KEY' "$(gomote run "$i" /usr/bin/env 2>/dev/null)"
gomote destroy "$i"
