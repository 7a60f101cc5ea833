#!/bin/bash
# Every error is one line and tells what to do next; on a terminal its first word
# is coloured, unless NO_COLOR says no.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/screen.sh"
cd "$T" || exit

# hint TEXT CMD...: it fails with an error that ends in a hint, which holds TEXT.
hint() {
	_text=$1
	shift
	status "$@" >out 2>err
	[ "$STATUS" -ne 0 ] || fail "$* succeeded"
	grep '^gomote: ' err >errors || fail "$*: says nothing"
	assert_eq 1 "$(wc -l <errors)" "errors of $*"
	assert_match "^gomote: .*( \(.*|; .*)$_text" "$(cat errors)" "$*"
}

hint GOMOTE_SERVER gomote list
hint 'gomote help' gomote nonesuch
hint 'gomote help' gomote -nonesuch list
hint 'gomote doctor' gomote -server 127.0.0.1:1 -config /dev/null list
start_coordinator
start_buildlet b1
i=$(gomote create "$REVERSE")
hint 'there is linux' gomote create nonesuch
hint 'gomote list' gomote ping user-dev-x-0
hint 'gomote list' gomote ping 'no name'
hint 'gomote doctor' env GOMOTE_TOKEN=wrong gomote list
hint 'GOMOTE_TOKEN' env -u GOMOTE_TOKEN gomote list
hint 'gomote doctor' env GOMOTE_CA=/dev/null gomote list
bob=$(verb user add bob)
hint 'gomote list' env GOMOTE_USER=bob GOMOTE_TOKEN="$bob" gomote ping "$i"
hint 'gomote ls' gomote ls "$i" nonesuch
hint 'gomote ls' gomote run "$i" nonesuch
hint 'gomote ls' gomote gettar -dir nonesuch "$i"
hint 'gomote create -list' gomote run -builderenv "$LOCAL" "$i" /bin/true
hint 'gomote ps' gomote logs nonesuch0
hint 'gomote ps' gomote kill "$i/nonesuch00"
hint 'gomote help' gomote ls "$i" ../x
hint 'name is right' gomote put "$i" nonesuch
hint 'name is right' gomote puttar "$i" nonesuch
hint 'name is right' gomote gettar -o nonesuch/x "$i"
hint 'name is right' gomote -token-file nonesuch list
hint 'known are' gomote config get nonesuch
hint 'gomote config set' env -u GOMOTE_USER XDG_CONFIG_HOME=x gomote config get user
if [ "$(id -u)" -ne 0 ]; then
	: >mine
	chmod 0 mine
	hint permissions gomote put "$i" mine
fi
if [ -c /dev/full ]; then
	status gomote list >/dev/full 2>err
	assert_match '^gomote: write stdout: .*\(make room' "$(cat err)"
fi

# A buildlet without a coordinator.
hint 'does a buildlet listen' gomote ping linux-amd64@127.0.0.1:1
hint 'gomote list' gomote ping @x

# On a terminal.
assert_match $'^\e\\[31mgomote:\e\\[0m ' "$(screen 80 env -u NO_COLOR TERM=vt220 gomote ping user-dev-x-0)"
assert_match '^gomote: ' "$(screen 80 env NO_COLOR=1 gomote ping user-dev-x-0)"
assert_match '^gomote: ' "$(screen 80 env -u NO_COLOR TERM=dumb gomote ping user-dev-x-0)"
