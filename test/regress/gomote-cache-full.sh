#!/bin/bash
# A cache that cannot be written to, or a disk under it or under TMPDIR that is
# full: commands do without.
. "$(dirname "$0")/../lib/sh.sh"
cd "$T" || exit
export TMPDIR="$T/tmp" XDG_CACHE_HOME="$T/small"
mkdir tmp tree
mount_tmpfs "$T/small" 64k
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
echo one >tree/one

push() { (cd tree && gomote push -dir t "$m") 2>err || fail "$(cat err)"; }
full() { head -c 1m /dev/zero >small/fill 2>/dev/null || :; }
full
push
assert_eq one "$(cat work-box/t/one)"
echo two >tree/two
push
assert_match '^# 1 file ' "$(cat err)" "what was pushed before is there"
assert_eq '' "$(ls tmp)" "what is left in TMPDIR"
mount -o remount,ro "$T/small"
push
assert_match '^# nothing to push' "$(cat err)"
mount -o remount,rw "$T/small"

# The copy of the output is not worth the command.
export TMPDIR="$T/small" XDG_CACHE_HOME="$T/cache"
rm small/fill
status gomote run "$m" /bin/sh -c 'head -c 300000 /dev/zero; echo; echo end' >out 2>err
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq end "$(tail -n 1 out)"
assert_match '^# no copy of the output: .*: No space left on device$' "$(cat err)"
# Where it is what was asked for it fails.
full
(cd small && assert_status 1 gomote gettar "$m" 2>"$T/err")
assert_match '^gomote: .*: No space left on device \(make room, or write elsewhere\)$' "$(cat err)"
assert_eq '' "$(find small -name '*.tar.gz*')" "half an archive"
# Neither here nor there.
export XDG_CACHE_HOME="$T/small"
(cd tree && assert_status 1 gomote push -dir t "$m") 2>err
assert_match '^gomote: .*: No space left on device \(make room, or write elsewhere\)$' "$(cat err)"
