#!/bin/bash
# -json on whatever prints data: one value that a parser takes, arrays also of
# one and of none, whose members are as gomote(1) says.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need jq

start_coordinator
start_buildlet b1
# is WANT FILTER CMD...: what jq's FILTER makes of the output of CMD.
is() {
	_want=$1 _filter=$2
	shift 2
	"$@" >"$T/json" || fail "$* failed"
	assert_eq "$_want" "$(jq -rc "$_filter" "$T/json" 2>&1)" "$* | $_filter"
	assert_eq 1 "$(jq -s length "$T/json")" "values of $*"
}

is "string" '.Version | type' gomote version -json
is "$LOCAL $REVERSE" 'map(.Name) | sort | join(" ")' gomote create -list -json
is '["BootstrapURL","HostType","Name"]' '.[0] | keys' gomote create -json
assert_status 2 gomote create -json "$REVERSE" 2>"$T/err"
assert_match '^gomote: create: -json goes with -list' "$(cat "$T/err")"
for c in list ps; do is '[]' . gomote $c -json; done

a=$(gomote create "$REVERSE")
is "$a live" '.[] | .Name + " " + .State' gomote list -json
is 'array array' '.[0] | (.Groups | type) + " " + (.Running | type)' gomote list -json
gomote run "$a" /bin/sh -c 'mkdir s; cd s; mkdir d "a b"; echo text >"a b/$(printf "\001\377\"")"; ln -s x d/l' 2>/dev/null
is '["a b",true] ["a b/\u0001�\"",false] ["d",true] ["d/l",false]' '[.[] | [.Path, .Dir] | tojson] | join(" ")' gomote ls -json -r "$a" s
is '5 null' '.[1] | "\(.Size) \(.SHA1)"' gomote ls -json -r "$a" s
is "5 $(echo text | sha1sum | cut -c 1-40)" '.[1] | "\(.Size) \(.SHA1)"' gomote ls -json -d -r "$a" s
is true '.[1].ModTime | test("^20..-..-..T..:..:..Z$")' gomote ls -json -r "$a" s
is "$a number true" '.Instance + " " + (.Milliseconds | type) + " \(.Status.Version > 20)"' gomote ping -json "$a"
is "$a" .Name gomote extend -json "$a" 1h

one=$(gomote run -d "$a" /bin/sh -c 'exit 3') two=$(gomote run -d "$a" /bin/true)
assert_status 3 gomote wait -json "$one" "$two" >"$T/json"
assert_eq "[[\"$one\",\"$a\",\"exit status 3\",3],[\"$two\",\"$a\",\"ok\",0]]" \
    "$(jq -c 'map([.ID, .Instance, .Status, .ExitStatus])' "$T/json")"
is "$two $one" '[.[:2][].ID] | join(" ")' gomote ps -json "$a"
is "$a" 'map(.Instance) | unique | join(" ")' gomote ps -json "$a"
three=$(gomote run -d "$a" /bin/sleep 95.4)
is "$three" 'map(.ID) | join(" ")' gomote ps -json -running "$a"
is '/bin/sleep ["95.4"] running' '.[0] | "\(.Cmd) \(.Args | tojson) \(.State)"' gomote ps -json -running "$a"

# Where it fails, it says so, and not in JSON.
assert_status 1 gomote ls -json "$a" nonesuch >"$T/out" 2>"$T/err"
assert_eq '' "$(cat "$T/out")"
assert_match '^gomote: buildlet: ls: ' "$(cat "$T/err")"

# Of a group one array, in the group's order, also of one, and where one fails.
start_buildlet b2
b=$(gomote create "$REVERSE")
gomote group create g "$a" "$b"
export GOMOTE_GROUP=g
is "$a 0 $a $b 0 $b" '[.[] | .Instance, .ExitStatus, .Answer.Instance] | join(" ")' gomote ping -json
is "$a $b" '[.[].Answer.Name] | join(" ")' gomote extend -json 1h
is 'array array' '[.[].Answer | type] | join(" ")' gomote ls -json
gomote -instance "$a" run /bin/sh -c 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); : >"$WORKDIR/s/$(printf %0200d $i)"; done' 2>/dev/null
assert_status 1 gomote ls -json s >"$T/json" 2>"$T/err"
assert_eq "$a 0 null" "$(jq -r '.[0] | "\(.Instance) \(.ExitStatus) \(.Error)"' "$T/json")"
assert_eq 2002 "$(jq '.[0].Answer | length' "$T/json")"
assert_eq "$b 1 null" "$(jq -r '.[1] | "\(.Instance) \(.ExitStatus) \(.Answer)"' "$T/json")"
assert_match '^buildlet: ls: ' "$(jq -r '.[1].Error' "$T/json")"
assert_match "^# ok on 1 of 2: $a\$" "$(cat "$T/err")"
gomote group remove g "$b"
is "1 $a" '"\(length) \(.[0].Answer.Instance)"' gomote ping -json
gomote -instance "$a" ping -json | jq -e .Status >/dev/null || fail "one that is named is an object"
unset GOMOTE_GROUP

# Agents.
is '[]' . gomote agent -json
agent_on
ready() { gomote list >/dev/null && agent_ready; }
eventually ready
is "127.0.0.1:$PORT $(agent_pid)" '.[] | "\(.Server) \(.Pid)"' gomote agent -json
is '["InUse","Pid","Ready","Served","Server"]' '.[0] | keys' gomote agent -json
is 'number number number' '.[0] | [.Ready, .InUse, .Served | type] | join(" ")' gomote agent -json
assert_status 2 gomote agent -json -stop 2>"$T/err"
gomote agent -stop
