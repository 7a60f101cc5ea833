#!/bin/sh
# A buildlet that somebody started in a terminal ends in order when that is
# closed; by nohup it stays, and SIGHUP is for an upgrade.
. "$(dirname "$0")/../lib/sh.sh"

# on_terminal NAME CMD...: CMD on a pty of its own, as `start`.
on_terminal() {
	_name=$1
	shift
	start "$_name" "$TEST_BIN/onpty" "$@"
}
inner_of() { pgrep -P "$(pid_of "$1")"; }
gone() { ! alive "$1"; }

cd "$T" || exit 1		# nohup writes a file
on_terminal term buildlet -listen 127.0.0.1:0 -port-file "$T/term.port" -workdir "$T/work"
wait_file "$T/term.port"
inner=$(inner_of term)
kill9 term
eventually gone "$inner"
assert_eq '' "$(ls -A "$T/work")" "the work directory"

on_terminal hup nohup buildlet -listen 127.0.0.1:0 -port-file "$T/hup.port" -workdir "$T/work"
wait_file "$T/hup.port"
inner=$(inner_of hup)
rm "$T/hup.port"
kill9 hup
wait_file "$T/hup.port"		# it executed itself anew
alive "$inner" || fail "it went with the terminal"
kill -TERM "$inner"
eventually gone "$inner"
