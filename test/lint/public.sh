#!/bin/sh
# public.sh - every function of the public library's header stands in
# revdial(3), in its list of names and in its synopsis, and every callback,
# option and constant somewhere in it; and the page speaks of no other.
set -eu
header=revdial/revdial.h page=man/revdial.3 bad=0
[ -f "$header" ] || exit 0

# Declarations only: what stands in comments is prose.
code=$(awk -f "$(dirname "$0")/strip.awk" "$header" | cut -d: -f3-)
functions=$(printf '%s\n' "$code" | grep -oE 'revdial_[a-z_]+ ?\(' | tr -d ' (' | sort -u)
others=$(printf '%s\n' "$code" |
    grep -oE '\(\*[a-z_]+\)|^	(int64_t|size_t)	[a-z_]+|REVDIAL_[A-Z_]+' |
    sed 's/.*	//' | tr -d '(*)' | grep -vx REVDIAL_H | sort -u)

[ -f "$page" ] || { echo "$page: missing"; exit 1; }
[ "$functions" ] || { echo "$header: found no functions"; exit 1; }
for f in $functions; do
	grep -qE "^\.Nm $f( ,)?\$" "$page" || { echo "$page: no .Nm $f"; bad=1; }
	grep -qE "^\.F[no] $f( |\$)" "$page" || { echo "$page: no .Fn $f in the synopsis"; bad=1; }
done
for w in $others; do
	grep -qE "^\.(It|Fn|Va|Dv).*[ ]$w( |\$)" "$page" || { echo "$page: nothing about $w"; bad=1; }
done
told=$(grep -oE '^\.Nm revdial_[a-z_]+' "$page" | cut -d' ' -f2)
for f in $told; do
	printf '%s\n' "$functions" | grep -qx "$f" || { echo "$page: $f is not in $header"; bad=1; }
done
exit $bad
