#!/bin/sh
# globals.sh - no mutable variable outlives a function, but for those that
# globals.allow lists. Looks at the objects in $GOMOTE_BUILD (build).
set -eu
[ -z "${GOMOTE_SANITIZED:-}" ] || { echo "sanitizers add globals of their own"; exit 77; }
build=${GOMOTE_BUILD:-build}
allow=$(dirname "$0")/globals.allow
objects=
for c in $(find lib revdial coordinator buildlet client -name '*.c' 2>/dev/null | sort); do
	[ -f "$build/${c%.c}.o" ] && objects="$objects ${c%.c}.o"
done
[ "$objects" ] || exit 0
command -v objdump >/dev/null || { echo "objdump is not installed"; exit 77; }

# Data that the loader fills in and then protects (.data.rel.ro) is constant.
cd "$build"
# shellcheck disable=SC2086
objdump -t $objects | awk '
	/file format/ { file = $1; sub(/:$/, "", file); sub(/[.]o$/, ".c", file) }
	/[ \t]O[ \t]+([.]data|[.]bss|[.]tdata|[.]tbss|[*]COM[*])/ && !/[.]data[.]rel[.]ro/ {
		name = $NF
		sub(/[.][0-9]+$/, "", name)
		print file, name
	}' | sort -u >"${TMPDIR:-/tmp}/globals.$$"
cd - >/dev/null
bad=0
while read -r file name; do
	grep -qxF -e "$file $name" "$allow" && continue
	echo "$file: $name is a mutable global"
	bad=1
done <"${TMPDIR:-/tmp}/globals.$$"
rm "${TMPDIR:-/tmp}/globals.$$"
exit $bad
