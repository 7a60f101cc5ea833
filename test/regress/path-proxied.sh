#!/bin/bash
# path-proxied.sh - nothing outside of the work directory is reached through the
# coordinator either, and gomote says of each way out that it is none.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl tar

start_coordinator
start_buildlet b1
i=$(gomote create "$REVERSE")
url=$GOMOTE_SERVER
w=$T/work-b1
ask() {
	curl --cacert "$GOMOTE_CA" -H "Authorization: Bearer $GOMOTE_TOKEN" \
	    -H "X-Buildlet-Proxy: $i" "$@"
}
. "$SRC/test/lib/escapes.sh"

# no CMD...: status 1, one line that names the path.
no() {
	assert_status 1 gomote "$@" 2>"$T/err" >"$T/said"
	assert_eq 1 "$(wc -l <"$T/err")" "lines from gomote $*"
	assert_match "^gomote: (buildlet: )?.*path \"$p\" " "$(cat "$T/err")" "gomote $*"
	untouched "gomote $*"
}
cd "$T/a" || exit
for p in ../out/file /etc/passwd x/../../out/new; do
	no put "$i" evil "$p"
	no puttar -dir "$p" "$i" "$T/a.tgz"
	no gettar -dir "$p" -o "$T/x.tgz" "$i"
	no ls "$i" "$p"
	no rm "$i" "$p"
	no push -dir "$p" "$i"
done
for p in ../out/file x/../../out/new; do
	no run "$i" "$p"
	no run -dir "$p" "$i" /bin/true
done
