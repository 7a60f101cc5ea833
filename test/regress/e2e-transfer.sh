#!/bin/sh
# A large file through put and gettar, and a command that prints as much: it
# arrives whole, and client, coordinator and buildlet each stay under 32 MiB.
# timeout: 300
. "$(dirname "$0")/../lib/sh.sh"

mib=1024
[ -z "${GOMOTE_SANITIZED:-}" ] || mib=64
need_free() {
	[ "$(df -Pk "$T" | awk 'NR == 2 { print $4 }')" -gt $((mib * 1024 * 8)) ] ||
	    skip "not enough room under $T"
}
need_free

# under NAME CMD...: its highest resident size stays under 32 MiB.
under() {
	_w=$1
	shift
	"$TEST_BIN/peakrss" "$T/peak" "$@"
	[ -n "${GOMOTE_SANITIZED:-}" ] || [ "$(cat "$T/peak")" -lt 32768 ] ||
	    fail "$_w: gomote took $(cat "$T/peak") KiB"
}

start_coordinator
start_buildlet box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
head -c "${mib}M" /dev/urandom >"$T/big"

under put gomote put "$inst" "$T/big" in/big
cmp "$T/big" "$T/work-box/in/big"
under gettar gomote gettar -o "$T/big.tar.gz" -dir in "$inst"
mkdir "$T/out"
tar -C "$T/out" -xzf "$T/big.tar.gz"
cmp "$T/big" "$T/out/big"
rm -r "$T/out" "$T/big.tar.gz"
under run gomote run "$inst" /bin/cat "$T/big" >"$T/printed"
cmp "$T/big" "$T/printed"
for d in coordinator box; do
	[ -n "${GOMOTE_SANITIZED:-}" ] || [ "$(peak_kb "$(pid_of $d)")" -lt 32768 ] ||
	    fail "$d took $(peak_kb "$(pid_of $d)") KiB"
done
gomote destroy "$inst"
