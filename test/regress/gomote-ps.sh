#!/bin/bash
# ps: a table of execs, of all instances and of one, newest first, running ones
# alone, as JSON; of instances that have ended, too; of a direct buildlet.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
start_buildlet b1
a=$(gomote create "$REVERSE") b=$(gomote create "$LOCAL")
assert_eq 'ID  INSTANCE  STATE  STARTED  STATUS  COMMAND' "$(gomote ps)" "none at all"
status gomote run "$a" /bin/sh -c 'exit 3' >"$T/out" 2>&1
one=$(gomote run -d "$a" /bin/sleep 95.1)
two=$(gomote run -d "$b" /bin/sh -c $'exec sleep 95.2 # \e[31m')
# The machine knows at once, the coordinator soon.
assert_match "^$one +$a +running +[0-9]s ago +- +/bin/sleep 95.1\$" "$(gomote ps "$a")"
assert_match '^[0-9a-z]{10}  .*  ended +[0-9]s ago +exit status 3 +/bin/sh -c "exit 3"$' "$(gomote ps "$a")"
assert_eq 3 "$(gomote ps "$a" | wc -l)"
assert_match "^$one " "$(gomote ps "$a" | sed -n 2p)" "the newest comes first"
assert_eq 2 "$(gomote ps -running "$a" | wc -l)"
both() { [ "$(gomote ps -running | wc -l)" = 3 ] && [ "$(gomote ps | wc -l)" = 4 ]; }
eventually both
assert_match "^$two +$b +running " "$(gomote ps | sed -n 2p)" "the newest comes first"
assert_no_match $'\e' "$(gomote ps)" "what a terminal obeys"
gomote ps -json >"$T/json"
assert_match "\"ID\": \"$two\"" "$(cat "$T/json")"
assert_match '"Status": "exit status 3"' "$(cat "$T/json")"
assert_eq "$one $two" "$(gomote ps | awk '$3 == "running" { print $1 }' | sort | xargs | awk -v a="$one" -v b="$two" \
    '{ print ($1 == a || $2 == a) && ($1 == b || $2 == b) ? a " " b : $0 }')"

# Killed with its instance, and told so.
gomote destroy "$b"
told() { gomote ps "$b" | grep -Eq "^$two +$b +(ended|lost) "; }
eventually told
assert_no_match running "$(gomote ps "$b")"
assert_match "^$one .* running " "$(gomote ps)"

# One's own alone.
bob=$(verb user add bob)
assert_eq 1 "$(GOMOTE_USER=bob GOMOTE_TOKEN=$bob gomote ps | wc -l)" "what another user sees"
assert_status 1 env GOMOTE_USER=bob GOMOTE_TOKEN="$bob" gomote ps "$a" 2>"$T/err"
assert_match '^gomote: coordinator: ps: .*not yours' "$(cat "$T/err")"
assert_status 1 gomote ps nonesuch 2>"$T/err"
assert_match '^gomote: coordinator: ps: .*there is no instance "nonesuch"' "$(cat "$T/err")"

start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
id=$(gomote run -d "$m" /bin/sleep 95.3)
assert_match "^$id +$m +running " "$(gomote ps "$m")"
