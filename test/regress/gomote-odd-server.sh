#!/bin/sh
# gomote-odd-server.sh - a server that is none of ours, or is broken: the error says who answered what.
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

echo '{"Seq":2,"Running":1,"Execs":[{"ID":"abcdef","Seq":2,"Cmd":"sleep","Args":[],
    "State":"running","Created":"2026-01-01T00:00:00Z"}]}' >answers/_execs
echo nonsense >answers/_execs_abcdef
assert_status 1 gomote wait "$MOTE/abcdef" 2>err
assert_match '^gomote: buildlet: wait: the answer: parse JSON: ' "$(cat err)"

GOMOTE_SERVER=http://127.0.0.1:$(cat port)
export GOMOTE_SERVER GOMOTE_USER=u GOMOTE_TOKEN=t
echo nonsense >answers/_buildlet_list
assert_status 1 gomote putbootstrap user-u-type-0 2>err
assert_match '^gomote: coordinator: list: the answer: parse JSON: ' "$(cat err)"
echo '[]' >answers/_buildlet_list
assert_status 1 gomote putbootstrap user-u-type-0 2>err
assert_match '^gomote: coordinator: you have no instance user-u-type-0 ' "$(cat err)"
