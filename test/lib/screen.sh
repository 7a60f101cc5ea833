# shellcheck shell=sh
# screen.sh - commands on a terminal of some width, and servers that say what a
# test tells them to. Sourced after sh.sh.

# shellcheck disable=SC2034
# screen COLUMNS CMD...: what it shows on a terminal, without carriage returns;
# its exit status is in $STATUS (not where the output is caught by $(...)).
screen() {
	_columns=$1
	shift
	STATUS=0
	# shellcheck disable=SC2016
	"$TEST_BIN/onpty" sh -c 'stty cols "$1"; shift; exec "$@"' x "$_columns" "$@" \
	    </dev/null >"$T/screen.out" 2>"$T/screen.modes" || STATUS=$?
	tr -d '\r' <"$T/screen.out"
}

# start_canned: a server with the answers in $T/canned (canned.c), which gomote
# asks from now on.
start_canned() {
	mkdir -p "$T/canned"
	start canned "$TEST_BIN/canned" "$T/canned.port" "$T/canned"
	wait_file "$T/canned.port"
	GOMOTE_SERVER=http://127.0.0.1:$(cat "$T/canned.port")
	export GOMOTE_SERVER
}
