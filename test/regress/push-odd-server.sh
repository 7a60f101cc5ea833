#!/bin/sh
# A server that is none of ours, or is broken: the error says who answered what.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache"
unset GOROOT

mkdir answers src
echo text >src/file
start canned "$TEST_BIN/canned" "$T/port" "$T/answers"
wait_file "$T/port"
MOTE=t@127.0.0.1:$(cat port)
no_push() {
	(cd src && assert_status 1 gomote push "$MOTE") 2>err
}

echo nonsense >answers/_status
no_push
assert_match '^gomote: buildlet: push: status: parse JSON: ' "$(cat err)"
echo '{"Version":"x"}' >answers/_status
no_push
assert_match '^gomote: buildlet: push: status: no usable Version' "$(cat err)"
