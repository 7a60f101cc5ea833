#!/bin/sh
# coordinator-env.sh - the environment of host type and builder type is there in
# every command; the builder type's wins, and the user's over both.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/c.conf" <<'EOF'
host-type h { pool = local limit = 1 env = { "A=host", "B=host", 'C=a b&c;d=$e' } }
builder-type b { host-type = h env = { "B=builder", "D=builder" } }
EOF
serve "$T/c.conf"
i=$(create b)
# shellcheck disable=SC2016
assert_eq 'host builder a b&c;d=$e user
Process-State: exit status 3' "$(run "$i" 'echo $A $B "$C" $D; exit 3' -d env=D=user)"
# A form that is none is refused here, in words.
assert_eq 400 "$(code on "$i" /exec -d 'cmd=%zz')"
assert_match 'form of a command' "$(cat "$T/answer")"
