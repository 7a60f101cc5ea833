#!/bin/sh
# limits-coordinator.sh - forms that are too long, and more connections than the
# configuration allows: refused, and said so; afterwards everything goes on.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<EOF
connections = 4
host-type h { pool = local limit = 1 }
builder-type b { host-type = h env = { "A=1" } }
EOF
serve "$T/c.conf"
i=$(gomote create b)
head -c 3000000 /dev/zero | tr '\0' a >"$T/form"
long() {
	code "$@" --data-binary "@$T/form" -H 'Content-Type: application/x-www-form-urlencoded'
}
assert_eq 413 "$(long stock /buildlet/create)" "a long form"
assert_eq 413 "$(long on "$i" /exec)" "one that the coordinator adds to"
assert_eq 413 "$(long on "$i" /removeall)" "one for the machine"

# More that say nothing than there is room for, since one of the above may still
# be there for a moment: no place for another, until they are gone.
names='a b c d e f'
for n in $names; do
	start "$n" "$TEST_BIN/rawhttp" -tls -t 60 "$PORT"
done
full() {
	[ "$(code stock /buildlet/list)" = 503 ]
}
eventually full
assert_status 1 gomote list 2>"$T/err"
assert_match '^gomote: coordinator: list: too many connections \(try again' "$(cat "$T/err")"
for n in $names; do
	kill9 "$n"
done
served() {
	gomote list >"$T/list" 2>"$T/err"
}
eventually served
assert_match "^$i	" "$(cat "$T/list")"
