#!/bin/sh
# banned.sh - functions that we do not call (they cannot be told how much room
# there is, hide errors, or block), marks of unfinished work, and tests that
# sleep where they should wait for a condition (in a script "sleep" may be an
# argument, as in gomote run X sleep 99, but not a command).
set -eu
here=$(dirname "$0")
banned='strcpy|stpcpy|strcat|sprintf|vsprintf|strncpy|strncat|gets|atoi|atol'
banned="$banned|atoll|alloca|strtok|gmtime|localtime|ctime|asctime|signal"
banned="$banned|system|popen|tmpnam|mktemp|rand|srand"

files() {	# NAME-PATTERN FOLDER...
	pattern=$1
	shift
	find "$@" -type f -name "$pattern" ! -path 'test/lint/*' \
	    ! -path 'test/fuzz/corpus/*' 2>/dev/null | sort
}

# Calls of one of $2 in folders $3...: not of a member, not the end of a
# longer name, not in a comment or string.
calls() {
	why=$1 which=$2
	shift 2
	files '*.[ch]' "$@" | xargs -r awk -f "$here/strip.awk" |
	    grep -E "^[^:]*:[^:]*:(.*[^A-Za-z0-9_.>])?($which)[[:space:]]*\\(" |
	    sed "s/\$/    <- $why/"
}

out=$(
	calls banned "$banned" lib revdial coordinator buildlet client test
	calls 'wait for a condition' 'sleep|usleep|nanosleep' test/unit test/fuzz test/lib
	files '*' lib revdial coordinator buildlet client man test Makefile \
	    configure.ac README CONTRIBUTING |
	    xargs -r grep -InE '(^|[^A-Za-z0-9_])(TODO|FIXME|XXX|HACK)([^A-Za-z0-9_]|$)' |
	    sed 's/$/    <- finish it/'
	files '*.sh' test/regress test/lib | grep -v '^test/lib/sh.sh$' |
	    xargs -r awk -f "$here/sleeps.awk"
)
[ -z "$out" ] || { printf '%s\n' "$out"; exit 1; }
