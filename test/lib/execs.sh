# shellcheck shell=sh
# execs.sh - execs of a buildlet in listen mode, by curl. For regress scripts,
# after sh.sh; begin with execs_box.

# execs_box: a buildlet named box, with the options in $BOX_OPTIONS; its address
# is in $url, its work directory in $w.
execs_box() {
	# shellcheck disable=SC2086
	start_listen_buildlet box ${BOX_OPTIONS:-}
	url=http://127.0.0.1:$LISTEN_PORT
	w=$T/work-box
	export w
}

# code CURL-ARG...: the status; what came is in $T/out.
code() {
	curl -sS --max-time 60 -o "$T/out" -D "$T/head" -w '%{http_code}' "$@"
}

# field NAME [FILE]: of the one flat object in it ($T/out), without quotes.
field() {
	sed -n 's/.*"'"$1"'":\("\([^"]*\)"\|\([^",}]*\)\).*/\2\3/p' "${2:-$T/out}"
}

# make ID CURL-ARG...: an exec of that id.
make() {
	_id=$1
	shift
	assert_eq 201 "$(code -d "id=$_id" -d mode=sys "$@" "$url/execs")" "POST /execs $*"
	assert_eq "$_id" "$(field ID)"
}

# make_sh ID SCRIPT [CURL-ARG...]: /bin/sh -c SCRIPT.
make_sh() {
	_id=$1 _script=$2
	shift 2
	make "$_id" -d cmd=/bin/sh -d cmdArg=-c --data-urlencode "cmdArg=$_script" "$@"
}

# show ID: its object into $T/out.
show() {
	assert_eq 200 "$(code "$url/execs/$1")" "GET /execs/$1"
}

# finish ID: waits for its end; prints its status.
finish() {
	_n=0
	while assert_eq 200 "$(code "$url/execs/$1?wait=20000")" && [ "$(field State)" = running ]; do
		_n=$((_n + 1))
		[ $_n -lt 5 ] || fail "exec $1 does not end"
	done
	field Status
}

# log ID QUERY: its log into $T/log.
log() {
	curl -sS --max-time 60 -D "$T/head" -o "$T/log" "$url/execs/$1/log?$2"
}

# said ID: what it printed, to stdout and stderr.
said() {
	log "$1" "follow=true"
	"$TEST_BIN/logtext" <"$T/log"
}

trailer() {
	tr -d '\r' <"$T/head" | sed -n "s/^$1: //p"
}
