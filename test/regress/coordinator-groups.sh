#!/bin/sh
# coordinator-groups.sh - groups of instances, kept by the coordinator: made, filled
# and destroyed, by several clients at once, over kill -9, each user's own.
# timeout: 120
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator -local-limit 2
start_buildlet b1
eventually machine_is b1 idle
bob=$(verb user add bob)
as_bob() { GOMOTE_USER=bob GOMOTE_TOKEN=$bob "$@"; }

G=/api/v1/groups
# ask METHOD PATH [CURL OPTION...]: the status; the answer is in $T/answer.
ask() {
	_method=$1 _at=$2
	shift 2
	code stock "$_at" -X "$_method" --path-as-is "$@"
}
# groups [PATH]: what there is, on one line without blanks.
groups() { http "$G${1:-}" | tr -d ' \n'; }
says() { assert_match "^coordinator: $1" "$(cat "$T/answer")"; }
# of INSTANCE: the groups that it says it is in.
of() { http "/api/v1/instances/$1" | tr -d ' \n' | sed 's/.*"Groups":\(\[[^]]*\]\).*/\1/'; }

# --- made and destroyed ------------------------------------------------------------

assert_match '"groups"' "$(http /api/v1/version)"
assert_eq '{"Groups":[]}' "$(groups)"
assert_eq 201 "$(ask POST $G/debug)"
assert_eq '{"Name":"debug","Instances":[]}' "$(tr -d ' \n' <"$T/answer")"
assert_eq 409 "$(ask POST $G/debug)"
says 'there is a group "debug" already'
long=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
assert_eq 201 "$(ask POST "$G/$long")"
for name in "a$long" .x -x _x a%20b %c3%a4; do
	assert_eq 400 "$(ask POST "$G/$name")" "$name"
	says 'group name '
	assert_eq 404 "$(ask GET "$G/$name")" "$name"
done
assert_eq 404 "$(ask POST "$G/a%2Fb")"
assert_eq 404 "$(ask POST $G)"
assert_eq 404 "$(ask PUT $G/debug)"
assert_eq 405 "$(ask PATCH $G/debug)"
assert_eq 204 "$(ask DELETE "$G/$long")"
assert_eq 404 "$(ask DELETE "$G/$long")"
says 'there is no group'
assert_eq 401 "$(GOMOTE_TOKEN=wrong ask GET $G)"

# --- in it from the start -----------------------------------------------------------

assert_eq 201 "$(ask POST $G/all)"
i=$(create "$REVERSE" -d group=debug -d group=all -d group=debug)
assert_eq '["all","debug"]' "$(of "$i")"
assert_eq "{\"Groups\":[{\"Name\":\"all\",\"Instances\":[\"$i\"]},{\"Name\":\"debug\",\"Instances\":[\"$i\"]}]}" \
    "$(groups)"
for version in 20191119 20160922; do
	assert_eq 404 "$(code stock /buildlet/create -d version=$version -d "builderType=$LOCAL" \
	    -d group=debug -d group=none)"
	says 'there is no group "none"'
done
assert_match ' 0 waiting' "$(verb status)"

# What it says beside: when it was heard, and what runs.
on "$i" /execs -d mode=sys -d cmd=/bin/sh -d cmdArg=-c -d id=forever \
    -d 'cmdArg=exec sleep 1000' >"$T/begun"
runs() { http "/api/v1/instances/$1" | tr -d '\n' | grep -q '"Running": \[  *"/bin/sh -c exec sleep 1000"  *\]'; }
eventually runs "$i"
assert_match '"LastHeard": "20[-0-9]*T[0-9:.]*Z"' "$(http /api/v1/instances)"

# --- filled -------------------------------------------------------------------------

j=$(create "$LOCAL")
assert_eq '[]' "$(of "$j")"
assert_eq 204 "$(ask PUT "$G/debug/instances/$j")"
assert_eq 204 "$(ask PUT "$G/debug/instances/$j")" "once more"
assert_eq '["debug"]' "$(of "$j")"
assert_eq "{\"Name\":\"debug\",\"Instances\":[\"$i\",\"$j\"]}" "$(groups /debug)" "by age"
assert_eq 404 "$(ask PUT "$G/none/instances/$j")"
says 'there is no group "none"'
assert_eq 404 "$(ask PUT "$G/debug/instances/user-dev-x-0")"
says 'there is no instance "user-dev-x-0"'
assert_eq 204 "$(ask DELETE "$G/debug/instances/$i")"
assert_eq 404 "$(ask DELETE "$G/debug/instances/$i")"
says "instance $i is not in group debug"
assert_eq 404 "$(ask DELETE "$G/none/instances/$i")"
says 'there is no group "none"'
assert_eq 404 "$(ask DELETE "$G/debug/things/$i")"
assert_eq '["all"]' "$(of "$i")"

# --- nobody else's ------------------------------------------------------------------

assert_eq '{"Groups":[]}' "$(as_bob groups)"
assert_eq 404 "$(as_bob ask GET $G/debug)"
assert_eq 404 "$(as_bob ask DELETE $G/debug)"
assert_eq 404 "$(as_bob ask DELETE "$G/debug/instances/$j")"
assert_eq 404 "$(as_bob ask PUT "$G/debug/instances/$j")"
assert_eq 404 "$(as_bob code stock /buildlet/create -d version=20191119 -d "builderType=$LOCAL" \
    -d group=debug)"
assert_eq 201 "$(as_bob ask POST $G/debug)"
assert_eq 404 "$(as_bob ask PUT "$G/debug/instances/$j")"
says "instance $j is not yours"
k=$(as_bob create "$LOCAL" -d group=debug)
assert_eq "{\"Groups\":[{\"Name\":\"debug\",\"Instances\":[\"$k\"]}]}" "$(as_bob groups)"
assert_eq "{\"Name\":\"debug\",\"Instances\":[\"$j\"]}" "$(groups /debug)"

# Everybody's instances are for operators.
assert_eq 403 "$(ask GET '/api/v1/instances?all=1')"
says 'everybody.s instances are for operators, and user-dev is none'
assert_eq 400 "$(ask GET '/api/v1/instances?all=x')"
assert_status 1 verb user operator dev perhaps 2>"$T/err"
assert_status 1 verb user operator nobody yes 2>"$T/err"
verb user operator dev yes
assert_match '^dev +enabled .* yes$' "$(verb user list)"
names() { http "/api/v1/instances$1" | sed -n 's/^ *"Name": "\(.*\)",/\1/p' | sort | tr '\n' ' '; }
assert_eq "$(printf '%s\n' "$i" "$j" "$k" | sort | tr '\n' ' ')" "$(names '?all=1')"
assert_eq "$(printf '%s\n' "$i" "$j" | sort | tr '\n' ' ')" "$(names '?all=0')"
assert_eq 403 "$(as_bob ask GET '/api/v1/instances?all=1')"
# That is all that it opens: bob's group is bob's, and so is his instance.
assert_eq 404 "$(ask PUT "$G/debug/instances/$k")"
verb user operator dev no
assert_eq 403 "$(ask GET '/api/v1/instances?all=1')"

# --- kill -9 ------------------------------------------------------------------------

before=$(groups)
kill9 coordinator
start_coordinator -local-limit 2
assert_eq "$before" "$(groups)" "after kill -9"
assert_eq "{\"Groups\":[{\"Name\":\"debug\",\"Instances\":[\"$k\"]}]}" "$(as_bob groups)"

# It waits for a machine; all are lent. Asked again after kill -9 it waits on, and
# is in its group then.
wait_for() { # NAME REQUEST
	begin "$1" /buildlet/create -d version=20191119 -d "builderType=$LOCAL" \
	    -d "request=$2" -d group=debug -d group=soon
	eventually grep -q ahead "$T/$1.log"
}
assert_eq 201 "$(ask POST $G/soon)"
wait_for first abc001
kill9 coordinator
start_coordinator -local-limit 2
eventually grep -q 'curl:' "$T/first.log"
wait_for second abc001
wait_for third abc001
eventually grep -q 'asked for again' "$T/second.log"
assert_eq 204 "$(ask DELETE $G/soon)"		# and a group may go meanwhile
as_bob destroy "$k"
eventually grep -q '"buildlet"' "$T/third.log"
l=$(sed -n 's/.*"buildlet":.*"Name":"\([^"]*\)".*/\1/p' "$T/third.log")
assert_eq '["debug"]' "$(of "$l")"
assert_eq '{"Groups":[{"Name":"debug","Instances":[]}]}' "$(as_bob groups)" "an ended one"
# Who asks again gets what there is, though a group is not there any more.
assert_eq "$l" "$(create "$LOCAL" -d request=abc001 -d group=debug -d group=soon)"

# --- the end ------------------------------------------------------------------------

assert_eq "{\"Name\":\"debug\",\"Instances\":[\"$j\",\"$l\"]}" "$(groups /debug)"
destroy "$j"
assert_eq "{\"Name\":\"debug\",\"Instances\":[\"$l\"]}" "$(groups /debug)" "destroyed"
assert_eq '[]' "$(of "$j")"
assert_eq 404 "$(ask PUT "$G/debug/instances/$j")"
says "instance $j ended .* destroyed by user-dev"
verb instance end "$l"
assert_eq '{"Name":"debug","Instances":[]}' "$(groups /debug)" "ended by the operator"
assert_eq 204 "$(ask PUT "$G/debug/instances/$i")"
assert_eq 204 "$(ask DELETE $G/debug)"
assert_eq 200 "$(code on "$i" /workdir)" "its instances live on"
assert_eq '["all"]' "$(of "$i")"
assert_match 'user-dev group.destroy debug from ' "$(verb events)"

# --- at once ------------------------------------------------------------------------

# burst NAME METHOD PATH: 40 times one after the other; the statuses in $T/NAME.log.
burst() {
	begin "$1" "$3?n=[1-40]" -X "$2" -o "$T/$1.answers" -w '%{http_code}\n'
}
over() { [ "$(grep -cE '^[0-9]{3}$' "$T/$1.log")" = 40 ]; }
count() { cat "$T"/burst*.log | grep -c "^$1\$" || :; }
burst burst1 POST $G/race
burst burst2 DELETE $G/race
burst burst3 POST $G/race
burst burst4 DELETE $G/race
for n in 1 2 3 4; do
	eventually over burst$n
done
left=$(groups | grep -c '"race"' || :)
assert_eq "$(count 201)" "$(($(count 204) + left))" "groups made and destroyed"
assert_eq 160 "$(($(count 201) + $(count 204) + $(count 409) + $(count 404)))" "true answers"
rm "$T"/burst*
ask DELETE $G/race >"$T/code"

# Two clients put one instance into it and take it out, while a third remakes it.
m=$(create "$LOCAL")
assert_eq 201 "$(ask POST $G/race)"
burst burst1 PUT "$G/race/instances/$m"
burst burst2 DELETE "$G/race/instances/$m"
burst burst3 PUT "$G/race/instances/$i"
for n in 1 2 3; do
	eventually over burst$n
done
assert_eq 0 "$(cat "$T/burst1.log" "$T/burst3.log" | grep -cv '^204$')" "puts"
assert_eq 40 "$(grep -cE '^(204|404)$' "$T/burst2.log")" "removals"
assert_match "\"$i\"" "$(groups /race)" "what nobody removed"
kill9 coordinator
start_coordinator -local-limit 2
assert_match "\"$i\"" "$(groups /race)" "after kill -9"

# --- bounds -------------------------------------------------------------------------

ask DELETE $G/race >"$T/code"
stock "$G/g[1-99]" -X POST -o "$T/made" -w '%{http_code}\n' >"$T/codes"
assert_eq 99 "$(grep -c '^201$' "$T/codes")"
assert_eq 429 "$(ask POST $G/more)"
says 'there are 100 groups already'
assert_eq 201 "$(as_bob ask POST $G/more)" "others'"
fields=$(i=0; while [ $i -le 100 ]; do printf '&group=x%d' $i; i=$((i + 1)); done)
assert_eq 400 "$(code stock /buildlet/create -d "version=20191119&builderType=$LOCAL$fields")"
assert_match '^group: more than 100' "$(cat "$T/answer")"
