#!/usr/bin/env bash
# 1 GiB through the coordinator to a machine that dialed in, and back: put from
# and to a tmpfs, and cat, which ends in one file there: the copy of its output
# that run keeps. Beside it the same over an open ssh ControlMaster.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"
# shellcheck source=test/lib/bench-ssh.sh
. "$SRC/test/lib/bench-ssh.sh"

MIB=${MIB:-1024}
F=$(mktemp -d /dev/shm/gomote-bench.XXXXXX)
_s=0
trap '_s=$?; rm -rf "$F"; (exit $_s); _cleanup' EXIT
start_coordinator
start box buildlet -reverse-type host-linux-amd64-reverse \
    -coordinator "127.0.0.1:$PORT" -workdir "$F/work" \
    -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname box
eventually machine_up box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
ssh_up
head -c "${MIB}M" /dev/urandom >"$F/big"

put() { gomote put "$inst" "$F/big" big; }
cat_back() { TMPDIR=$F gomote run "$inst" /bin/cat "$F/work/big"; }
ssh_put() { ssh_fed "cat > $F/ssh-big" <"$F/big"; }
ssh_cat() { ssh_run "cat $F/big" >"$F/back"; }

for ((i = 0; i < 5; i++)); do
	millis put 2>>"$T/err" >>"$T/put"
	millis ssh_put >>"$T/sput"
	millis cat_back 2>>"$T/err" >>"$T/cat"
	cmp "$F/big" "$F"/gomote.*/*.stdout || fail "bench: what came back differs"
	rm -rf "$F"/gomote.*
	millis ssh_cat >>"$T/scat"
	cmp "$F/big" "$F/back" || fail "bench: what came back by ssh differs"
done
figure "put-1GiB" MB/s "$(rate "$MIB" "$(median <"$T/put")")" ">=650" \
    "$(rate "$MIB" "$(median <"$T/sput")")" "ssh over an open ControlMaster"
figure "cat-1GiB" MB/s "$(rate "$MIB" "$(median <"$T/cat")")" ">=600" \
    "$(rate "$MIB" "$(median <"$T/scat")")" "ssh over an open ControlMaster"
for d in coordinator box; do
	figure "peak-rss-$d" KiB "$(peak_kb "$(pid_of $d)")" "<=32768" - none
done
