#!/bin/bash
# push-modes.sh and push-property.sh once more, by somebody who is not root and whom the modes of
# directories stop.
# timeout: 300
. "$(dirname "$0")/../lib/sh.sh"
need setpriv
[ "$(id -u)" = 0 ] || skip "push-property.sh itself is run by somebody who is not root"

# A place that this user can reach, with all that it needs.
uid=$((60000 + $$ % 5000))
place=$(mktemp -d /tmp/push.XXXXXX)
_s=0
trap '_s=$?; set +e; rm -rf "$place"; (exit $_s); _cleanup' EXIT
mkdir -p "$place/bin" "$place/src/test/regress" "$place/tmp"
cp "$BIN/gomote" "$BIN/buildlet" "$TEST_BIN/proptree" "$place/bin"
cp -r "$SRC/test/lib" "$place/src/test/lib"
cp "$SRC/test/regress/push-modes.sh" "$SRC/test/regress/push-property.sh" \
    "$place/src/test/regress"
chmod 711 "$place"
chown "$uid:$uid" "$place/tmp"
cd "$place/tmp" || exit
# What was told about sanitizers' reports is for root's files.
for t in push-modes push-property; do
	env -u ASAN_OPTIONS -u UBSAN_OPTIONS GOMOTE_SRC="$place/src" \
	    GOMOTE_BIN="$place/bin" GOMOTE_TEST_BIN="$place/bin" \
	    TMPDIR="$place/tmp" HOME="$place/tmp" N="${N:-30}" TWO="${TWO:-3}" \
	    setpriv --reuid="$uid" --regid="$uid" --clear-groups \
	    bash "$place/src/test/regress/$t.sh" >"$T/out" 2>&1 ||
	    { cat "$T/out"; fail "$t as user $uid"; }
done
