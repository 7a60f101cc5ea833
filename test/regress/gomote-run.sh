#!/bin/bash
# run ends as the command did, passes options on, streams, keeps stdout and
# stderr apart, and keeps a copy of both.
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
w=$(cd "$T/work-box" && pwd -P)
m=linux-amd64@127.0.0.1:$LISTEN_PORT
run() {
	STATUS=0
	gomote run "$@" >"$T/out" 2>"$T/err" || STATUS=$?
}

# Exit statuses.
for n in 0 1 7 42 255; do
	run "$m" /bin/sh -c "exit $n"
	assert_eq $n "$STATUS" "exit $n"
	assert_eq '' "$(cat "$T/out")"
	assert_no_match '^gomote:' "$(cat "$T/err")" "exit $n"
done
for s in TERM:143 KILL:137 SEGV:139 INT:130; do
	run "$m" /bin/sh -c "kill -${s%:*} \$\$"
	assert_eq "${s#*:}" "$STATUS" "killed by ${s%:*}"
	assert_match '^gomote: command: /bin/sh: signal: ' "$(cat "$T/err")"
done
run "$m" /bin/nonesuch
assert_eq 1 "$STATUS"
assert_match '^gomote: buildlet: run /bin/nonesuch: .*no such file' "$(cat "$T/err")"
run "$m" nonesuch
assert_eq 1 "$STATUS"
assert_match '^gomote: buildlet: run nonesuch: .*nonesuch.* not found' "$(cat "$T/err")"
# unstarted TEXT [ARG...]: it is told exactly why.
unstarted() {
	local why=$1
	shift
	run "$@"
	assert_eq 1 "$STATUS" "$*"
	assert_match "^gomote: buildlet: run [^:]*: .*$why \\(see gomote ls( -l)?\\)\$" "$(cat "$T/err")" "$*"
}
printf '#!/bin/sh\n' >"$w/plain"
unstarted 'permission denied' "$m" ./plain
printf '#!/nonesuch/sh\n' >"$w/orphan"
chmod 755 "$w/orphan"
unstarted 'no such file or directory' "$m" ./orphan
unstarted 'no such file or directory' -dir nonesuch "$m" /bin/true

# Where, with what.
mkdir -p "$w/bin" "$w/other"
printf '#!/bin/sh\npwd\nfor a; do echo "<$a>"; done\n' >"$w/bin/tool"
chmod 755 "$w/bin/tool"
run "$m" bin/tool one 'two  2' '' -x
assert_eq "$w/bin
<one>
<two  2>
<>
<-x>" "$(cat "$T/out")" "arguments"
run -dir other "$m" bin/tool
assert_eq "$w/other" "$(cat "$T/out")" "-dir"
run -dir /usr "$m" bin/tool
assert_eq /usr "$(cat "$T/out")" "an absolute -dir"
run -system "$m" pwd
assert_eq "$w" "$(cat "$T/out")" "-system"
run -e A=1 -e 'B=x; y&z%' -e A=2 "$m" /bin/sh -c 'echo "$A|$B"'
assert_eq '2|x; y&z%' "$(cat "$T/out")" "-e"
run -path '$WORKDIR/bin,$PATH' "$m" /bin/sh -c 'echo "$PATH"'
assert_match "^$w/bin:/" "$(cat "$T/out")" "-path"
run -path EMPTY "$m" /bin/sh -c 'echo "[$PATH]"'
assert_eq '[]' "$(cat "$T/out")" "-path EMPTY"
run -debug "$m" /bin/echo hello
assert_match '^:: Running /bin/echo with args ' "$(cat "$T/out")" "-debug"
assert_match '^hello$' "$(cat "$T/out")"

# Its stdout is our stdout, its stderr our stderr; the copy has both.
mkdir "$T/tmp"
TMPDIR=$T/tmp run "$m" /bin/sh -c 'echo one; sleep 0.2; echo two >&2'
assert_eq one "$(cat "$T/out")" "stdout"
assert_eq two "$(grep -v '^#' "$T/err")" "stderr"
copy=$(sed -n 's/^# writing output to //p' "$T/err")
case $copy in
"$T"/tmp/gomote.*/*.stdout) ;;
*) fail "where is the copy? $copy" ;;
esac
assert_eq 'one
two' "$(cat "$copy")" "the copy"
assert_eq 600 "$(stat -c %a "$copy")"
# None can be kept: it runs all the same.
TMPDIR=$T/nonesuch run "$m" /bin/echo fine
assert_eq 0 "$STATUS"
assert_eq fine "$(cat "$T/out")"
assert_match '^# no copy of the output: ' "$(cat "$T/err")"

# Output comes as it is made, not at the end.
mkfifo "$T/go"
gomote run "$m" /bin/sh -c "echo early; cat $T/go; echo late" >"$T/stream" 2>/dev/null &
echo $! >"$T/streaming.pid"
eventually grep -q early "$T/stream"
assert_no_match late "$(cat "$T/stream")"
echo middle >"$T/go"
wait "$(cat "$T/streaming.pid")" || fail "the streamed run failed"
assert_eq 'early
middle
late' "$(cat "$T/stream")"

# More lines than one write takes, to both; each of them whole and in its order.
run "$m" /bin/sh -c 'seq 1 20000; seq 1 20000 >&2; seq 20001 30000'
seq 1 30000 | cmp - "$T/out"
grep -v '^#' "$T/err" | cmp - <(seq 1 20000)

# Too long.
run -timeout 300ms "$m" /bin/sh -c 'echo begun; exec sleep 100'
assert_eq 143 "$STATUS" "its time is over"
assert_eq begun "$(cat "$T/out")"
assert_match '^gomote: command: /bin/sh: its time was over: signal: terminated$' "$(cat "$T/err")"

# What it leaves running is told.
run "$m" /bin/sh -c 'sleep 97.3 >/dev/null 2>&1 & echo done'
assert_eq 0 "$STATUS"
assert_match '^# still running on the instance: 1 process \(sleep\)$' "$(cat "$T/err")"

# Binary output, and much of it.
head -c 3000000 /dev/urandom >"$w/blob"
run "$m" /bin/cat blob
run -dir . "$m" /bin/cat blob
cmp "$T/out" "$w/blob"
