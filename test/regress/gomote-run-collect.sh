#!/bin/bash
# run -collect: the output to INSTANCE.stdout here, then, whatever the status,
# the tree to INSTANCE.tar.gz. The guide, "Tips and tricks". Also -builderenv and
# -firewall.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
cd "$T" || exit

cat >c.conf <<'EOF'
host-type h { pool = local limit = 2 env = { "H=host" } }
host-type other { pool = reverse }
builder-type linux { host-type = h env = { "OWN=1", "BOTH=linux" } }
builder-type linux-race { host-type = h env = { "RACE=1", "BOTH=race" } }
builder-type openbsd { host-type = other }
EOF
serve c.conf
i=$(gomote create linux)
run() {
	STATUS=0
	gomote run "$@" >out 2>err || STATUS=$?
}

# In the guide's words.
run -collect "$i" /bin/bash -c 'echo hi'
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq '' "$(cat out)" "the output goes to the file"
assert_eq "# Writing output to $i.stdout...
# wrote $i.tar.gz" "$(cat err)"
assert_eq hi "$(cat "$i.stdout")"
tar tzf "$i.tar.gz" >/dev/null || fail "no archive"

# However the instance was named.
rm "$i.tar.gz"
STATUS=0
gomote -instance "$i" run -collect /bin/bash -c 'echo again' >out 2>err || STATUS=$?
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq again "$(cat "$i.stdout")"
[ -s "$i.tar.gz" ] || fail "no archive"

# Both kinds of output in their order; the status of the command; the tree as it
# is after it. What an earlier run left in the file is gone.
seq 1 1000 >"$i.stdout"
run -collect "$i" /bin/sh -c 'echo made >file; echo one; sleep 0.2; echo two >&2; exit 7'
assert_eq 7 "$STATUS"
assert_eq 'one
two' "$(cat "$i.stdout")"
assert_eq made "$(tar xzOf "$i.tar.gz" file 2>/dev/null || tar xzOf "$i.tar.gz" ./file)"
assert_eq '' "$(cat out)$(grep -v '^#' err)"
assert_eq 1 "$(printf '%s\n' ./*.stdout | wc -l)"
assert_eq '' "$(find . -name '.gomote-*')" "what is half done"

# Much of it, byte for byte, and nothing beside it.
run -collect "$i" /bin/sh -c 'seq 1 200000; seq 200001 400000 >&2'
sort -n "$i.stdout" | cmp - <(seq 1 400000)

# On a terminal of its own it is seen, too.
"$TEST_BIN/onpty" gomote run -t -collect "$i" /bin/sh -c 'echo seen; tty' </dev/null >screen 2>&1
assert_match '^seen' "$(cat screen)"
assert_match '^seen' "$(cat "$i.stdout")"
assert_match '^/dev/pts' "$(cat "$i.stdout")"

# Nothing is begun where the file cannot be; where nothing began the old one stays.
mkdir dir && chmod 500 dir
if [ "$(id -u)" != 0 ]; then
	(cd dir && assert_status 1 gomote run -collect "$i" /bin/touch ran 2>"$T/err") || exit 1
	assert_match "^gomote: open $i.stdout: " "$(cat err)"
fi
mkdir taken && mkdir "taken/$i.stdout"
(cd taken && assert_status 1 gomote run -collect "$i" /bin/touch ran 2>"$T/err") || exit 1
assert_match "^gomote: open $i.stdout: " "$(cat err)"
assert_no_match ran "$(gomote ls "$i")"
echo old >"nonesuch-0.stdout"
run -collect nonesuch-0 /bin/true
assert_eq 1 "$STATUS"
assert_eq old "$(cat nonesuch-0.stdout)"
run -collect nonesuch-1 /bin/true
assert_eq 1 "$STATUS"
[ ! -e nonesuch-1.stdout ] || fail "a file for nothing"
run -collect "$i" /bin/nonesuch
assert_eq 1 "$STATUS"
assert_no_match 'wrote' "$(cat err)" "nothing ran, so nothing is collected"
rm -r dir taken

# The disk is full: it is told, and the command ends as it would have.
run -collect "$i" /bin/echo fits
rm "$i.stdout" && ln -s /dev/full "$i.stdout"
run -collect "$i" /bin/sh -c 'echo hello; echo ran >ran'
assert_eq 1 "$STATUS"
assert_match "^# no copy of the output: $i.stdout: No space left" "$(cat err)"
assert_match '^ran$' "$(gomote ls "$i")"
rm "$i.stdout"
mkfifo "$i.stdout"
run -collect "$i" /bin/touch ran2
assert_eq 1 "$STATUS" "a pipe that nobody reads"
assert_no_match '^ran2$' "$(gomote ls "$i")"
rm "$i.stdout"

# Options that do not go together.
for o in '-d -collect' '-any' '-d -until x'; do
	# shellcheck disable=SC2086
	run $o "$i" /bin/true
	assert_eq 2 "$STATUS" "$o"
done
[ ! -e "$i.stdout" ] || fail "a file for a wrong command line"

# Whose environment.
# shellcheck disable=SC2016
show='echo $H,$OWN,$RACE,$BOTH,$GO_DISABLE_OUTBOUND_NETWORK'
run "$i" /bin/sh -c "$show"
assert_eq 'host,1,,linux,' "$(cat out)"
run -builderenv linux-race -firewall "$i" /bin/sh -c "$show"
assert_eq 'host,,1,race,1' "$(cat out)"
run -builderenv linux-race -firewall -e BOTH=me -e GO_DISABLE_OUTBOUND_NETWORK= "$i" /bin/sh -c "$show"
assert_eq 'host,,1,me,' "$(cat out)"
run -builderenv linux "$i" /bin/sh -c "$show"
assert_eq 'host,1,,linux,' "$(cat out)"
id=$(gomote run -d -builderenv linux-race "$i" /bin/sh -c "$show")
gomote wait "$id" >/dev/null
assert_eq 'host,,1,race,' "$(gomote logs "$id")" "detached"
run -builderenv linux-rase "$i" /bin/true
assert_eq 1 "$STATUS"
assert_match '^gomote: coordinator: run /bin/true: unknown builder type "linux-rase".*linux-race' "$(cat err)"
run -builderenv openbsd "$i" /bin/true
assert_eq 1 "$STATUS"
assert_match '^gomote: coordinator: run /bin/true: builder type openbsd is for machines of type other, and this one is of h( |$)' "$(cat err)"
run -builderenv linux linux@127.0.0.1:1 /bin/true
assert_eq 1 "$STATUS"
assert_match '^gomote: -builderenv: only a coordinator knows' "$(cat err)"
