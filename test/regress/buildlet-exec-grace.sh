#!/bin/sh
# A grandchild that holds the output: the command's end is told after a short
# grace, with all that was printed, and the grandchild is killed.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
# shellcheck disable=SC2016
out=$(curl -sS --max-time 20 -D "$T/head" -d cmd=/bin/sh -d mode=sys -d cmdArg=-c \
    --data-urlencode 'cmdArg=sleep 1000 & echo $!; exit 4' "$url/exec")
assert_match '^Process-State: exit status 4' "$(cat "$T/head")"
gone() { ! alive "$out"; }
eventually gone
