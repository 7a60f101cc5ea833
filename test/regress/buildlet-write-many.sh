#!/bin/sh
# Files of many sizes put at once, again and again: each is answered 200 and is
# there whole. (A helper that ended before its pipe was seen drained was once
# taken for one that had not read its input.)
. "$(dirname "$0")/../lib/sh.sh"

start_listen_buildlet box
head -c 3000000 /dev/urandom >"$T/all"
for size in 0 1 4096 65536 262144 262145 1048576 3000000; do
	head -c "$size" "$T/all" >"$T/f$size"
done
round=0
while [ $round -lt 15 ]; do
	set --
	for f in "$T"/f*; do
		set -- "$@" -T "$f" "http://127.0.0.1:$LISTEN_PORT/write?path=${f##*/}"
	done
	curl -sS -Z --max-time 60 -w '%{http_code}\n' "$@" >>"$T/answers" \
	    2>>"$T/progress"
	for f in "$T"/f*; do
		cmp "$f" "$T/work-box/${f##*/}"
	done
	round=$((round + 1))
done
# Answers come mixed: 120 times "OK" and the status, in any order.
assert_eq 120 "$(tr -cd 0-9 <"$T/answers" | fold -w 3 | grep -c 200)" "answers of 200"
