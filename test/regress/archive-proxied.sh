#!/bin/sh
# archive-proxied.sh - bad archives by gomote puttar, on both pools: cut off,
# corrupt, with a device node, none at all. Status 1, one line from the buildlet,
# and what was there stays.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need tar gzip

start_coordinator
start_buildlet b1
mkdir "$T/src"
head -c 100000 /dev/urandom >"$T/src/file"
tar -C "$T/src" -czf "$T/good.tgz" file
head -c 50000 "$T/good.tgz" >"$T/truncated.tgz"
{ head -c 50000 "$T/good.tgz"; printf '\252\125'; tail -c +50003 "$T/good.tgz"; } >"$T/corrupt.tgz"
printf 'no archive at all' >"$T/none.tgz"
devices=
if mknod "$T/null" c 1 3 2>/dev/null; then
	tar -C "$T" -czf "$T/device.tgz" null
	devices='device:null.*device'
fi

for i in $(gomote create "$REVERSE") $(gomote create "$LOCAL"); do
	gomote puttar -dir d "$i" "$T/good.tgz"
	was=$(gomote ls -d "$i")
	for bad in 'truncated:cut off' corrupt:. 'none:gzip' $devices; do
		assert_status 1 gomote puttar -dir d "$i" "$T/${bad%%:*}.tgz" 2>"$T/err"
		assert_eq 1 "$(wc -l <"$T/err")" "lines about $bad"
		assert_match "^gomote: buildlet: puttar: .*${bad#*:}" "$(cat "$T/err")" "$bad"
		assert_status 1 gomote puttar -dir d "$i" - <"$T/${bad%%:*}.tgz" 2>"$T/err"
		assert_match '^gomote: buildlet: puttar: ' "$(cat "$T/err")" "$bad from a pipe"
		assert_eq "$was" "$(gomote ls -d "$i")" "after $bad"
	done
	gomote gettar -o - -dir d "$i" | tar -xzO -f - >"$T/back"
	cmp "$T/src/file" "$T/back"
done
