#!/bin/bash
# A push that fails while its helpers are still at work takes them along, and
# what they have started; it does not wait for them.
. "$(dirname "$0")/../lib/sh.sh"
need pgrep
export XDG_CACHE_HOME="$T/cache"
unset GOROOT

# A git that never ends, if nobody ends it.
mkdir "$T/bin" "$T/tree" "$T/tree/.git"
mkfifo "$T/never"
cat >"$T/bin/git" <<END
#!/bin/sh
echo begun >"$T/begun"
exec cat "$T/never"
END
chmod +x "$T/bin/git"
PATH=$T/bin:$PATH
scans() { pgrep -f "x scan $T" >/dev/null; }
no_scans() { ! scans; }
no_gits() { ! pgrep -f "cat $T/never" >/dev/null; }

# The buildlet does not answer; once git is under way the connection is lost.
start_listen_buildlet box
start relay "$TEST_BIN/relay" -port-file "$T/relay.port" "127.0.0.1:$LISTEN_PORT"
wait_file "$T/relay.port"
kill -STOP "$(pid_of box)"
(cd "$T/tree" && exec gomote push "linux-amd64@127.0.0.1:$(cat "$T/relay.port")") >"$T/out" 2>&1 &
p=$!
wait_file "$T/begun"
scans || fail "nobody looks at the tree"
stop relay
wait "$p" && fail "push ended well"
assert_match '^gomote: ' "$(cat "$T/out")"
eventually no_scans		# git's keeper goes by the same name
eventually no_gits
kill -CONT "$(pid_of box)"
