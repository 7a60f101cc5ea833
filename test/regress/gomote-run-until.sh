#!/bin/bash
# run -until: again and again, until the output of one run matches; the file holds
# that run. The guide, "Tips and tricks" and "Reproducing a rare failure".
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit

start_coordinator
start_buildlet box
type=$(gomote create -list | awk '/-reverse/ { print $1; exit }')
i=$(gomote create "$type")
w=$T/work-box
run() {
	STATUS=0
	rm -f "$w/n"
	gomote run "$@" >out 2>err || STATUS=$?
}
# flaky N WORDS: says "run 1", "run 2", ...; in run N also WORDS, and fails.
cat >flaky <<'EOF'
#!/bin/sh
echo . >>"$WORKDIR/n"
n=$(wc -l <"$WORKDIR/n")
echo "run $n"
[ "$n" -lt "$1" ] || { printf '%b' "$2"; exit 3; }
EOF
gomote put -mode 755 "$i" flaky

# In the guide's words, and with -collect.
run -collect -until 'FAIL' "$i" flaky 4 '--- FAIL: TestFlaky ---\n'
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq "# Writing output to $i.stdout...
# run 1: status 0, no match, again
# run 2: status 0, no match, again
# run 3: status 0, no match, again
# run 4: status 3, match
# wrote $i.tar.gz" "$(cat err)"
assert_eq 'run 4
--- FAIL: TestFlaky ---' "$(cat "$i.stdout")" "the run that matched, alone"
assert_eq '' "$(cat out)"
n=$(tar tzf "$i.tar.gz" | grep -c '\(^\|/\)n$')
assert_eq 1 "$n" "the tree is there"
assert_eq 1 "$(http /execs -H "X-Buildlet-Proxy: $i" | grep -o '"ID"' | wc -l)" "runs that did not match are forgotten"

# Without: all runs on stdout, the last one in a temporary file.
mkdir tmp
TMPDIR=$T/tmp run -until 'run 3' "$i" flaky 99 ''
assert_eq 0 "$STATUS"
assert_eq 'run 1
run 2
run 3' "$(cat out)"
assert_eq 1 "$(find tmp -type f | wc -l)" "one file for all runs"
assert_eq "$(sed -n 's/^# writing output to //p' err)" "$(find "$T/tmp" -type f)"
assert_eq 'run 3' "$(cat tmp/gomote.*/"$i.stdout")"

# The match is on all of one run: over lines, over what comes at different times,
# on stdout and stderr; never over two runs.
run -until 'one[[:space:]]two' "$i" /bin/sh -c 'printf o; sleep 0.2; printf ne >&2; sleep 0.2; echo; echo two'
assert_eq 0 "$STATUS"
assert_match '^ne# run 1: status 0, match$' "$(cat err)"
run -until 'run 1\nrun 2|run 4' "$i" flaky 99 ''
assert_match '^# run 4: status 0, match$' "$(cat err)"

# Much of it.
run -until '^199999$' -n "$i" /bin/sh -c 'yes nothing | head -n 1000000; seq 200000; yes nothing | head -n 1000000'
assert_match '^# run 1: status 0, match$' "$(cat err)"
assert_eq 2200000 "$(wc -l <out)"

# A wrong pattern is told before anything is done.
for p in '(' 'a\d+' '[z'; do
	run -until "$p" "$i" /bin/touch ran
	assert_eq 2 "$STATUS" "$p"
	assert_match '^gomote: run: -until ' "$(cat err)"
done
assert_no_match ran "$(gomote ls "$i")"

# What cannot be started is not tried again.
run -until x "$i" /bin/nonesuch
assert_eq 1 "$STATUS"
assert_match '^gomote: buildlet: run /bin/nonesuch: ' "$(cat err)"

# It does not eat the input of a script.
(echo first | { gomote run -until 'run 2' "$i" flaky 99 '' >/dev/null 2>&1; cat; }) >left
assert_eq first "$(cat left)"

# endless PATTERN SCRIPT: in the background.
endless() {
	rm -f "$w/n"
	: >out
	env --default-signal=INT gomote run -until "$1" "$i" /bin/sh -c "$2" >out 2>err </dev/null &
	P=$!
	echo $P >run.pid
}
ended() {
	status wait $P
	rm run.pid
}

# Ctrl-C ends it: the command, and with it the runs.
endless never 'echo begun; exec sleep 91.1'
eventually grep -q begun out
kill -INT $P
ended
assert_eq 130 "$STATUS"
assert_match '^# run 1: status 130, no match, interrupted$' "$(cat err)"
# Also where the command does not mind, and between short runs.
endless never 'trap "" INT; echo begun; sleep 0.5'
eventually grep -q begun out
kill -INT $P
ended
assert_eq 130 "$STATUS"
endless never ':'
eventually grep -q '^# run 5: ' err
kill -INT $P
ended
assert_eq 130 "$STATUS" "$(tail -n 3 err)"
endless never ':'
eventually grep -q '^# run 5: ' err
kill -TERM $P
ended
assert_eq 143 "$STATUS" "$(tail -n 3 err)"

# A connection that breaks is waited for, as in any run.
mkfifo "$w/go"
endless 'again 2' "echo x >>$w/n; echo begun; read x <$w/go; echo again \$(wc -l <$w/n)"
eventually grep -q begun out
kill9 coordinator
eventually grep -q '^# connection lost' err
start_coordinator
eventually grep -q '^# connected again' err
echo >"$w/go"
eventually grep -q '^# run 1: status 0, no match, again' err
echo >"$w/go"
ended
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq 'begun
again 1
begun
again 2' "$(cat out)"
