#!/bin/sh
# POST /halt: the answer, then the end, with a clean work directory.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
pid=$(pid_of box)
touch "$T/work-box/file"
assert_match '^halting buildlet' "$(curl -sS -X POST "http://127.0.0.1:$LISTEN_PORT/halt")"
gone() { ! alive "$pid"; }
eventually gone
assert_eq '' "$(ls -A "$T/work-box")"
