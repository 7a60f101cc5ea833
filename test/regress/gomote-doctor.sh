#!/bin/bash
# doctor: tells what is well, and of each thing that can be wrong what it is and
# what to do; 0 or 1; it waits for nobody.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/screen.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/c"

# ill CHECK TEXT ADVICE [CMD...]: what doctor finds wrong.
ill() {
	_check=$1 _text=$2 _advice=$3
	shift 3
	assert_status 1 "$@" >out 2>err
	assert_match "^WRONG +$_check +.*$_text" "$(cat out)" "$_check"
	assert_match "^ +-> .*$_advice" "$(grep -A 1 "^WRONG *$_check" out)" "$_check"
	assert_eq '' "$(cat err)" "stderr"
}
well() {
	assert_match "^ok +$1 +.*${2:-}" "$(cat out)" "$1"
}

# Nothing is set up.
unset GOMOTE_SERVER GOMOTE_CA GOMOTE_USER GOMOTE_TOKEN
ill server 'no server is set' 'gomote config set server' gomote doctor
assert_eq 5 "$(grep -c '^- .*not looked at' out)"

start_coordinator
gomote doctor >out
for c in config server certificate agent clock login versions; do well $c; done
assert_eq 7 "$(wc -l <out)"
well certificate 'good for [67][0-9]* more days'
well login 'you are user-dev'
well versions "$(gomote version), coordinator"
well agent 'turned off'
assert_match $'^\e\\[32mok\e\\[0m ' "$(screen 80 env -u NO_COLOR TERM=vt220 gomote doctor)"
assert_no_match $'\e' "$(screen 80 env NO_COLOR=1 gomote doctor)"

# The token is whose; without a user's name the coordinator tells.
env -u GOMOTE_USER gomote doctor >out
well login 'you are user-dev'
ill login 'unknown user or wrong token' 'a pair' env GOMOTE_TOKEN=wrong gomote doctor
ill login 'no token is set' 'gomote config set' env -u GOMOTE_TOKEN gomote doctor
bob=$(verb user add bob)
verb user disable bob
ill login 'disabled' . env GOMOTE_USER=bob GOMOTE_TOKEN="$bob" gomote doctor

# Certificates.
openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out other.pem \
    -subj /CN=other -days 1 2>/dev/null
ill certificate 'not signed by the pinned CA' 'ask its operator' env GOMOTE_CA=other.pem gomote doctor
ill certificate 'not signed by a CA of this system' 'ask its operator' env -u GOMOTE_CA gomote doctor
ill certificate 'nonesuch' 'ask its operator' env GOMOTE_CA=nonesuch gomote doctor
well server

# Somebody whose certificate ends tomorrow, with a web page.
start www "$TEST_BIN/httpd" www.port other.pem k.pem
wait_file www.port
www=https://127.0.0.1:$(cat www.port)
status env GOMOTE_CA=other.pem GOMOTE_SERVER="$www" gomote doctor >out
assert_eq 1 "$STATUS"
assert_match '^note +certificate .*good for [01] more days?' "$(cat out)"
assert_match 'tell the operator' "$(cat out)"

# Nobody there; somebody who says nothing.
ill server 'Connection refused' 'the port' env GOMOTE_SERVER=127.0.0.1:1 gomote doctor
ill server 'nonesuch.invalid' 'the name' env GOMOTE_SERVER=nonesuch.invalid gomote doctor

# The file.
mkdir -p c/gomote
echo 'colour = red' >c/gomote/config
ill config 'config:1: unknown key colour' mend gomote doctor
rm c/gomote/config
ill config 'nonesuch' mend gomote -token-file nonesuch doctor

# An agent, and one that is stopped.
agent_on
gomote list
eventually agent_ready
gomote doctor >out
well agent 'pid [0-9]* 1 ready'
pid=$(agent_pid)
kill -STOP "$pid"
ill agent 'does not answer' 'remove that file' gomote doctor
kill -CONT "$pid"
gomote agent -stop
export GOMOTE_AGENT=off

gomote doctor -json >out
assert_eq 7 "$(grep -c '"Verdict": "ok"' out)"

# Servers that are not ours: another time, older, newer, none at all.
export XDG_CONFIG_HOME="$T/c"
start_canned
ill login 'there is no /buildlet/list' 'is no coordinator' gomote doctor
echo '[]' >canned/_buildlet_list
gomote doctor >out
well certificate 'plain HTTP'
well login 'you are dev'
assert_match '^note +versions .*does not tell' "$(cat out)"
echo '{"Version":"99.1","User":"user-x"}' >canned/_api_v1_version
gomote doctor >out
assert_match '^note +versions .*coordinator 99.1' "$(cat out)"
well login 'you are user-x'
echo 'Sat, 21 Nov 2009 19:13:20 GMT' >canned/date
ill clock "ahead of the server's" 'set the clock' gomote doctor
echo 'yesterday' >canned/date
gomote doctor >out
assert_match '^note +clock ' "$(cat out)"
