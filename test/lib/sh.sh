# shellcheck shell=sh
# sh.sh - what every regress script begins with:
#
#	#!/bin/sh
#	# what this test shows
#	. "$(dirname "$0")/../lib/sh.sh"
#
# It gives a scratch folder $T (removed at the end) with $TMPDIR in it, the
# programs in $BIN and in PATH, the test helpers in $TEST_BIN, the tree in $SRC.
# Whatever was begun with start is ended at the end, by its recorded pid, and if
# the test failed the ends of all $T/*.log are shown. KEEP=1 keeps $T.
# Names that begin with _ belong to this file.
set -eu

SRC=${GOMOTE_SRC:-}
if [ -z "$SRC" ]; then
	SRC=$(cd "$(dirname "$0")" && pwd)
	while [ ! -f "$SRC/test/lib/sh.sh" ]; do SRC=${SRC%/*}; done
fi
BIN=${GOMOTE_BIN:-$SRC/build/bin}
TEST_BIN=${GOMOTE_TEST_BIN:-$SRC/build/test/bin}
T=$(mktemp -d "${TMPDIR:-/tmp}/t.XXXXXX")
# There stay the copies that gomote run keeps. Few globs see it.
TMPDIR=$T/.tmp
mkdir "$TMPDIR"
PORT=
PATH=$BIN:$PATH
# An agent that a command leaves behind would be none of its test's business.
GOMOTE_AGENT=off
# Nor a proxy that whoever runs the tests has to use.
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
export SRC BIN TEST_BIN T TMPDIR PATH GOMOTE_AGENT
umask 022

# --- the end ------------------------------------------------------------------

# The processes that this test answers for: those started, the buildlets of
# coordinators' local pools, and agents.
_pids() {
	for _f in "$T"/*.pid "$T"/*/local/*/pid; do
		[ -f "$_f" ] && cat "$_f"
	done 2>/dev/null
	[ ! -d "$T/run" ] || XDG_RUNTIME_DIR=$T/run agent_pid
	return 0
}

_cleanup() {
	_status=$?
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	_all=$(_pids)
	for _p in $_all; do kill -TERM "$_p" 2>/dev/null; done
	_n=0
	for _p in $_all; do
		while alive "$_p" && [ $_n -lt 60 ]; do
			_pause
			_n=$((_n + 1))
		done
	done
	# Once more: a coordinator that ended may have started one meanwhile.
	for _p in $_all $(_pids); do kill -KILL "$_p" 2>/dev/null; done
	# Commands outlive a buildlet that was killed; here nobody comes back for them.
	for _p in $(grep -lazF "WORKDIR=$T/" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3) \
	    $(grep -lazF "$T/" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3); do
		[ "$_p" = $$ ] || kill -KILL "$_p" 2>/dev/null
	done
	if [ $_status -ne 0 ] && [ $_status -ne 77 ]; then
		for _f in "$T"/*.log; do
			[ -s "$_f" ] || continue
			echo "--- end of ${_f##*/}"
			tail -n 15 "$_f"
		done
	fi
	if [ -f "$T/mounts" ]; then
		while read -r _f; do umount -l "$_f"; done <"$T/mounts"
	fi
	if [ "${KEEP:-}" ]; then
		echo "kept: $T"
	else
		chmod -R u+rwX "$T" 2>/dev/null
		rm -rf "$T"
	fi
	exit $_status
}
trap _cleanup EXIT
trap 'exit 130' INT TERM HUP

fail() {
	echo "failed: $*" >&2
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# need PROGRAM...: skips the test where one is not installed.
need() {
	for _f; do
		command -v "$_f" >/dev/null || skip "$_f is not installed"
	done
}

# mount_tmpfs DIR SIZE: a small disk, gone at the end; skips the test where
# mounting is refused.
mount_tmpfs() {
	mkdir "$1"
	mount -t tmpfs -o "size=$2" none "$1" 2>/dev/null ||
	    skip "mounting a tmpfs is refused here"
	echo "$1" >>"$T/mounts"
}

# --- saying what is expected ----------------------------------------------------

# assert_eq WANT GOT [WHAT]
assert_eq() {
	[ "$1" = "$2" ] || fail "${3:-value}: want '$1', got '$2'"
}

# assert_match REGEX TEXT [WHAT]: extended regular expression, any line.
assert_match() {
	printf '%s\n' "$2" | grep -Eq -e "$1" ||
	    fail "${3:-text}: nothing matches '$1' in '$2'"
}

assert_no_match() {
	! printf '%s\n' "$2" | grep -Eq -e "$1" ||
	    fail "${3:-text}: '$1' matches in '$2'"
}

# status CMD...: runs it and leaves its exit status in $STATUS, never fails.
status() {
	STATUS=0
	"$@" || STATUS=$?
}

# assert_status WANT CMD...
assert_status() {
	_want=$1
	shift
	status "$@"
	assert_eq "$_want" "$STATUS" "exit status of $*"
}

_pause() {
	sleep 0.05
}

# pass N: lets N twentieths of a second go by, where time itself is what the
# test is about: a silence, a random moment.
pass() {
	_left=$1
	while [ "$_left" -gt 0 ]; do
		_pause
		_left=$((_left - 1))
	done
}

# eventually [-t SECONDS] CMD...: until CMD succeeds; fails after SECONDS (20,
# three times as long under sanitizers).
eventually() {
	_secs=20
	if [ "$1" = -t ]; then
		_secs=$2
		shift 2
	fi
	[ -z "${GOMOTE_SANITIZED:-}" ] || _secs=$((_secs * 3))
	_end=$(($(date +%s) + _secs))
	until "$@"; do
		[ "$(date +%s)" -le $_end ] || fail "not within $_secs s: $*"
		_pause
	done
}

wait_file() {
	eventually test -s "$1"
}

# --- processes ------------------------------------------------------------------

# alive PID: it runs (a zombie does not).
alive() {
	kill -0 "$1" 2>/dev/null || return 1
	! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

_gone() {
	! alive "$1"
}

# start NAME CMD...: in the background, output in $T/NAME.log (appended).
start() {
	_name=$1
	shift
	if [ -f "$T/$_name.pid" ] && alive "$(pid_of "$_name")"; then
		fail "$_name was started already"
	fi
	"$@" >>"$T/$_name.log" 2>&1 </dev/null &
	echo $! >"$T/$_name.pid"
}

pid_of() {
	cat "$T/$1.pid"
}

_end_with() {
	_p=$(pid_of "$2")
	kill "-$1" "$_p" 2>/dev/null || :
	eventually _gone "$_p"
	STATUS=0
	wait "$_p" 2>/dev/null || STATUS=$?
	rm "$T/$2.pid"
}

# stop NAME: asks it to end and waits until it has; its exit status is in
# $STATUS.
stop() {
	_end_with TERM "$1"
}

kill9() {
	_end_with KILL "$1"
}

# rss_kb PID, peak_kb PID: its memory now, its highest so far.
rss_kb() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}

peak_kb() {
	awk '/^VmHWM:/ { print $2 }' "/proc/$1/status"
}

# --- our programs -----------------------------------------------------------------

_has_port() {
	alive "$(pid_of "$1")" || fail "$1 ended while starting"
	[ -s "$T/$2" ]
}

# start_coordinator [ARG...]: in development mode on $T/state; sets PORT and
# the variables of dev.env. Started again it takes the same port.
start_coordinator() {
	rm -f "$T/port"
	start coordinator coordinator -dev -state-dir "$T/state" \
	    -listen "127.0.0.1:${PORT:-0}" -port-file "$T/port" "$@"
	eventually _has_port coordinator port
	PORT=$(cat "$T/port")
	wait_file "$T/state/dev.env"
	# shellcheck disable=SC1091
	. "$T/state/dev.env"
}

# machine_up NAME: the coordinator knows a machine of that name.
machine_up() {
	coordinator -state-dir "$T/state" machine list 2>/dev/null |
	    grep -qwF -e "$1" && return
	http '/builders?mode=json' 2>/dev/null | grep -qF -e "\"$1\""
}

# start_buildlet NAME [ARG...]: a machine that dials in, working in
# $T/work-NAME; returns once the coordinator has it.
start_buildlet() {
	_b=$1
	shift
	start "$_b" buildlet -reverse-type host-linux-amd64-reverse \
	    -coordinator "127.0.0.1:$PORT" -workdir "$T/work-$_b" \
	    -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname "$_b" "$@"
	eventually machine_up "$_b"
}

# agent_on [DURATION]: from here on gomote uses agents, which belong to this
# test and stay so long without use.
agent_on() {
	[ -d "$T/run" ] || mkdir -m 700 "$T/run"
	XDG_RUNTIME_DIR=$T/run GOMOTE_AGENT=${1:-10m}
	export XDG_RUNTIME_DIR GOMOTE_AGENT
}

agent_pid() {
	gomote agent | sed -n 's/.*	pid \([0-9]*\)	.*/\1/p'
}

agent_ready() {
	gomote agent | grep -q '	[1-9][0-9]* ready	'
}

# start_listen_buildlet NAME [ARG...]: one in listen mode; its port is in
# $T/NAME.port and in $LISTEN_PORT.
start_listen_buildlet() {
	_b=$1
	shift
	rm -f "$T/$_b.port"
	start "$_b" buildlet -listen 127.0.0.1:0 -port-file "$T/$_b.port" \
	    -workdir "$T/work-$_b" "$@"
	eventually _has_port "$_b" "$_b.port"
	# shellcheck disable=SC2034
	LISTEN_PORT=$(cat "$T/$_b.port")
}

# http PATH [CURL OPTION...]: asks the coordinator, as the ready user.
http() {
	_path=$1
	shift
	curl -sS --max-time 30 --cacert "$GOMOTE_CA" \
	    -H "Authorization: Bearer $GOMOTE_TOKEN" "$@" "$GOMOTE_SERVER$_path"
}

# raw_http [OPTION...] PORT: sends stdin as it is to 127.0.0.1:PORT and prints
# what comes back; options are those of test/lib/rawhttp.c (-tls, -wait TEXT).
raw_http() {
	"$TEST_BIN/rawhttp" "$@"
}
