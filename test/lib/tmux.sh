# shellcheck shell=bash
# tmux.sh - gomote as a person has it before them: typed into a shell in a real
# terminal, which is a pane of a tmux of the test's own. Sourced after sh.sh.
#
# The shell has no line editor of its own, and so changes nothing of the
# terminal; its prompt is "<STATUS> ", of the command before. What is typed is the first
# thing on an otherwise empty screen.

need tmux
export TMUX_TMPDIR=$T

tm() { tmux -L gomote -f /dev/null "$@"; }

# term_start [COLUMNS]: the terminal, 24 rows high. What is exported until then
# the shell has, too.
term_start() {
	env -u TMUX -u NO_COLOR TERM=screen PS1='<$?> ' ENV= tmux -L gomote -f /dev/null \
	    new-session -d -x "${1:-80}" -y 24 sh -i
	tm display -p '#{pid}' >"$T/tmux.pid"
	tm set -g status off
	TERM_TTY=$(tm display -p '#{pane_tty}')
	TERM_SHELL=$(tm display -p '#{pane_pid}')
	eventually prompt 0
	TERM_MODES=$(modes)
}

term_end() {
	tm kill-server
	eventually _gone "$(pid_of tmux)"
	rm "$T/tmux.pid"
}

# The terminal's modes.
modes() { stty -g -F "$TERM_TTY"; }

# What is to be seen, or was until it went out at the top, without blank lines and blanks at ends of lines.
seen() { tm capture-pane -p -S - | sed -e 's/ *$//' -e '/^$/d'; }

# sees REGEX: some line matches.
sees() { seen | grep -qE -e "$1"; }

# The last line is a prompt and nothing else, after that status.
prompt() { [ "$(seen | tail -n 1)" = "<$1>" ]; }
prompted() { seen | tail -n 1 | grep -qE '^<[0-9]+>$'; }

# keys KEY...: as of tmux(1), send-keys.
keys() { tm send-keys "$@"; }

# types TEXT: on an empty screen, with Enter.
types() {
	tm send-keys -R
	tm clear-history
	tm send-keys -l "$1"
	tm send-keys Enter
}

resize() { tm resize-window -x "$1" -y 24; }

alone() { [ "$(pgrep -s "$TERM_SHELL")" = "$TERM_SHELL" ]; }

# ended STATUS [TEXT]: the command has, with that status, and all that it started; of what it had shown there
# is left what was typed, lines that match TEXT (an ERE), what the terminal echoes
# of a Ctrl-C, and the prompt; the terminal is as it was.
ended() {
	local left
	eventually -t "${ENDED_IN:-20}" prompted
	prompt "$1" || fail "exit status: not $1 in: $(seen)"
	left=$(seen | sed -e 1d -e '$d' | grep -vxE -e "(\^C)*(${2-})?" || :)
	assert_eq '' "$left" "what is left on the screen"
	assert_eq "$TERM_MODES" "$(modes)" "the terminal's modes"
	eventually alone
}
