# shellcheck shell=sh
# coordinator.sh - for regress scripts that talk to a coordinator with curl, as
# stock clients do: basic authorization, X-Buildlet-Proxy, forms. Sourced after
# sh.sh.
export REVERSE=linux-amd64-reverse	# the builder type whose machines a test brings
export LOCAL=linux-amd64
export HOST_REVERSE=host-linux-amd64-reverse

# stock PATH [CURL OPTION...]: as user-$GOMOTE_USER.
stock() {
	_path=$1
	shift
	curl -sS --max-time 60 --cacert "$GOMOTE_CA" \
	    -u "user-$GOMOTE_USER:$GOMOTE_TOKEN" "$@" "$GOMOTE_SERVER$_path"
}

# on INSTANCE PATH [CURL OPTION...]: to an instance.
on() {
	_instance=$1 _path=$2
	shift 2
	stock "$_path" -H "X-Buildlet-Proxy: $_instance" "$@"
}

# begin NAME PATH [CURL OPTION...]: stock in the background, see start.
begin() {
	_begin=$1 _path=$2
	shift 2
	start "$_begin" curl -sSN --max-time 180 --cacert "$GOMOTE_CA" \
	    -u "user-$GOMOTE_USER:$GOMOTE_TOKEN" "$@" "$GOMOTE_SERVER$_path"
}

# code CURL-FUNCTION ARG...: the HTTP status; the answer is in $T/answer.
code() {
	"$@" -o "$T/answer" -w '%{http_code}'
}

# create BUILDER-TYPE [CURL OPTION...]: the name of a new instance.
create() {
	_type=$1
	shift
	stock /buildlet/create -d version=20191119 -d "builderType=$_type" "$@" >"$T/created"
	sed -n 's/.*"buildlet":.*"Name":"\([^"]*\)".*/\1/p' "$T/created"
}

# run INSTANCE SHELL-TEXT: its output, the trailer's line last.
run() {
	_instance=$1 _script=$2
	shift 2
	on "$_instance" /exec -d mode=sys -d cmd=/bin/sh -d cmdArg=-c \
	    --data-urlencode "cmdArg=$_script" -D "$T/head" "$@"
	grep -i '^Process-State:' "$T/head" | tr -d '\r'
}

# destroy INSTANCE [CURL OPTION...]
destroy() {
	_instance=$1
	shift
	on "$_instance" /halt -X POST "$@"
}

# verb WORD...: coordinator WORD... of the coordinator in $T/state.
verb() {
	coordinator -state-dir "$T/state" "$@"
}

# machine_state NAME: of the machine whose name is or ends in /NAME.
machine_state() {
	verb machine list | awk -v n="$1" '$1 == n || $1 ~ ("/" n "$") { print $3 }'
}

machine_is() {
	[ "$(machine_state "$1")" = "$2" ]
}

# start_stock NAME [ARG...]: a stock machine, working in $T/work-NAME.
start_stock() {
	_s=$1
	shift
	start "$_s" "$TEST_BIN/stockbuildlet" -name "$_s" -dir "$T/work-$_s" \
	    -files "$SRC/test/lib/stockfiles.sh" "$@" \
	    "127.0.0.1:$PORT"
}

# serve FILE [ARG...]: a coordinator with that configuration, and a user alice
# in GOMOTE_USER and GOMOTE_TOKEN; state in $T/state.
serve() {
	_conf=$1
	shift
	rm -f "$T/port"
	start coordinator coordinator -config "$_conf" -state-dir "$T/state" \
	    -listen "127.0.0.1:${PORT:-0}" -port-file "$T/port" "$@"
	eventually _has_port coordinator port
	PORT=$(cat "$T/port")
	GOMOTE_SERVER=https://127.0.0.1:$PORT GOMOTE_CA=$T/state/ca.pem
	if [ "${GOMOTE_USER:-}" != alice ]; then
		GOMOTE_USER=alice
		GOMOTE_TOKEN=$(verb user add alice)
	fi
	export GOMOTE_SERVER GOMOTE_CA GOMOTE_USER GOMOTE_TOKEN
}
