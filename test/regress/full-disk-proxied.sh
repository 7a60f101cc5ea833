#!/bin/sh
# full-disk-proxied.sh - a machine whose disk is full: put, puttar and push end
# with status 1 and say so in one line; the old file stays, nothing else is left,
# and the instance works on.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need tar

mount_tmpfs "$T/small" 2m
export XDG_CACHE_HOME="$T/cache"
start_coordinator
start b1 buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
    -workdir "$T/small/work" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname b1
eventually machine_is b1 idle
i=$(gomote create "$REVERSE")
echo old | gomote put "$i" - file
mkdir "$T/src"
head -c 4000000 /dev/urandom >"$T/src/file"
tar -C "$T/src" -czf "$T/src.tgz" file
was=$(gomote ls -r -l "$i")
full() {
	assert_status 1 gomote "$@" >"$T/out" 2>"$T/err"
	assert_eq 1 "$(grep -vc '^#' "$T/err")" "lines from gomote $*"
	assert_match '^gomote: buildlet: [a-z]*: .*no space left on device' "$(cat "$T/err")" "gomote $*"
	assert_eq old "$(cat "$T/small/work/file")" "after gomote $*"
	assert_eq "$was" "$(gomote ls -r -l "$i")" "after gomote $*"
}
full put "$i" "$T/src/file" file
full puttar "$i" "$T/src.tgz"
cd "$T/src" || exit
full push -dir . "$i"
assert_eq '' "$(find "$T/small/work" -name '.gomote-*')" "what is left"
echo new | gomote put "$i" - file
assert_eq new "$(gomote run "$i" /bin/cat file 2>/dev/null)"
gomote destroy "$i"
stop b1
