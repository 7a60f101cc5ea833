#!/bin/sh
# demo.sh BUILD - a whole session from nothing, as a developer would live it:
# a coordinator, a machine that dials in, an instance on each pool; push, build
# and test there, fetch the result. `make demo` runs it.
#
# Without GOROOT it pushes and builds this project; with GOROOT=/path it pushes
# that Go tree and a bootstrap toolchain (GOROOT_BOOTSTRAP, else the installed
# Go) and runs go/src/make.bash.
GOMOTE_BIN=$(cd "$1" && pwd)/bin
export GOMOTE_BIN
. "$(dirname "$0")/sh.sh"
GOROOT=${GOROOT:-}
TMPDIR=$T
export TMPDIR
# The makes below are on machines of their own: nothing of the one that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES B
began=$(date +%s%N)

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

coordinator_up() {
	start_coordinator
	echo "   serving on 127.0.0.1:$PORT"
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
	gomote run -dir gomote "$LOCAL" make >"$T/make.log"
	tail -n 1 "$T/make.log"
	gomote run -dir gomote "$REVERSE" make build/test/unit/str >"$T/make.log"
	tail -n 1 "$T/make.log"
}

unit() {
	gomote run "$LOCAL" gomote/build/bin/gomote version
	gomote run "$REVERSE" gomote/build/test/unit/str
}

fetch() {
	(cd "$T" && gomote gettar -dir gomote/build/bin "$LOCAL")
	tar -tvzf "$T/$LOCAL.tar.gz"
}

push_go() {
	GOROOT="$GOROOT" gomote push "$LOCAL"
	(cd "$T" && tar -C "$(dirname "$boot")" -h -czf boot.tar.gz "${boot##*/}")
	gomote run "$LOCAL" /bin/mkdir -p boot
	gomote puttar -dir boot "$LOCAL" "$T/boot.tar.gz"
	gomote run "$LOCAL" /bin/mv "boot/${boot##*/}" go1.4
	rm "$T/boot.tar.gz"
}

build_go() {
	gomote run "$LOCAL" go/src/make.bash
	gomote run "$LOCAL" go/bin/go version
}

fetch_go() {
	(cd "$T" && gomote gettar -dir go/bin "$LOCAL")
	tar -tvzf "$T/$LOCAL.tar.gz"
}

show() {
	gomote list
	curl -fsS --cacert "$GOMOTE_CA" "$GOMOTE_SERVER/" |
	    sed -e '/<style>/,/<\/style>/d' -e 's/<[^>]*>/ /g' |
	    grep -v '^[[:space:]]*$'
}

step "start the coordinator" coordinator_up
step "start a machine that dials in" start_buildlet demo-machine
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
