# shellcheck shell=bash
# guide.sh - for the tests of the user guide (test/regress/guide-*.sh, one for
# each of its sections; "gomote ssh" is gomote-ssh.sh): a coordinator with the
# builder types that it names, a Go tree small enough to be built in no time,
# and a bootstrap toolchain. Sourced after sh.sh; the shell stands in $T then.

# said NAME WANT: the output of the command before, in $T/NAME, holds such a line.
said() {
	grep -qE -- "$2" "$T/$1" || fail "$1: no line like \"$2\" in: $(cat "$T/$1")"
}

# guide_tree DIR: make.bash builds a go that knows test, run and version.
guide_tree() {
	mkdir -p "$1/src/runtime" "$1/lib"
	echo 'package runtime' >"$1/src/runtime/runtime.go"
	echo 'go1.99' >"$1/VERSION"
	cat >"$1/src/fakego" <<'END'
#!/bin/sh
case $1 in
version) echo "go version go1.99 linux/amd64" ;;
test)
	shift
	v=
	for a; do
		case $a in
		-v) v=1 ;;
		-run=TestFlaky | TestFlaky) flaky=1 ;;
		-run=*) name=${a#-run=} ;;
		esac
	done
	[ "$v" ] && echo "=== RUN   ${name:-TestAll}"
	if [ "${flaky:-}" ]; then
		echo x >>flaky.count
		[ "$(wc -l <flaky.count)" -lt "${FLAKY:-3}" ] ||
		    { echo "--- FAIL: TestFlaky (0.00s)"; echo "fatal: unexpected return pc"; exit 1; }
	fi
	echo "ok  	$a	0.001s	GOPATH=${GOPATH:-} CGO_ENABLED=${CGO_ENABLED:-} in $(pwd)"
	;;
*) echo "go: unknown command $1" >&2; exit 2 ;;
esac
END
	for script in make.bash make.bat; do
		cat >"$1/src/$script" <<'END'
#!/bin/sh
[ -x ../../go1.4/bin/go ] || { echo "no bootstrap toolchain" >&2; exit 1; }
mkdir -p ../bin
cp fakego ../bin/go
cp fakego ../bin/go.exe
chmod 755 ../bin/go ../bin/go.exe
echo "Installed Go, CGO_ENABLED=${CGO_ENABLED:-}, PATH=$PATH"
END
		chmod 755 "$1/src/$script"
	done
}

# guide_begin: $GUIDE_TYPES (linux-amd64) are there, the user is named gopher.
guide_begin() {
	local type
	cd "$T" || fail "cannot go to $T"
	export XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
	mkdir -p tmp
	start_listen_buildlet web
	mkdir -p work-web/boot/bin
	printf '#!/bin/sh\necho bootstrap\n' >work-web/boot/bin/go
	chmod 755 work-web/boot/bin/go
	{
		echo 'listen = 127.0.0.1:0'
		echo "state-dir = $T/state"
		echo 'host-type host-guide { pool = local limit = 12 }'
		for type in ${GUIDE_TYPES:-linux-amd64}; do
			echo "builder-type $type { host-type = host-guide bootstrap = \"http://127.0.0.1:$LISTEN_PORT/tgz?dir=boot\" }"
		done
	} >conf
	start coordinator coordinator -config conf -port-file port
	wait_file port
	GOMOTE_TOKEN=$(coordinator -state-dir "$T/state" user add gopher | tail -n 1)
	GOMOTE_SERVER=https://127.0.0.1:$(cat port)
	GOMOTE_CA=$T/state/ca.pem
	GOMOTE_USER=gopher
	export GOMOTE_SERVER GOMOTE_CA GOMOTE_USER GOMOTE_TOKEN
	guide_tree "$T/goroot"
}
