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

mkdir -p src/x
echo x >src/x/y
export OTHER=$MOTE XDG_CONFIG_HOME="$T/config" HOME="$T/home"
mkdir -p home/.config/fish/completions

# examples COMMAND: those of its help, as they stand there.
examples() { gomote help "$1" | sed -n '/^options:/q; s/^  \([^ -].*\)/\1/p'; }
# does WANT COMMAND LINE [AS]: it is one of them, and as it stands, or as AS, which
# differs in names of what is not here, it ends with WANT.
does() {
	examples "$2" | grep -qxF -e "$3" || fail "not an example of $2: $3"
	echo "$2: $3" >>tried
	STATUS=0
	timeout 60 bash -c "${4:-$3}" >out 2>err </dev/null || STATUS=$?
	[ "$STATUS" = "$1" ] || fail "$3: status $STATUS: $(cat err)"
	assert_no_match '^usage:|there is no instance|which instance|not a duration|unknown option' "$(cat err)" "$3"
}
# known WHERE COMMAND LINE: it is tried in another test.
known() { examples "$2" | grep -qxF -e "$3" && [ -f "$SRC/test/regress/$1.sh" ] && echo "$2: $3" >>tried; }

does 0 push 'GOROOT=/path/to/go gomote push user-alice-linux-amd64-0' "GOROOT=$T/go gomote push user-alice-linux-amd64-0"
does 0 push 'gomote push -dir tool -dry-run user-alice-linux-amd64-0' 'cd src && gomote push -dir tool -dry-run user-alice-linux-amd64-0'
does 0 run 'gomote run user-alice-linux-amd64-0 go/src/make.bash'
assert_eq 'make built' "$(cat out)"
does 0 run 'gomote run -e CGO_ENABLED=0 user-alice-linux-amd64-0 go/src/all.bash'
does 0 run 'gomote run -path '\''$PATH,$WORKDIR/go/bin'\'' user-alice-linux-amd64-0 go version'
does 0 run 'gomote run -collect -until '\''FAIL|panic'\'' $MOTE go/bin/go test os'
tar -tzf "$MOTE.tar.gz" | grep -q 'go/src/make.bash' || fail "nothing collected"
known gomote-run-tty run 'gomote run -t user-alice-linux-amd64-0 /bin/bash'
does 0 ls 'gomote ls user-alice-linux-amd64-0'
does 0 ls 'gomote ls -r -d -skip go/pkg,go/bin user-alice-linux-amd64-0'
assert_no_match 'go/bin/' "$(cat out)"
does 0 put 'gomote put user-alice-linux-amd64-0 tool bin/tool'
does 0 put 'git diff | gomote put user-alice-linux-amd64-0 - my.diff' 'echo diff | gomote put user-alice-linux-amd64-0 - my.diff'
does 0 puttar 'tar -C src -zc x | gomote puttar -dir gopath/src user-alice-linux-amd64-0'
assert_eq x "$(gomote run "$MOTE" /bin/cat gopath/src/x/y 2>/dev/null)"
known buildlet-fetch puttar 'gomote puttar -dir go user-alice-linux-amd64-0 https://host/go1.22.tar.gz'
does 0 gettar 'gomote gettar -dir go/bin user-alice-linux-amd64-0'
tar -tzf "$MOTE.tar.gz" | grep -qx 'go' || fail "not the go of go/bin"
does 0 gettar 'gomote gettar -o - user-alice-linux-amd64-0 | tar tz'
does 0 ping 'gomote ping user-alice-linux-amd64-0 && echo alive'
assert_eq alive "$(cat out)"
does 0 list 'gomote list'
if command -v jq >/dev/null; then
	does 0 list "gomote list -json | jq -r '.[].Name'"
	assert_eq "$MOTE" "$(cat out)"
else
	known gomote-json list "gomote list -json | jq -r '.[].Name'"
fi
does 0 extend 'gomote extend user-alice-linux-amd64-0 2h'
does 0 extend 'gomote extend 45m'
does 0 ps 'gomote ps -running'
does 0 ps 'gomote ps user-alice-linux-amd64-0'
# Of execs: each of one that there is; 3k7q is in none of their ids.
sleeper() { gomote run -d "$MOTE" /bin/sleep 61; }
i=$(sleeper)
does 0 logs 'gomote logs 3k7q' "gomote logs $i"
does 0 logs 'gomote logs 3k7q -since 10m -timestamps' "gomote logs $i -since 10m -timestamps"
does 0 kill 'gomote kill 3k7q -signal HUP' "gomote kill $i -signal HUP"
assert_status 129 gomote wait "$i"
does 0 logs 'gomote logs -f -tail 20 3k7q' "gomote logs -f -tail 20 $i"
does 129 attach 'gomote attach 3k7q' "gomote attach $i"
known gomote-attach attach 'gomote attach -tail 10 linux-amd64@10.1.5.3/3k7qe0a9xz'
i=$(sleeper)
does 0 kill 'gomote kill 3k7q' "gomote kill $i"
for line in 'a=$(gomote run -d $MOTE go/src/all.bash)' 'b=$(gomote run -d $OTHER go/src/all.bash)'; do
	does 0 wait "$line"
	eval "$line"
done
export a b
does 0 wait 'gomote wait $a $b'
assert_eq 2 "$(grep -c ' ok$' out)"
# Of people's own machine.
does 0 agent 'gomote agent'
does 0 agent 'gomote agent -stop'
does 0 completion 'eval "$(gomote completion bash)"'
does 0 completion 'gomote completion fish >~/.config/fish/completions/gomote.fish'
[ -s home/.config/fish/completions/gomote.fish ] || fail "no completion for fish"
does 0 config 'gomote config'
does 0 config 'gomote config set server https://builds.example.org'
does 0 config 'gomote config set token - <token.txt'
assert_match '^server = https://builds\.example\.org' "$(cat config/gomote/config)"
does 0 doctor 'gomote doctor'
does 0 doctor 'gomote -server https://builds.example.org doctor' "gomote -server $GOMOTE_SERVER doctor"
does 0 version 'gomote version'
known gomote-ssh ssh 'gomote ssh user-alice-linux-amd64-0'
known gomote-ssh ssh "scp -o ProxyCommand='gomote ssh -proxy INSTANCE' ..."
known gomote-bootstrap putbootstrap 'gomote putbootstrap user-alice-linux-amd64-0'
does 0 rm 'gomote rm user-alice-linux-amd64-0 go/pkg go/bin'
# More instances, and all gone in the end.
does 0 create 'MOTE=$(gomote create linux-amd64)'
does 0 create 'GOROOT=/path/to/go gomote create -setup -count 3 linux-amd64' "GOROOT=$T/go gomote create -setup -count 2 linux-amd64"
assert_eq 2 "$(grep -c '^user-alice-linux-amd64-[23]$' out)"
does 0 group 'gomote group create debug user-alice-linux-amd64-0 user-alice-linux-amd64-1'
does 0 group 'gomote -group debug run go/src/make.bash' 'gomote -group debug run go/src/make.bash; [ $? = 1 ]'
does 0 destroy 'gomote destroy user-alice-linux-amd64-0 user-alice-linux-amd64-1'
does 0 destroy 'gomote -group debug destroy -destroy-group'
gomote destroy user-alice-linux-amd64-2 user-alice-linux-amd64-3

# These were all; and no line is wider than a terminal.
for c in $(gomote help | awk '/^commands:/ { on = 1; next } /^options/ { on = 0 } on && NF { print $1 }'); do
	[ "$c" != help ] || continue
	examples "$c" | while IFS= read -r line; do
		grep -qxF -e "$c: $line" tried || fail "not tried: $c: $line"
	done
	assert_eq '' "$(gomote help "$c" | sed -n '/^options:/q; /.\{81\}/p')" "wide lines in help $c"
done
# No other name is used anywhere, nor an unknown option.
for c in $(gomote help | awk '/^commands:/ { on = 1; next } /^options/ { on = 0 } on && NF { print $1 }'); do
	[ "$c" = help ] || assert_no_match '(^|[^-])alice-linux' "$(gomote help "$c")" "help $c"
done
