#!/bin/bash
# timeout: 300
# Commands on all instances of a group: output, copies, stdin, statuses and the
# summary; six instances, of which one ends and another falls silent half-way.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir tmp

start_coordinator
R=user-$GOMOTE_USER-linux-amd64-reverse
export GOMOTE_GROUP=six
for i in 0 1 2 3 4 5; do
	start_buildlet "box$i"
	gomote create linux-amd64-reverse 2>>err
	echo "$i" | gomote -instance "$R-$i" put - number
done >/dev/null
both() { sort "$1" | tr '\n' ' ' | sed 's/ $//'; }

# Lines of all, each with its name, stdout and stderr apart; a copy of each.
gomote run /bin/sh -c 'echo out $(cat number); echo err $(cat number) >&2' >out 2>err
want=
for i in 0 1 2 3 4 5; do want="$want$R-$i: out $i "; done
want=${want% }
assert_eq "$want" "$(both out)"
assert_eq "${want//out/err}" "$(grep '^user-' err | sort | tr '\n' ' ' | sed 's/ $//')"
assert_match "^# ok on 6 of 6: $R-0, $R-1, $R-2, $R-3, $R-4, $R-5\$" "$(cat err)"
for i in 0 1 2 3 4 5; do
	assert_eq "# Writing output from $R-$i to " "$(sed -n "$((i + 1))s|/.*||p" err)"
	f=$(sed -n "s|^# Writing output from $R-$i to \\(/.*\\)\\.\\.\\.\$|\\1|p" err)
	assert_eq "err $i out $i" "$(both "$f")" "the copy"
done
assert_eq 1 "$(find tmp -name 'gomote.*' | wc -l)" "directories of copies"
assert_eq 6 "$(find tmp -type f | wc -l)" "copies"
gomote run -prefix=false /bin/cat number >out 2>err
assert_eq "0 1 2 3 4 5" "$(both out)"

# Whole lines, however they come; the end of a last one is put there.
gomote run /bin/sh -c 'n=$(cat number); x=$(printf "%02000d" "$n"); for i in 1 2 3 4 5 6 7 8 9 10; do
	printf "%s%s\n" "$x" "$x"; printf "%s" "$x"; echo "$x"; done; printf end' >out 2>err
assert_eq 120 "$(grep -Ec "^$R-([0-5]): 0{1999}\\1(0{1999}\\1)\$" out)" "whole lines"
assert_eq 6 "$(grep -c "^$R-[0-5]: end\$" out)"
assert_eq 126 "$(wc -l <out)"

# Statuses: the worst counts.
assert_status 5 gomote run /bin/sh -c 'exit $(cat number)' >out 2>err
assert_match "^# ok on 1 of 6: $R-0\$" "$(cat err)"
assert_match "^# failed on $R-3: exit status 3\$" "$(cat err)"
assert_eq 5 "$(grep -c '^# failed on' err)"
assert_status 1 gomote ls nonesuch 2>err
assert_match "^# failed on $R-0: .*nonesuch" "$(cat err)"
assert_no_match '^# ok' "$(cat err)"
assert_status 137 gomote run /bin/sh -c 'kill -9 $$' 2>err
assert_match "^# failed on $R-0: command: /bin/sh: signal: killed \\(exit status 137\\)\$" "$(cat err)"
assert_status 2 gomote run -t /bin/cat 2>err
assert_match 'not on several instances' "$(cat err)"
assert_status 2 gomote run -e NAME /bin/cat number 2>err
assert_status 2 gomote gettar -o all.tar.gz 2>err
assert_status 2 gomote put
assert_status 2 gomote put -mode 999 big 2>err
assert_eq 1 "$(grep -c '^gomote: put: -mode 999' err)"
assert_status 2 gomote run '' 2>err
# extend tells of each how long it stays.
gomote extend 2h >out 2>err
for i in 0 1 2 3 4 5; do
	assert_match "^$R-$i: $R-$i expires in (2h0m0s|1h59m59s)\$" "$(cat out)"
done
assert_eq 6 "$(wc -l <out)"
assert_match '^# ok on 6 of 6: ' "$(cat err)"
assert_eq 6 "$(gomote list | grep -cE 'expires in (2h0m|1h59m)')"
assert_status 2 gomote extend soon 2>err
assert_eq 1 "$(grep -c 'not a duration' err)" "told once, not by each"

# What looks like an option of ours, but stands behind the command, is its own.
gomote run /bin/echo -prefix=false -- x >out 2>err
assert_eq "$R-0: -prefix=false -- x" "$(sort out | head -n 1)"

# Stdin: what takes one gets all of it, each; run does not.
echo text | gomote run /bin/cat >out 2>err
assert_eq '' "$(cat out)"
assert_match '^# stdin is not passed on to several instances$' "$(cat err)"
head -c 3000000 /dev/urandom >big
gomote put - dir/big <big 2>err
head -c 3000000 big | gomote put -mode 755 - dir/big2 2>err
sum=$(cksum <big)
gomote run -prefix=false /bin/sh -c 'cksum <dir/big; cksum <dir/big2' >out 2>err
assert_eq "$sum" "$(sort -u out)"
assert_eq 12 "$(wc -l <out)"
mkdir -p src/sub
echo hello >src/sub/hello
tar -C src -zc . | gomote puttar -dir piped 2>err
tar -C src -zcf src.tar.gz .
gomote puttar -dir unpacked src.tar.gz 2>err
(cd src && gomote push -dir pushed) 2>err
gomote put src/sub/hello 2>err
gomote run -prefix=false /bin/cat piped/sub/hello unpacked/sub/hello pushed/sub/hello hello >out 2>err
assert_eq 24 "$(grep -c '^hello$' out)"
assert_eq '' "$(find tmp -type f ! -path '*/gomote.*/*')" "what spooling left"

# The others.
gomote gettar -dir piped 2>err
for i in 0 1 2 3 4 5; do
	assert_match 'sub/hello$' "$(tar -tzf "$R-$i.tar.gz")"
done
gomote ping 2>err
assert_match '^# ok on 6 of 6: ' "$(cat err)"
assert_status 1 gomote putbootstrap 2>err
assert_eq 6 "$(grep -c '^# failed on .*bootstrap' err)"
gomote rm piped unpacked 2>err
gomote ls >out 2>err
assert_eq 0 "$(grep -c 'piped\|unpacked' out || :)"
assert_eq 6 "$(grep -c "^$R-[0-5]: pushed\$" out)"

# Two gomotes at once.
for i in 1 2; do start "at-once-$i" gomote run /bin/sh -c "echo $i >at-once-$i; echo $i"; done
for i in 1 2; do
	wait "$(pid_of "at-once-$i")" || fail "gomote $i failed"
	rm "at-once-$i.pid"
	assert_eq 6 "$(grep -c "^$R-[0-5]: $i\$" "at-once-$i.log")"
done
gomote run -prefix=false /bin/cat at-once-1 at-once-2 >out 2>err
assert_eq 12 "$(wc -l <out)"

# One ends, one falls silent half-way: the others finish.
start half gomote run -give-up 2s /bin/sh -c 'echo ready; until [ -e go ]; do sleep 0.05; done; echo done'
six_ready() { [ "$(grep -c ': ready$' half.log)" = 6 ]; }
eventually six_ready
gomote destroy "$R-1"
kill9 box4
for i in 0 2 3 5; do echo | gomote -instance "$R-$i" put - go; done
STATUS=0
wait "$(pid_of half)" || STATUS=$?
rm half.pid
assert_eq 255 "$STATUS"
assert_eq 4 "$(grep -c "^$R-[0235]: done\$" half.log)"
assert_match "^# ok on 4 of 6: $R-0, $R-2, $R-3, $R-5\$" "$(cat half.log)"
assert_match "^# failed on $R-1: coordinator: run /bin/sh: .*destroyed.* \\(exit status 255\\)\$" "$(cat half.log)"
assert_match "^# failed on $R-4: .* \\(exit status 255\\)\$" "$(cat half.log)"

gomote destroy "$R-4" 2>/dev/null
gomote destroy -destroy-group 2>err
assert_match '^# ok on 4 of 4: ' "$(cat err)"
assert_eq '' "$(gomote list)$(gomote group list)"
