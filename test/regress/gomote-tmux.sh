#!/bin/bash
# timeout: 240
# In a real terminal: the line about a transfer, redrawn in place, cut when the
# window becomes narrow, and gone at the end; Ctrl-C while a tree is looked at, is
# sent, and is put into place there: the prompt stands alone on its line, the
# terminal is as it was, nothing runs on, and what was there is there. Nothing but
# plain bytes where it is no terminal.
# shellcheck disable=SC2016,SC2119
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/tmux.sh"
cd "$T" || exit
export XDG_CACHE_HOME="$T/cache" XDG_CONFIG_HOME="$T/config"

start_coordinator
start_buildlet box
M=$(gomote create "$REVERSE")
# A slow link to the coordinator, until somebody opens it.
start slow "$TEST_BIN/cutter" -port-file "$T/slow.port" -rate 500000 -free "$T/open" "$PORT"
wait_file slow.port
FAST=$GOMOTE_SERVER
GOMOTE_SERVER=https://127.0.0.1:$(cat slow.port)
export M FAST
mkdir tree
head -c 20M /dev/urandom >tree/noise
cp tree/noise b
tar -C tree -czf b.tgz noise
term_start
helpers() { pgrep -P "$(pid_of box)" -f ' (untar|tar|push[a-z]*)( |$)' >/dev/null; }
no_helpers() { ! helpers; }
# stands REGEX: one line about a transfer, and no more.
stands() { sees "$1" && [ "$(seen | sed 1d | wc -l)" = 1 ]; }
# through STATUS [TEXT]: the link is opened, and it ends.
through() {
	: >open
	ended "$@"
	rm open
}

# Bytes of bytes, rate, time; one line; gone when it is over.
BYTES='[0-9.]+ (B|[KM]iB)'
LINE="$BYTES of 20\.0 MiB \([0-9]+%\), $BYTES/s, [0-9ms]+ left$"
types 'gomote put $M b'
eventually stands "^put: $LINE"
first=$(seen | tail -n 1)
changed() { [ "$(seen | tail -n 1)" != "$first" ]; }
eventually changed
through 0
types 'gomote puttar -dir p $M b.tgz'
eventually stands "^puttar: $LINE"
through 0
types 'gomote gettar -dir p -o g.tgz $M'
eventually stands "^gettar: $BYTES, $BYTES/s$"
through 0 '# wrote g\.tgz'
types 'cd tree && gomote push $M; cd ..'
eventually sees "^push: $BYTES of at most 20\.0 MiB, $BYTES/s, at most [0-9ms]+ left$"
through 0 '# (Pushing .*|1 file .* to send, 0 to remove)'
cmp tree/noise work-box/go/noise

# The window becomes narrow, and wide again, while the line stands.
types 'gomote put $M b'
eventually stands "^put: $LINE"
resize 30
eventually stands "^put: $BYTES of 20\.0 MiB.{0,10}$"
resize 80
eventually stands "^put: $LINE"
# Ctrl-C while it is sent.
keys C-c
ended 130
eventually no_helpers
cmp b work-box/b || fail "what was there before is not"
for c in 'puttar -dir q $M b.tgz' 'gettar -dir p -o h.tgz $M'; do
	types "gomote $c"
	eventually stands "^${c%% *}: $BYTES"
	keys C-c
	ended 130 'gomote: gettar: interrupted'
		eventually no_helpers
done
[ ! -e h.tgz ] || fail "half an archive is left"

# Suspended, the line is gone; continued, it is back.
types 'gomote put $M b'
eventually stands "^put: $BYTES"
keys C-z
eventually prompted
! sees '^put:' || fail "half a line: $(seen)"
types 'fg'
eventually sees "^put: $BYTES"
keys C-c
ended 130 'gomote put .*'

# A push: while git tells what is in the tree; while it is sent; while it is put
# into place there.
mkdir bin tree/.git
mkfifo hold
printf '#!/bin/sh\necho $$ >%s/git.pid\nexec cat %s/hold\n' "$T" "$T" >bin/git
chmod 755 bin/git
PUSHES='(# (Pushing|pushing) .*|# 1 file .* to send, 0 to remove|# nothing to push)'
types 'cd tree'
types 'PATH=$OLDPWD/bin:$PATH gomote push $M'
wait_file git.pid
keys C-c
ended 130 "$PUSHES"
eventually _gone "$(cat git.pid)"
rm git.pid
rmdir tree/.git
cp -a work-box/go before
head -c 20M /dev/urandom >tree/noise
types 'gomote push $M'
eventually sees "^push: $BYTES of at most 20\.0 MiB"
keys C-c
ended 130 "$PUSHES"
eventually no_helpers
diff -r before work-box/go
# All has come, and is at work there: it ends by itself, with the tree as it was,
# or as it shall be.
head -c 1M /dev/urandom >tree/noise
types 'gomote push $M'
putting() { p=$(pgrep -P "$(pid_of box)" -f 'x pushput') && kill -STOP "$p"; }
eventually putting
eventually sees '^push: 1\.0 MiB of at most 1\.0 MiB'
keys C-c
ended 130 "$PUSHES"
kill -CONT "$p"
eventually no_helpers
diff -r before work-box/go >/dev/null || diff -r tree work-box/go >/dev/null ||
    fail "neither the old tree nor the new one"
types 'GOMOTE_SERVER=$FAST'
types 'gomote push $M'
ended 0 "$PUSHES"
cmp tree/noise work-box/go/noise

# What is no terminal gets plain bytes, whatever stdin is.
echo >>tree/noise
for c in 'push $M' 'put $M noise' 'puttar -dir r $M ../b.tgz' 'gettar -dir p -o g.tgz $M' 'list' \
    'run $M /bin/echo x'; do
	types "gomote $c >out 2>err"
	ended 0
	cat tree/out tree/err >>all
done
assert_match '^# wrote g\.tgz$' "$(cat all)"
assert_match '^# [0-9]+ files ' "$(cat all)"
! LC_ALL=C grep -a '[^ -~	]' all || fail "control bytes in a pipe"

term_end
gomote destroy "$M"
