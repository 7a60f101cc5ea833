#!/bin/bash
# list: a table on a terminal that is no wider than it and shows odd bytes safely,
# the lines of old where stdout is none, JSON; ended ones, those of all users,
# and coordinators that know less.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/screen.sh"

# Before there is any.
start_coordinator
start_buildlet b1
assert_eq '' "$(gomote list)"
assert_eq '[]' "$(gomote list -json)"
assert_eq 'NAME  GROUPS  TYPE  HOST  EXPIRES  HEARD  RUNNING' "$(screen 80 gomote list)"

a=$(gomote create "$REVERSE") b=$(gomote create "$LOCAL")
gomote run -d "$a" /bin/sleep 95.1 >/dev/null
tab=$'\t'
assert_match "^$a$tab$REVERSE$tab$HOST_REVERSE${tab}expires in (30m0s|29m5.s)\$" "$(gomote list)"
assert_eq 2 "$(gomote list | wc -l)"
screen 200 gomote list >"$T/wide"
assert_match "^NAME +GROUPS +TYPE +HOST +EXPIRES +HEARD +RUNNING\$" "$(cat "$T/wide")"
assert_match "^$a +[^ ]+ +$REVERSE +$HOST_REVERSE +(30m0s|29m5.s) +[0-9]+s ago +[^ ]" "$(cat "$T/wide")"
assert_match "^$b +- +$LOCAL +host-" "$(cat "$T/wide")"
gomote list -json >"$T/json"
assert_match "^    \"Name\": \"$a\"" "$(cat "$T/json")"
assert_eq 2 "$(grep -c '"Groups": \[' "$T/json")"
assert_match '"State": "live"' "$(cat "$T/json")"

# Groups, what runs, and a group that is set.
gomote group create debug "$a"
runs() { screen 200 gomote list | grep -Eq "^$a +debug +.* /bin/sleep 95\.1\$"; }
eventually runs
assert_match "\"/bin/sleep 95.1\"" "$(gomote list -json)"
assert_eq "$a" "$(gomote -group debug list | cut -f 1)"
assert_eq "$a" "$(screen 200 gomote -group debug list | awk 'NR > 1 { print $1 }')"
assert_eq 1 "$(gomote -group debug list -json | grep -c '"Name"')"
assert_eq 2 "$(GOMOTE_GROUP=nonesuch gomote list | wc -l)"

# All users', for operators.
bob=$(verb user add bob)
assert_status 1 env GOMOTE_USER=bob GOMOTE_TOKEN="$bob" gomote list -all 2>"$T/err"
assert_match 'are for operators' "$(cat "$T/err")"
assert_eq '' "$(GOMOTE_USER=bob GOMOTE_TOKEN=$bob gomote list)"
verb user operator bob yes
assert_eq 2 "$(GOMOTE_USER=bob GOMOTE_TOKEN=$bob gomote list -all | wc -l)"

# What has ended is shown where it is asked for.
gomote destroy "$b"
assert_no_match "$b" "$(gomote list; gomote list -json; screen 200 gomote list)"
assert_match "^$b$tab.*${tab}ended\$" "$(gomote list -ended)"
assert_match "^$b .* ended: " "$(screen 200 gomote list -ended)"
assert_match '"State": "ended"' "$(gomote list -ended -json)"
assert_status 2 gomote list x 2>"$T/err"

# A coordinator with groups, and with a command that would do harm.
start_canned
cat >"$T/canned/_api_v1_instances" <<END
{"Instances":[
{"Name":"user-dev-linux-amd64-0","BuilderType":"linux-amd64","HostType":"host-linux-amd64-local",
 "State":"live","Created":"2026-01-01T00:00:00Z","Expires":"2099-01-01T00:00:00Z",
 "Groups":["debug","fast"],"LastHeard":"2026-01-01T00:00:00Z",
 "Running":["sh -c \u001b[31m\u009b\u202eevil\n日本","go test ./..."]},
{"Name":"user-dev-linux-amd64-1","BuilderType":"linux-amd64","HostType":"host-linux-amd64-local",
 "State":"lost","Created":"2026-01-01T00:00:00Z","Expires":"2026-01-01T00:00:00Z"}
]}
END
wide=$(screen 200 env NO_COLOR=1 gomote list)
assert_match '^user-dev-linux-amd64-0 +debug,fast +.* sh -c \?\[31m\?\?evil\?日本; go test \./\.\.\.$' "$wide"
assert_match '^user-dev-linux-amd64-1 +- .* over +lost, - +-$' "$wide"
assert_no_match $'\e' "$wide" "an escape code with NO_COLOR"
assert_match $'\e\\[31mlost, -\e\\[0m' "$(screen 200 env -u NO_COLOR TERM=vt220 gomote list)"
assert_no_match $'\e' "$(screen 200 env TERM=dumb gomote list)" "an escape code on a dumb terminal"
for w in 120 80 60 40; do
	screen $w env NO_COLOR=1 gomote list >"$T/table"
	assert_eq 3 "$(wc -l <"$T/table")"
	awk -v w=$w 'length($0) > w + 6 { exit 1 }' "$T/table" ||
	    fail "wider than $w: $(cat "$T/table")"
done
assert_match '^user-dev-linux-amd64-0 ' "$(screen 80 gomote list)" "the name, uncut"
assert_match '~' "$(screen 80 gomote list)" "the mark of a cut"
assert_eq 'NAME user-dev-linux-amd64-0 user-dev-linux-amd64-1' "$(screen 20 gomote list | sed 's/ *$//' | xargs)" "on 20 columns the names"
assert_no_match '~' "$(head -n 1 <<<"$(screen 80 gomote list)")" "titles, cut"
assert_match '"Running": \[\]' "$(gomote list -json)" "a list of nothing"

# For operators: who asks must say so.
echo '{"Instances":[{"Name":"bob-linux-0","BuilderType":"l","HostType":"h","User":"user-bob","Created":"2026-01-01T00:00:00Z","Expires":"2026-01-01T00:00:00Z"}]}' \
    >"$T/canned/_api_v1_instances?all=1"
assert_eq "bob-linux-0${tab}l${tab}h${tab}expired" "$(gomote list -all)"
assert_match '"User": "user-bob"' "$(gomote list -all -json)"

# An older coordinator has only the old list.
rm "$T"/canned/_api*
echo '[{"Name":"x-0","BuilderType":"t","HostType":"h","Created":"2026-01-01T00:00:00Z","Expires":"2026-01-01T00:00:00Z"}]' \
    >"$T/canned/_buildlet_list"
assert_match '^x-0 +- +t +h +over +- +-$' "$(screen 200 env NO_COLOR=1 gomote list)"
assert_match '"Name": "x-0"' "$(gomote list -json)"
assert_status 1 gomote list -all 2>"$T/err"
echo '{"Instances":3}' >"$T/canned/_buildlet_list"
assert_status 1 gomote list 2>"$T/err"
assert_match '^gomote: coordinator: list: the answer: not a list' "$(cat "$T/err")"
