#!/bin/sh
# coordinator-check.sh - coordinator -t: a good configuration, and bad ones with
# file, line and reason; nothing is started or written.
. "$(dirname "$0")/../lib/sh.sh"

cd "$T" || exit
cat >good.conf <<'EOF'
state-dir = "/nonexistent/state"
host-type h { pool = local limit = 2 }
include("more.conf")
EOF
cat >more.conf <<'EOF'
builder-type b {
	host-type = h
	idle = 45s
}
EOF
assert_eq '' "$(coordinator -t -config good.conf 2>&1)"
assert_status 0 coordinator -t -config good.conf
refused() {
	_want=$1
	status coordinator -t -config bad.conf 2>"$T/out"
	assert_eq 1 "$STATUS"
	assert_eq "coordinator: $_want" "$(cat "$T/out")"
}
printf '\n\nfrob = 1\n' >bad.conf
refused "bad.conf:3: no such option 'frob'"
printf 'host-type h {\n\tlimit = many\n}\n' >bad.conf
refused 'bad.conf:2: limit: not a number from 0 to 1000000: "many"'
printf 'host-type hosts {}\nbuilder-type b {\n\thost-type = host\n}\n' >bad.conf
refused 'bad.conf:3: builder type b: host-type: there is no "host"; did you mean hosts?'
printf 'include("more.conf")\n' >bad.conf
refused './more.conf:2: builder type b: host-type: there is no "h"; none is offered'
printf 'listen = "8119 or so"\n' >bad.conf
refused 'bad.conf:1: listen: not an address with a port such as 127.0.0.1:8119: "8119 or so"'
printf 'host-type h {\n\tpool = local\n' >bad.conf
refused 'bad.conf:2: a section lacks its closing brace'
rm bad.conf
refused 'open bad.conf: No such file or directory'
