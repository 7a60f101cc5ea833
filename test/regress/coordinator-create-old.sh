#!/bin/sh
# coordinator-create-old.sh - clients older than the status lines get one bare
# object; still older ones, and what is no version, are refused.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
assert_match '^  "Name": "user-dev-linux-amd64-reverse-0",$' \
    "$(stock /buildlet/create -d version=20161231 -d "builderType=$REVERSE")"
for v in 20160921 2019 abcdefgh ''; do
	assert_eq 400 "$(code stock /buildlet/create -d "version=$v" -d "builderType=$REVERSE")"
	assert_match 'version' "$(cat "$T/answer")"
done
assert_eq 400 "$(code stock /buildlet/create -d version=20191119)"
assert_match 'builderType' "$(cat "$T/answer")"
