#!/bin/sh
# How an exec ends is told exactly: exit statuses, signals, programs that are not
# there or cannot be run, a timeout.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/execs.sh"
need curl

execs_box
n=0
ends() {	# STATUS WHY CURL-ARG...
	_status=$1 _why=$2
	shift 2
	n=$((n + 1))
	make "end$((1000 + n))" "$@"
	assert_eq "$_status" "$(finish "end$((1000 + n))")" "end of $*"
	assert_eq "$_why" "$(field Why)" "why $* ended"
	assert_eq ended "$(field State)"
	log "end$((1000 + n))" follow=true
	assert_eq "$_status" "$(trailer Process-State)"
	assert_eq "$_why" "$(trailer Exec-Why)"
}
script() {	# STATUS SCRIPT
	ends "$1" '' -d cmd=/bin/sh -d cmdArg=-c --data-urlencode "cmdArg=$2"
}
script ok 'exit 0'
script 'exit status 1' 'exit 1'
script 'exit status 42' 'exit 42'
script 'exit status 255' 'exit 255'
# shellcheck disable=SC2016
{
	script 'signal: killed' 'kill -9 $$'
	script 'signal: segmentation fault' 'ulimit -c 0; kill -11 $$'
	script 'signal: terminated' 'kill -15 $$'
}
printf '#!/no/such/interpreter\n' >"$w/script"
printf 'text\n' >"$w/plain"
chmod 755 "$w/script"
ends "fork/exec /bin/nonesuch: no such file or directory" '' -d cmd=/bin/nonesuch
ends "fork/exec $w/plain: permission denied" '' -d mode= -d cmd="$w/plain"
ends "fork/exec $w/script: no such file or directory" '' -d cmd="$w/script"
ends "chdir $w/nosuchdir: no such file or directory" '' -d cmd=/bin/true -d dir=nosuchdir
ends 'signal: terminated' timeout -d cmd=/bin/sleep -d cmdArg=1000 -d timeout=100
