#!/bin/bash
# The examples in the help of each command, literally: every line that begins with
# gomote is a command line that gomote takes, on an instance of such a name.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
cd "$T" || exit
export XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir tmp

cat >c.conf <<'END'
host-type host-linux { pool = local limit = 4 }
builder-type linux-amd64 { host-type = host-linux }
END
serve c.conf
MOTE=$(gomote create linux-amd64 2>/dev/null)
assert_eq user-alice-linux-amd64-0 "$MOTE"
export MOTE

# What their operands mean here.
mkdir -p go/src/os .git
for f in make all; do printf '#!/bin/sh\necho "%s built"\n' $f >go/src/$f.bash; done
chmod 755 go/src/*.bash
mkdir go/bin
printf '#!/bin/sh\necho "FAIL"\n' >go/bin/go
chmod 755 go/bin/go
echo tool >tool
echo token >token.txt
rmdir .git
(cd go && gomote push "$MOTE") 2>err

# examples COMMAND: those of its help that are a line of their own.
examples() { gomote help "$1" | sed -n 's/^  \(gomote .*\)/\1/p' | grep -vE '^gomote [^ ]*( \[|$)'; }
for c in push run ls put rm ping list extend gettar ps; do
	examples $c >lines
	[ -s lines ] || fail "$c: no example"
	while IFS= read -r line; do
		case $line in
		*'run -t'* | *'| jq'*) continue ;;
		esac
		sh -c "$line" >out 2>err </dev/null || [ $? = 1 ] || fail "$line: $(cat err)"
		assert_no_match '^usage:|there is no instance|which instance|not a duration' "$(cat err)" "$line"
	done <lines
done
# No other name is used anywhere, nor an unknown option.
for c in $(gomote help | awk '/^commands:/ { on = 1; next } /^options/ { on = 0 } on && NF { print $1 }'); do
	[ "$c" = help ] || assert_no_match '(^|[^-])alice-linux' "$(gomote help "$c")" "help $c"
done
gomote destroy "$MOTE"
