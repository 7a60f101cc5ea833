#!/bin/sh
# coordinator-usage.sh - wrong usage ends with status 2 and says why.
. "$(dirname "$0")/../lib/sh.sh"

wrong() {
	_text=$1
	shift
	status coordinator "$@" >"$T/out" 2>&1
	assert_eq 2 "$STATUS" "coordinator $*"
	assert_match "$_text" "$(cat "$T/out")" "coordinator $*"
}
wrong 'one of -config, -dev or a verb'
wrong 'unknown option' -frob
wrong '-dev needs -state-dir' -dev
wrong 'exclude' -dev -config x -state-dir y
wrong '-t needs -config' -t
wrong 'need -dev' -config x -stock-keys
wrong 'no such level' -config x -log loud
wrong 'there is no verb' frob -state-dir "$T"
wrong 'usage: coordinator user add NAME' user add -state-dir "$T"
wrong 'usage: coordinator user add NAME' -state-dir "$T" user add a b
wrong 'which coordinator' user list
assert_match '^coordinator [0-9]' "$(coordinator -version)"
assert_match '^  user add NAME' "$(coordinator -help)"
assert_match '^  -config FILE' "$(coordinator -help)"
status coordinator user list -state-dir "$T/none" 2>"$T/out"
assert_eq 1 "$STATUS"
assert_match 'No such file' "$(cat "$T/out")"
