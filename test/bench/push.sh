#!/usr/bin/env bash
# gomote push beside rsync over an open ssh ControlMaster, everything warm, in
# turn: unchanged trees, one file changed, 1 % of them, one block of a 100 MiB
# file, and the first push, that beside tar and ssh, too. GOROOT_TREE is a Go
# tree, or golang-1.19-src is installed; LINUX_TREE one of Linux, or
# linux-source-6.1 is installed, or those cases are left out. And a push to a group
# of ten machines beside the same push to one: what travels, and how long it takes,
# where all ten are on this computer, too.
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/bench.sh
. "$SRC/test/lib/bench.sh"
# shellcheck source=test/lib/bench-ssh.sh
. "$SRC/test/lib/bench-ssh.sh"
need rsync

N=${N:-9}
RSYNC="rsync over an open ControlMaster"
W=$(mktemp -d "${TMPDIR:-/tmp}/gomote-bench.XXXXXX")
_s=0
trap '_s=$?; rm -rf "$W"; (exit $_s); _cleanup' EXIT
export XDG_CACHE_HOME="$W/cache"
unset GOROOT

go_tree() {
	if [ -n "${GOROOT_TREE:-}" ]; then
		cp -r "$GOROOT_TREE" "$W/go"
	elif [ -d /usr/share/go-1.19 ]; then
		cp -rL /usr/share/go-1.19/. "$W/go"
		echo go1.19.8 >"$W/go/VERSION"
	else
		skip "neither GOROOT_TREE is set nor golang-1.19-src installed"
	fi
}

# False where there is none.
linux_tree() {
	if [ -n "${LINUX_TREE:-}" ]; then
		cp -r "$LINUX_TREE" "$W/linux"
	elif [ -f /usr/src/linux-source-6.1.tar.xz ]; then
		mkdir "$W/linux"
		tar -C "$W/linux" --strip-components=1 -xJf /usr/src/linux-source-6.1.tar.xz
	else
		echo "bench push-linux: linux-source-6.1 is not installed"
		return 1
	fi
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
ours() { (cd "$W/$1" && gomote push -yes -dir "$1" "$inst") 2>>"$T/push.err"; }
theirs() { rsync -a --delete -e "$RSH" "$W/$1/" "127.0.0.1:$W/peer/$1/"; }
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

first() {
	local tree=$1 target=$2 i n=$3
	: >"$T/ours"
	: >"$T/peer"
	: >"$T/tar"
	for ((i = 0; i < n; i++)); do
		forget "$tree"
		millis ours "$tree" >>"$T/ours"
		millis theirs "$tree" >>"$T/peer"
		rm -rf "$W/peer/$tree"
		[ "$tree" != go ] || millis theirs_tar "$tree" >>"$T/tar"
	done
	theirs "$tree"
	figure "push-$tree-first" ms "$(median <"$T/ours")" "$target" "$(median <"$T/peer")" "$RSYNC"
	[ "$tree" != go ] || figure "push-$tree-first-tar" ms "$(median <"$T/ours")" \
	    "<=0.25x" "$(median <"$T/tar")" "tar cz | ssh tar xz"
}

# --- a group of ten

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
	for ((i = 0; i < ${FIRSTS:-3}; i++)); do
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

edit_one() { echo "// $1" >>"$W/go/src/fmt/print.go"; }
edit_many() {
	local f
	while read -r f; do echo "// $1" >>"$f"; done <"$T/many"
}
edit_block() {
	head -c 65536 /dev/urandom |
	    dd of="$W/big/file" bs=65536 seek=$((200 + $1)) conv=notrunc status=none
	touch -d "@$((1700000000 + $1))" "$W/big/file"
}

go_tree
first go "<=0.8x" "${FIRSTS:-3}"
turns push-go-unchanged go "<=0.5x"
figure push-go-unchanged-ms ms "$OURS" "<=120" - none
wire go
turns push-go-one-file go "<=0.6x" edit_one
find "$W/go" -type f | LC_ALL=C sort | awk 'NR % 100 == 1' >"$T/many"
turns push-go-1-percent go "<=0.8x" edit_many
group
mkdir "$W/big"
head -c 100M /dev/urandom >"$W/big/file"
ours big
theirs big
turns push-100MiB-one-block big "<=0.7x" edit_block
if linux_tree; then
	N=5
	first linux "<=0.8x" 1
	turns push-linux-unchanged linux "<=0.5x"
	wire linux
fi
