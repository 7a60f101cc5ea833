#!/bin/sh
# demo.sh BUILD - a whole session from nothing, as a developer would live it:
# a coordinator, a machine that dials in, an instance on each pool; push, build
# and test there, fetch the result. `make demo` runs it.
#
# Without GOROOT it pushes and builds this project; with GOROOT=/path it pushes
# that Go tree and a bootstrap toolchain (GOROOT_BOOTSTRAP, else the installed
# Go) and runs go/src/make.bash.
set -eu

SRC=$(cd "$(dirname "$0")/../.." && pwd)
BIN=$(cd "$1" && pwd)/bin
D=$(mktemp -d "${TMPDIR:-/tmp}/gomote-demo.XXXXXX")
GOROOT=${GOROOT:-}
export PATH="$BIN:$PATH" TMPDIR="$D"
began=$(date +%s%N)

end() {
	status=$?
	trap - EXIT
	trap '' INT TERM
	pids=$(cat "$D"/*.pid "$D"/state/local/*/pid 2>/dev/null || :)
	for p in $pids; do kill "$p" 2>/dev/null || :; done
	for p in $pids; do
		n=0
		while kill -0 "$p" 2>/dev/null && [ $n -lt 100 ]; do
			sleep 0.1
			n=$((n + 1))
		done
		kill -KILL "$p" 2>/dev/null || :
	done
	if [ $status -ne 0 ]; then
		for f in "$D"/*.log; do
			[ -s "$f" ] && echo "--- end of ${f##*/}" && tail -n 20 "$f"
		done
		echo "demo: failed"
	fi
	chmod -R u+rwX "$D" 2>/dev/null
	rm -rf "$D"
	exit $status
}
trap end EXIT
trap 'exit 130' INT TERM

# step TITLE CMD...: runs it and says how long it took.
step() {
	title=$1
	shift
	printf '== %s\n' "$title"
	t0=$(date +%s%N)
	"$@"
	ms=$((($(date +%s%N) - t0) / 1000000))
	printf '   %s: %d.%03d s\n' "$title" $((ms / 1000)) $((ms % 1000))
}

# wait_for WHAT CMD...: until it succeeds, 20 s at most.
wait_for() {
	what=$1
	shift
	n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 200 ] || {
			echo "demo: $what did not come within 20 s"
			exit 1
		}
		sleep 0.1
	done
}

start_coordinator() {
	coordinator -dev -state-dir "$D/state" -listen 127.0.0.1:0 \
	    -port-file "$D/port" >"$D/coordinator.log" 2>&1 &
	echo $! >"$D/coordinator.pid"
	wait_for "the coordinator" test -s "$D/port"
	PORT=$(cat "$D/port")
	# shellcheck disable=SC1091
	. "$D/state/dev.env"
	echo "   serving on 127.0.0.1:$PORT"
}

machine_is_there() {
	coordinator -state-dir "$D/state" machine list | grep -q demo-machine
}

start_machine() {
	buildlet -reverse-type host-linux-amd64-reverse \
	    -coordinator "127.0.0.1:$PORT" -ca "$GOMOTE_CA" \
	    -workdir "$D/machine" -hostname demo-machine >"$D/buildlet.log" 2>&1 &
	echo $! >"$D/buildlet.pid"
	wait_for "the machine" machine_is_there
}

create() {
	LOCAL=$(gomote create "$builder")
	REVERSE=$(gomote create "$builder-reverse")
	echo "   $LOCAL (local pool), $REVERSE (a machine that dialed in)"
}

push() {
	for i in "$LOCAL" "$REVERSE"; do
		(cd "$SRC" && unset GOROOT && gomote push -dir gomote "$i")
	done
}

build() {
	# The local pool's machines and ours are this very computer: one whole
	# build, and of the other instance only what the unit test needs.
	gomote run -dir gomote "$LOCAL" make >"$D/make.log"
	tail -n 1 "$D/make.log"
	gomote run -dir gomote "$REVERSE" make build/test/unit/str >"$D/make.log"
	tail -n 1 "$D/make.log"
}

unit() {
	gomote run "$LOCAL" gomote/build/bin/gomote version
	gomote run "$REVERSE" gomote/build/test/unit/str
}

fetch() {
	(cd "$D" && gomote gettar -dir gomote/build/bin "$LOCAL")
	tar -tvzf "$D/$LOCAL.tar.gz"
}

push_go() {
	GOROOT="$GOROOT" gomote push "$LOCAL"
	(cd "$D" && tar -C "$(dirname "$boot")" -h -czf boot.tar.gz "${boot##*/}")
	gomote run "$LOCAL" /bin/mkdir -p boot
	gomote puttar -dir boot "$LOCAL" "$D/boot.tar.gz"
	gomote run "$LOCAL" /bin/mv "boot/${boot##*/}" go1.4
	rm "$D/boot.tar.gz"
}

build_go() {
	gomote run "$LOCAL" go/src/make.bash
	gomote run "$LOCAL" go/bin/go version
}

fetch_go() {
	(cd "$D" && gomote gettar -dir go/bin "$LOCAL")
	tar -tvzf "$D/$LOCAL.tar.gz"
}

show() {
	gomote list
	curl -fsS --cacert "$GOMOTE_CA" "$GOMOTE_SERVER/" |
	    sed -e 's/<style>.*<\/style>//' -e 's/<[^>]*>/ /g' |
	    grep -v '^[[:space:]]*$'
}

step "start the coordinator" start_coordinator
step "start a machine that dials in" start_machine
builder=$(gomote create -list | awk '!/-reverse/ { print $1; exit }')
step "create an instance on each pool" create
if [ "$GOROOT" ]; then
	boot=${GOROOT_BOOTSTRAP:-$(env GOROOT= go env GOROOT)}
	boot=$(cd "$boot" && pwd -P)
	step "push $GOROOT and a bootstrap toolchain" push_go
	step "make.bash there" build_go
	step "fetch the result" fetch_go
else
	step "push this tree" push
	step "push it again: nothing to send" push
	step "build it there" build
	step "run a program and a unit test there" unit
	step "fetch the result" fetch
fi
step "what goes on" show
step "destroy both" gomote destroy "$LOCAL" "$REVERSE"
echo "whole session: $((($(date +%s%N) - began) / 1000000)) ms"
echo "demo: ok"
