#!/bin/bash
# coordinator-execs.sh - the record of commands: who ran what where, how it ended,
# and the end of its output, also after the instance has ended; for its user alone.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<'EOF2'
host-type h { pool = local limit = 2 env = { "FROM=host" } }
builder-type b { host-type = h }
EOF2
serve "$T/c.conf"
assert_match '"execs"' "$(http /api/v1/version)"
i=$(create b)
# begin_exec ID SHELL-TEXT [CURL OPTION...]
begin_exec() {
	_id=$1 _text=$2
	shift 2
	on "$i" /execs -d mode=sys -d cmd=/bin/sh -d cmdArg=-c -d "id=$_id" \
	    --data-urlencode "cmdArg=$_text" "$@"
}
# member NAME JSON: the value of a member that stands there once.
member() {
	printf '%s\n' "$2" | sed -n 's/^ *"'"$1"'": "\{0,1\}\([^"]*\)"\{0,1\},\{0,1\}$/\1/p'
}
exec_is() { # ID STATE STATUS
	[ "$(member State "$(http "/api/v1/execs/$1")") $(member Status "$(http "/api/v1/execs/$1")")" = "$2 $3" ]
}
# What comes as records: text of stdout and stderr as it is.
kept() {
	http "/api/v1/execs/$1/output" -o "$T/kept" -w '%{http_code} %{content_type}\n'
}

# The environment of the host type is there, and no connection is needed.
assert_match '"State":"running"' "$(begin_exec quick1 'echo "$FROM words"; exit 3')"
eventually exec_is quick1 ended 'exit status 3'
# Whoever has begun one finds it at once.
for n in 1 2 3 4 5; do
	begin_exec "atonce$n" 'exit 0' >"$T/begun"
	assert_eq "atonce$n" "$(member ID "$(http "/api/v1/execs/atonce$n")")"
done
begin_exec forever 'echo so far; exec sleep 1000' >"$T/begun"
exec_is forever running '' || fail "forever is not there"

all=$(http /api/v1/execs)
assert_eq 'forever atonce5 atonce4 atonce3 atonce2 atonce1 quick1' \
    "$(member ID "$all" | tr '\n' ' ' | sed 's/ $//')" "the newest first"
assert_eq "$i" "$(member Instance "$all" | sort -u)"
assert_eq 'user-alice' "$(member Who "$all" | sort -u)"
assert_match '"-c",' "$all" "arguments"
assert_eq '' "$(member ID "$(http "/api/v1/execs?instance=other")")"
assert_eq quick1 "$(member ID "$(http /api/v1/execs/q)")" "by the beginning of the id"

# The end of the output is there as soon as it has ended.
is_kept() { [ "$(member Kept "$(http "/api/v1/execs/$1")")" -gt 0 ]; }
eventually is_kept quick1
assert_eq '200 application/x-gomote-log' "$(kept quick1)"
assert_match 'host words' "$(tr -d '\0' <"$T/kept")"
assert_eq '404' "$(kept forever | cut -d' ' -f1)" "of one that runs"

# What runs counts as use, and is seen.
running() { http "/api/v1/instances/$i" | tr -d '\n' | grep -qF "\"Running\": $1"; }
eventually running '[    "/bin/sh -c echo so far; exec sleep 1000"  ]'
assert_match '"Running": 1' "$(http '/?mode=json')"
assert_match "^$i .* 1\$" "$(verb instance list)"

# Nobody else sees any of it.
bob=$(verb user add bob)
as_bob() { GOMOTE_USER=bob GOMOTE_TOKEN=$bob http "$@"; }
assert_eq '{"Execs":[]}' "$(as_bob /api/v1/execs | tr -d ' \n')"
assert_eq '{"Instances":[]}' "$(as_bob /api/v1/instances | tr -d ' \n')"
assert_eq 404 "$(code as_bob /api/v1/execs/quick1)"
assert_eq 404 "$(code as_bob /api/v1/execs/quick1/output)"
assert_eq 403 "$(code as_bob "/api/v1/instances/$i")"
assert_eq 403 "$(code as_bob "/api/v1/instances/$i/extend" -d duration=1h)"

# The end of the instance ends it, and its output is saved before the wipe.
assert_eq live "$(member State "$(http "/api/v1/instances/$i")")"
destroy "$i"
assert_eq ended "$(member State "$(http "/api/v1/instances/$i")")"
assert_eq 'destroyed by user-alice' "$(member Reason "$(http "/api/v1/instances/$i")")"
eventually exec_is forever ended 'the instance ended: destroyed by user-alice'
eventually is_kept forever
assert_eq '200 application/x-gomote-log' "$(kept forever)"
assert_match 'so far' "$(tr -d '\0' <"$T/kept")"
assert_eq 502 "$(code on "$i" /execs/forever)"
assert_match "^unknown or expired buildlet: instance $i ended .* ago: destroyed by user-alice" \
    "$(cat "$T/answer")"
assert_match '"Reason": "destroyed by its user"' "$(http '/?mode=json')"
assert_match '<td>destroyed by its user</td>' "$(http /)"

# And outlives us.
kill9 coordinator
serve "$T/c.conf"
assert_eq '200 application/x-gomote-log' "$(kept forever)"
assert_match 'so far' "$(tr -d '\0' <"$T/kept")"
exec_is quick1 ended 'exit status 3' || fail "quick1 is forgotten"

# Not there, unclear, wrong.
assert_eq 404 "$(code http /api/v1/execs/nosuch)"
assert_eq 404 "$(code http /api/v1/execs/quick1/elsewhere)"
assert_eq 404 "$(code http "/api/v1/execs/%2e%2e")"
assert_eq 404 "$(code http /api/v1/instances/nosuch)"
assert_eq 405 "$(code http /api/v1/execs -d x=y)"
i=$(create b)
begin_exec quick2 true >"$T/begun"
eventually exec_is quick2 ended ok
assert_eq 409 "$(code http /api/v1/execs/quick)"
assert_eq quick2 "$(member ID "$(http "/api/v1/execs/quick?instance=$i")")"
