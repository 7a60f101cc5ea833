#!/bin/sh
# POST /exec: how commands are found and where they run, what the trailer says
# of their end, and which requests are refused.
. "$(dirname "$0")/../lib/sh.sh"
need curl

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
run() { curl -sS -D "$T/head" -o "$T/out" -w '%{http_code}' "$@" "$url/exec"; }
state() { tr -d '\r' <"$T/head" | sed -n 's/^Process-State: //p'; }
ran() {		# STATE OUTPUT CURL-ARG...
	_state=$1 _out=$2
	shift 2
	assert_eq 200 "$(run "$@")" "status of $*"
	assert_eq "$_state" "$(state)" "state of $*"
	assert_eq "$_out" "$(cat "$T/out")" "output of $*"
}
shell() {	# STATE OUTPUT SCRIPT
	ran "$1" "$2" -d cmd=/bin/sh -d mode=sys -d cmdArg=-c --data-urlencode "cmdArg=$3"
}
mkdir -p "$w/bin"
printf '#!/bin/sh\npwd\n' >"$w/bin/where"
cp "$w/bin/where" "$w/only-here"
chmod 755 "$w/bin/where" "$w/only-here"

# Ends.
shell ok '' true
shell 'exit status 3' 'hi' 'echo hi; exit 3'
# shellcheck disable=SC2016
shell 'signal: killed' '' 'kill -9 $$'
# shellcheck disable=SC2016
shell 'signal: terminated' '' 'kill $$'
shell ok "$(printf 'out\nerr')" 'echo out; echo err >&2'
assert_match '^Trailer: Process-State' "$(cat "$T/head")"
assert_no_match '^Content-Type' "$(cat "$T/head")"
ran 'fork/exec /bin/nonesuch: no such file or directory' '' -d cmd=/bin/nonesuch -d mode=sys
ran "chdir $w/nosuchdir: no such file or directory" '' -d cmd=/bin/true -d dir=nosuchdir
ran "fork/exec $w/nonesuch/x: no such file or directory" '' -d cmd=nonesuch/x -d dir=.

# Where a command is found, and where it runs.
ran ok "$w/bin" -d cmd=bin/where
ran ok "$w" -d cmd=only-here
ran ok "$w" -d cmd=pwd -d mode=sys
ran ok "$w/bin" -d cmd=/bin/pwd -d dir=bin
ran ok / -d cmd=/bin/pwd -d dir=/
ran ok "$(cd /bin && pwd -P)" -d cmd=/bin/pwd

# Refused.
refused() {	# STATUS TEXT CURL-ARG...
	_status=$1 _text=$2
	shift 2
	assert_eq "$_status" "$(run "$@")" "status of $*"
	assert_match "$_text" "$(cat "$T/out")"
	assert_match '^Trailer: Process-State' "$(cat "$T/head")"
}
refused 422 "^invalid 'cmd' parameter: command \"nonesuch\" not found\$" -d cmd=nonesuch
refused 422 'command "only-here" not found' -d cmd=only-here -d mode=sys
refused 400 "requires 'cmd' parameter" -d mode=sys
refused 400 'path "../x" refers to a parent directory' -d cmd=../x
refused 400 "'sys' mode" -d cmd=bin/where -d mode=sys
refused 400 "invalid 'dir' parameter: path \"../x\"" -d cmd=/bin/true -d dir=../x
assert_eq 400 "$(run -0 -d cmd=/bin/true)" "HTTP/1.0"
assert_match 'HTTP/1.1 or higher required' "$(cat "$T/out")"
