#!/usr/bin/env bash
# gomote push beside rsync over an open ssh ControlMaster, everything warm, in
# turn: unchanged trees, one file changed, 1 % of them, one block of a 100 MiB
# file, and the first push, that beside tar and ssh, too; then gettar beside tar
# and ssh; and a push to a group of ten machines beside the same push to one: what
# travels, and how long it takes, where all ten are on this computer, too. TREE
# names the trees ("go linux"): GOROOT_TREE is a Go tree, LINUX_TREE one of Linux;
# else they are those of Debian's golang-1.19-src and linux-source-6.1, which are
# fetched for it where they are not installed. All of it lies in TMPDIR, or in
# memory where there is room for it.
asked=${TMPDIR:-}
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"
# shellcheck source=test/lib/bench-ssh.sh
. "$SRC/test/lib/bench-ssh.sh"
need rsync

TREE=${TREE:-go linux}
BOUND=900		# seconds that one command may take
ROOM=8388608		# KiB that both trees need, three times
RSYNC="rsync over an open ControlMaster"
SSH_TAR="ssh tar cz over an open ControlMaster"

# Where there is most likely no disk to wait for.
place() {
	if [ -z "$asked" ] && [ -w /dev/shm ] &&
	    [ "$(df -kP /dev/shm | awk 'NR == 2 { print $4 }')" -gt $ROOM ]; then
		echo /dev/shm
	else
		echo "${asked:-/tmp}"
	fi
}

W=$(mktemp -d "$(place)/gomote-bench.XXXXXX")
_s=0
trap '_s=$?; rm -rf "$W"; (exit $_s); _cleanup' EXIT
export XDG_CACHE_HOME="$W/cache"
unset GOROOT

# fetched PACKAGE: unpacks it into $W/deb; false where it cannot be had.
fetched() {
	rm -rf "$W/deb"
	mkdir "$W/deb"
	(cd "$W/deb" && timeout "$BOUND" apt-get -qq download "$1" >/dev/null 2>&1 &&
	    dpkg -x "$1"_*.deb .)
}

go_tree() {
	local at=/usr
	if [ -n "${GOROOT_TREE:-}" ]; then
		cp -r "$GOROOT_TREE" "$W/go"
		return
	fi
	if [ ! -d "$at/share/go-1.19/src" ]; then
		fetched golang-1.19-src || return 1
		at=$W/deb/usr
	fi
	cp -rL "$at/share/go-1.19/." "$W/go"
	echo go1.19.8 >"$W/go/VERSION"
	rm -rf "$W/deb"
}

linux_tree() {
	local tar=/usr/src/linux-source-6.1.tar.xz
	if [ -n "${LINUX_TREE:-}" ]; then
		cp -r "$LINUX_TREE" "$W/linux"
		return
	fi
	if [ ! -f "$tar" ]; then
		fetched linux-source-6.1 || return 1
		tar=$W/deb$tar
	fi
	mkdir "$W/linux"
	tar -C "$W/linux" --strip-components=1 -xJf "$tar"
	rm -rf "$W/deb"
}

start_coordinator
start box buildlet -reverse-type host-linux-amd64-reverse \
    -coordinator "127.0.0.1:$PORT" -workdir "$W/work" \
    -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname box
eventually machine_up box
inst=$(gomote create "$(gomote create -list | awk '/-reverse/ { print $1; exit }')")
ssh_up
mkdir "$W/peer"
RSH="ssh ${SSH_OPTS[*]} -o ControlMaster=no"
# As the ControlMaster is, the agent is there before the first one counts.
agent_on
gomote ping "$inst" >/dev/null
eventually agent_ready

# ours TREE, theirs TREE: bring $W/TREE over.
ours() { (cd "$W/$1" && timeout "$BOUND" gomote push -yes -dir "$1" "$inst") 2>>"$T/push.err"; }
theirs() { timeout "$BOUND" rsync -a --delete -e "$RSH" "$W/$1/" "127.0.0.1:$W/peer/$1/"; }
theirs_tar() { tar -C "$W/$1" -cz . | ssh_fed "mkdir $W/peer/$1 && tar -C $W/peer/$1 -xz"; }
forget() {
	rm -rf "$W/peer/$1" "$W/cache"
	gomote rm "$inst" "$1"
}

# turns NAME TREE TARGET [EDIT...]: N times EDIT, then both.
turns() {
	local name=$1 tree=$2 target=$3 i
	shift 3
	: >"$T/ours"
	: >"$T/peer"
	for ((i = 0; i < N; i++)); do
		[ $# = 0 ] || "$@" "$i"
		millis ours "$tree" >>"$T/ours"
		millis theirs "$tree" >>"$T/peer"
	done
	OURS=$(median <"$T/ours")
	figure "$name" ms "$OURS" "$target" "$(median <"$T/peer")" "$RSYNC"
}

# The bytes of one more unchanged push, both ways, by a relay before the coordinator.
wire() {
	local tree=$1 bytes
	start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$PORT"
	wait_file "$T/relay.port"
	(cd "$W/$tree" && gomote -agent off -server "https://127.0.0.1:$(cat "$T/relay.port")" \
	    push -dir "$tree" "$inst") 2>>"$T/push.err"
	eventually grep -q over: "$T/relay.log"
	bytes=$(awk '/over:/ { for (i = 1; i < NF; i++) if ($i == "over:") n += $(i + 1) + $(i + 4) }
	    END { print n + 0 }' "$T/relay.log")
	stop relay
	rm "$T/relay.port" "$T/relay.log"
	figure "push-$tree-unchanged-wire" bytes "$bytes" "<=10240" - none
}

# first TREE: into an empty instance.
first() {
	local tree=$1 i
	: >"$T/ours"
	: >"$T/peer"
	: >"$T/tar"
	for ((i = 0; i < FIRSTS; i++)); do
		forget "$tree"
		millis ours "$tree" >>"$T/ours"
		millis theirs "$tree" >>"$T/peer"
		rm -rf "$W/peer/$tree"
		millis theirs_tar "$tree" >>"$T/tar"
	done
	theirs "$tree"
	figure "push-$tree-first" ms "$(median <"$T/ours")" "<=0.8x" "$(median <"$T/peer")" "$RSYNC"
	figure "push-$tree-first-tar" ms "$(median <"$T/ours")" \
	    "<=0.25x" "$(median <"$T/tar")" "tar cz | ssh tar xz"
}

get_gz() { timeout "$BOUND" gomote gettar -dir "$1" -o "$W/ours.tar.gz" "$inst" 2>>"$T/push.err"; }
get_zst() { timeout "$BOUND" gomote gettar -zstd -dir "$1" -o "$W/ours.tar.zst" "$inst" 2>>"$T/push.err"; }
get_theirs() { ssh_run "tar -C $W/peer/$1 -cz ." >"$W/peer.tar.gz"; }
size() { stat -c %s "$1"; }

# gets TREE: the way back, and how small each made it.
gets() {
	local tree=$1 i peer
	: >"$T/ours"
	: >"$T/peer"
	: >"$T/zst"
	for ((i = 0; i < FIRSTS; i++)); do
		millis get_gz "$tree" >>"$T/ours"
		millis get_theirs "$tree" >>"$T/peer"
		millis get_zst "$tree" >>"$T/zst"
	done
	peer=$(median <"$T/peer")
	figure "gettar-$tree" ms "$(median <"$T/ours")" "<=0.25x" "$peer" "$SSH_TAR"
	figure "gettar-$tree-size" bytes "$(size "$W/ours.tar.gz")" "<=1.05x" \
	    "$(size "$W/peer.tar.gz")" "$SSH_TAR"
	figure "gettar-$tree-zstd" ms "$(median <"$T/zst")" "<=0.25x" "$peer" "$SSH_TAR"
	figure "gettar-$tree-zstd-size" bytes "$(size "$W/ours.tar.zst")" "<=1.05x" \
	    "$(size "$W/peer.tar.gz")" "$SSH_TAR"
	rm "$W/ours.tar.gz" "$W/ours.tar.zst" "$W/peer.tar.gz"
}

# A group of ten beside one, with the Go tree.
group_up() {
	local i name
	for i in {0..9}; do
		start "ten$i" buildlet -reverse-type host-linux-amd64-reverse \
		    -coordinator "127.0.0.1:$PORT" -workdir "$W/work-ten$i" \
		    -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname "ten$i"
	done
	for i in {0..9}; do eventually machine_up "ten$i"; done
	gomote create -count=10 -new-group ten linux-amd64-reverse >/dev/null 2>&1
}
to_one() { (cd "$W/go" && gomote "$@" push -yes -dir group "$inst") 2>>"$T/push.err"; }
to_ten() { (cd "$W/go" && gomote "$@" -group ten push -yes -dir group) 2>>"$T/push.err"; }
group_forget() {
	rm -rf "$W/cache"
	gomote rm "$inst" group
	gomote -group ten rm group 2>>"$T/push.err"
}
# sent CMD...: the bytes that it sends, by a relay before the coordinator.
sent() {
	start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$PORT"
	wait_file "$T/relay.port"
	"$@" -agent off -server "https://127.0.0.1:$(cat "$T/relay.port")"
	eventually grep -q over: "$T/relay.log"
	stop relay
	awk '/over:/ { for (i = 1; i < NF; i++) if ($i == "over:") n += $(i + 1) }
	    END { print n + 0 }' "$T/relay.log"
	rm "$T/relay.port" "$T/relay.log"
}
group() {
	local i one
	group_up
	: >"$T/ours"
	: >"$T/peer"
	for ((i = 0; i < FIRSTS; i++)); do
		group_forget
		millis to_one >>"$T/peer"
		rm -rf "$W/cache"
		millis to_ten >>"$T/ours"
	done
	figure push-group-time ms "$(median <"$T/ours")" "<=3x" "$(median <"$T/peer")" \
	    "the same push to one"
	group_forget
	one=$(sent to_one)
	rm -rf "$W/cache"
	figure push-group-bytes bytes "$(sent to_ten)" "<=2x" "$one" "the same push to one"
	: >"$T/ours"
	: >"$T/peer"
	for ((i = 0; i < N; i++)); do
		edit_many "$i"
		millis to_one >>"$T/peer"
		millis to_ten >>"$T/ours"
	done
	figure push-group-1-percent-time ms "$(median <"$T/ours")" "<=3x" \
	    "$(median <"$T/peer")" "the same push to one"
	for i in {0..9}; do stop "ten$i"; done
	rm -rf "$W"/work-ten*
}

edit_one() { echo "// $1" >>"$W/$ONE"; }
edit_many() {
	local f
	while read -r f; do echo "// $1" >>"$f"; done <"$T/many"
}
edit_block() {
	head -c 65536 /dev/urandom |
	    dd of="$W/big/file" bs=65536 seek=$((200 + $1)) conv=notrunc status=none
	touch -d "@$((1700000000 + $1))" "$W/big/file"
}

# all TREE ONE: every figure of it; ONE is the file that changes.
all() {
	local tree=$1
	ONE=$tree/$2
	first "$tree"
	turns "push-$tree-unchanged" "$tree" "<=0.5x"
	[ "$tree" != go ] || figure push-go-unchanged-ms ms "$OURS" "<=120" - none
	wire "$tree"
	turns "push-$tree-one-file" "$tree" "<=0.6x" edit_one
	find "$W/$tree" -type f | LC_ALL=C sort | awk 'NR % 100 == 1' >"$T/many"
	turns "push-$tree-1-percent" "$tree" "<=0.8x" edit_many
	gets "$tree"
	[ "$tree" != go ] || group
	gomote rm "$inst" "$tree"
	rm -rf "${W:?}/$tree" "$W/peer/$tree"
}

for tree in $TREE; do
	case $tree in
	go)
		N=${N_GO:-9} FIRSTS=${FIRSTS_GO:-3} one=src/fmt/print.go
		;;
	linux)
		N=5 FIRSTS=1 one=kernel/fork.c
		;;
	*)
		fail "TREE: go, linux or both"
		;;
	esac
	if "${tree}_tree"; then
		all "$tree" "$one"
	else
		echo "bench push-$tree: its package can neither be found nor fetched"
	fi
done
N=9
mkdir "$W/big"
head -c 100M /dev/urandom >"$W/big/file"
ours big
theirs big
turns push-100MiB-one-block big "<=0.7x" edit_block
