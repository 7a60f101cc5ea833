#!/bin/sh
# timeout: 240
# Groups: made by themselves and by hand, and which instances a command means.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache"

start_coordinator
for i in 0 1 2 3 4; do start_buildlet "box$i"; done
R=user-$GOMOTE_USER-linux-amd64-reverse
L=user-$GOMOTE_USER-linux-amd64
new() { gomote create linux-amd64-reverse 2>>err; }
# where ARG...: on which instances "gomote ARG... run" runs a command.
where() { gomote "$@" run -prefix=false /bin/sh -c 'cat name' 2>err | sort | tr '\n' ' ' | sed 's/^ *//; s/ *$//'; }
# name INSTANCE WORD: lets where find it.
name() { echo "$2" | gomote -instance "$1" put - name; }
no() {
	assert_status 1 gomote "$@" >out 2>err
	assert_eq '' "$(cat out)" "stdout of gomote $*"
}
wrong() {
	assert_status 2 gomote "$@" >out 2>err
	assert_eq '' "$(cat out)" "stdout of gomote $*"
}

# Without instances.
no run /bin/true
assert_match '^gomote: you have no instance \(see gomote create\)$' "$(cat err)"
assert_eq '' "$(gomote group list)"
no group list debug
no -group debug ping
assert_match '^gomote: there is no group "debug" \(see gomote group list\)$' "$(cat err)"

# One: it need not be named.
assert_eq "$R-0" "$(new)"
name "$R-0" zero
assert_eq zero "$(where)"
gomote ping
assert_match '^name$' "$(gomote ls)"
assert_eq zero "$(GOMOTE_GROUP=nonesuch where)"
# One that has ended, or never was, is not taken for another, nor for a command.
no run "$R-7" /bin/true
assert_match "there is no instance \"$R-7\"" "$(cat err)"
wrong rm "$R-7"
wrong run
assert_match 'too few arguments' "$(cat err)"
# It is not destroyed because it is the only one.
wrong destroy
assert_match 'which instance' "$(cat err)"

# Several: one has to say which.
GOMOTE_GROUP=debug gomote create linux-amd64-reverse >name 2>err
assert_eq "$R-1" "$(cat name)"
name "$R-1" one
no run /bin/true
assert_match "Name one of $R-0, $R-1, or set" "$(cat err)"
assert_eq one "$(GOMOTE_INSTANCE=$R-1 where)"
assert_eq zero "$(where -instance "$R-0")"
wrong -instance "$R-0" ping x
wrong -instance "$R-0" list
assert_match '^gomote: -instance: list does not heed it$' "$(cat err)"
wrong -instance "$R-0" -group debug ping
wrong -group debug ps
assert_match '^gomote: -group: ps does not go by groups$' "$(cat err)"
no ping "$R"
assert_match "^gomote: \"$R\" may be any of $R-0, $R-1 \\(name it in full" "$(cat err)"
no ping nonesuch
assert_match 'there is no instance "nonesuch"' "$(cat err)"

# The group of GOMOTE_GROUP was made with the first instance, and takes the next.
assert_eq "debug	$R-1" "$(gomote group list)"
assert_eq one "$(GOMOTE_GROUP=debug where)"
assert_eq "$R-2" "$(GOMOTE_GROUP=debug new)"
name "$R-2" two
assert_eq "one two" "$(GOMOTE_GROUP=debug where)"
assert_eq "one two" "$(where -group debug)"
assert_eq "$R-1 $R-2" "$(gomote -group debug list | cut -f1 | tr '\n' ' ' | sed 's/ $//')"
assert_eq 3 "$(gomote list | wc -l)"
assert_eq 3 "$(GOMOTE_GROUP=nonesuch gomote list | wc -l)"
no -group nonesuch list
# What cannot be a name is not taken for one that is not there: whose it is is told.
for cmd in list ping "create linux-amd64-reverse" "destroy -destroy-group"; do
	# shellcheck disable=SC2086
	GOMOTE_GROUP='a b' no $cmd
	assert_match '^gomote: GOMOTE_GROUP: "a b" is no name of a group: at most 64 ' "$(cat err)"
done
no -group 'a b' list
assert_match '^gomote: "a b" is no name of a group: ' "$(cat err)"
GOMOTE_GROUP='a b' no create -new-group 'c d' linux-amd64-reverse
assert_match '^gomote: "c d" is no name of a group: ' "$(cat err)"
# Whoever is named is meant alone.
assert_eq zero "$(GOMOTE_GROUP=debug gomote run "$R-0" /bin/cat name 2>err)"
GOMOTE_GROUP=debug no run "$R-7" /bin/true
assert_match "there is no instance \"$R-7\"" "$(cat err)"
GOMOTE_GROUP=debug no rm "$R-7" name
assert_eq "one two" "$(GOMOTE_GROUP=debug where)"

wrong -group debug ssh
assert_match 'ssh: group debug has 2 instances; name one$' "$(cat err)"

# -new-group
assert_eq "$R-3" "$(GOMOTE_GROUP=debug gomote create -new-group other linux-amd64-reverse)"
assert_eq "debug	$R-1 $R-2
other	$R-3" "$(gomote group list)"
no create -new-group other linux-amd64-reverse
assert_match '^gomote: coordinator: group other: ' "$(cat err)"
no create -new-group ../x linux-amd64-reverse
assert_match 'no name of a group' "$(cat err)"
no -group nonesuch create linux-amd64-reverse
assert_match 'nonesuch' "$(cat err)"
assert_eq 4 "$(gomote list | wc -l)"

# Beginnings of names: another builder type makes them different.
gomote create linux-amd64 >name 2>err
assert_eq "$L-0" "$(cat name)"
name "$L-0" local
gomote ping "$L-r" 2>err || :
assert_match "may be any of $R-0, " "$(cat err)"
assert_eq local "$(gomote run "$L-0" /bin/cat name 2>/dev/null)"
gomote destroy "$R-0" "$R-2" "$R-3"
gomote ping "$L-r"
assert_eq one "$(gomote run "$L-re" /bin/cat name 2>/dev/null)"
gomote ls "$L-re" | grep -qx name
assert_eq "debug	$R-1
other	" "$(gomote group list)" "those that ended"
GOMOTE_GROUP=other no ping
assert_match '^gomote: group other has no instances ' "$(cat err)"

# By hand.
gomote group create made "$L-0" "$R-1"
assert_eq "local one" "$(where -group made)"
no group create made
no group create bad "$R-7"
assert_eq '' "$(gomote group list | grep ^bad || :)"
gomote group remove made "$L-0"
assert_eq "made	$R-1" "$(gomote group list made)"
no group remove made "$L-0"
gomote group add made "$L-re" "$L-0"
assert_eq "local one" "$(where -group made)"
assert_eq "made	$L-0 $R-1" "$(gomote group list made | awk '{ print $1 "\t" ($2 < $3 ? $2 " " $3 : $3 " " $2) }')"
assert_match '"Name": ?"made"' "$(gomote group list -json made)"
no group add nonesuch "$L-0"
no group destroy nonesuch
gomote group destroy made
gomote ping "$L-0"
wrong group
wrong group nonesuch
wrong group add made
wrong group create made -json
unset GOMOTE_GROUP

# -destroy-group, also of an empty one.
wrong destroy -destroy-group
wrong -group debug destroy -destroy-group "$R-1"
gomote -group other destroy -destroy-group
gomote -group debug destroy -destroy-group 2>err
assert_eq '' "$(gomote group list)"
assert_eq "$L-0" "$(gomote list | cut -f1)"
GOMOTE_GROUP=debug no destroy -destroy-group
assert_match '^gomote: there is no group "debug"' "$(cat err)"
GOMOTE_INSTANCE=$L-0 gomote destroy
assert_eq '' "$(gomote list)"

# Two at once: both make the group, both are in it; the other names are free again
# as soon as their machines are.
export GOMOTE_GROUP=race
for i in 1 2 3 4; do start "create$i" gomote create linux-amd64-reverse; done
for i in 1 2 3 4; do
	wait "$(pid_of "create$i")"
	rm "create$i.pid"
done
assert_eq 4 "$(gomote group list race | cut -f2 | wc -w)"
gomote destroy -destroy-group 2>err
assert_match '^# ok on 4 of 4: ' "$(cat err)"
assert_eq '' "$(gomote group list)$(gomote list)"
