#!/bin/sh
# A script that stands on sh.sh, run by hand or as a bench, leaves nothing behind
# where temporary files go: not what it makes there itself, nor what its programs
# keep for a person, as gomote run does its copies.
. "$(dirname "$0")/../lib/sh.sh"

mkdir "$T/theirs"
cat >"$T/script.sh" <<'END'
. "$SRC/test/lib/sh.sh"
mktemp >/dev/null
mkdir -p "${TMPDIR:-/tmp}/gomote.XYZ"
echo "$TMPDIR"
END
there=$(TMPDIR=$T/theirs GOMOTE_SRC=$SRC sh "$T/script.sh")
assert_match "^$T/theirs/." "$there" "its TMPDIR"
assert_eq '' "$(ls -A "$T/theirs")" "what it left"
