#!/bin/sh
# coordinator-builder-type.sh - an unknown builder type is refused, and the
# answer names those that are like it.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
for v in 20191119 20161231; do
	assert_eq 400 "$(code stock /buildlet/create -d version=$v -d builderType=linux-amd65)"
	assert_match 'unknown builder type "linux-amd65"; did you mean linux-amd64' "$(cat "$T/answer")"
done
assert_eq 400 "$(code stock /buildlet/create -d version=20191119 -d builderType=plan9-mips)"
assert_match 'there is linux-amd64, linux-amd64-reverse' "$(cat "$T/answer")"
