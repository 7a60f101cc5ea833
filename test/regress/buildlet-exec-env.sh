#!/bin/bash
# POST /exec: the environment of a command, its PATH, and the debug line.
. "$(dirname "$0")/../lib/sh.sh"
need curl

export INHERITED=yes GOMOTE_TOKEN=secret GO_BUILD_KEY_PATH=/nonesuch GOROOT_BOOTSTRAP=/usr/lib/none
start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
env_of() { curl -sS -d cmd=/usr/bin/env -d mode=sys "$@" "$url/exec"; }
has() { grep -qxF -e "$1" <<<"$env" || fail "not in the environment: $1"; }

env=$(env_of -d env=A=1 -d env=A=2 -d env=INHERITED=no -d env=TMPDIR=/elsewhere)
has A=2
has INHERITED=no
has "TMPDIR=$w/tmp"
has "GOCACHE=$w/gocache"
has "GOPLSCACHE=$w/goplscache"
has "WORKDIR=$w"
has "PWD=$w"
has GOROOT_BOOTSTRAP=/usr/lib/none
assert_eq 1 "$(grep -c '^A=' <<<"$env")" "one A"
assert_no_match '^(GOMOTE_TOKEN|GO_BUILD_KEY_PATH)=' "$env" "secrets"
mkdir "$w/go1.4"
env=$(env_of)
has "GOROOT_BOOTSTRAP=$w/go1.4"
has INHERITED=yes
env=$(env_of -d env=GOROOT_BOOTSTRAP=/mine)
has GOROOT_BOOTSTRAP=/mine

# shellcheck disable=SC2016
env=$(env_of -d env=PATH=/old --data-urlencode 'path=$WORKDIR/bin' --data-urlencode 'path=$PATH')
has "PATH=$w/bin:/old"
# shellcheck disable=SC2016
env=$(env_of --data-urlencode 'path=$EMPTY')
has PATH=

out=$(curl -sS -d cmd=/bin/echo -d cmdArg=a --data-urlencode 'cmdArg=b "c"' -d dir=. -d debug=true "$url/exec")
assert_match '^:: Running /bin/echo with args \["/bin/echo" "a" "b \\"c\\""\] and env \[.*"WORKDIR='"$w"'".*\] in dir '"$w"'$' "$out"
assert_eq '' "$(sed -n 2p <<<"$out")" "a blank line"
assert_eq 'a b "c"' "$(sed -n 3p <<<"$out")"
