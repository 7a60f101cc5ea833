#!/bin/bash
# timeout: 240
# In a real terminal: Ctrl-C while create waits, while a command runs, on one
# instance or on several, while its terminal or ssh has ours; the window resized
# meanwhile. The prompt stands alone on its line, with the status that gomote(1)
# tells; the terminal is as it was; nothing runs on that should not.
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
. "$SRC/test/lib/tmux.sh"
cd "$T" || exit
export TMPDIR="$T/tmp" HOME="$T/home"
unset XDG_CONFIG_HOME XDG_CACHE_HOME SSH_AUTH_SOCK
mkdir tmp home

start_coordinator
start_buildlet box0
start_buildlet box1
M=$(gomote create "$REVERSE")
N=$(gomote create "$REVERSE")
gomote group create g "$M" "$N"
printf '%s\n' '#!/bin/sh' '[ -z "$1" ] || trap "echo $1; exit 7" INT' '[ -z "$2" ] || trap : INT' \
    'echo ready; while :; do sleep 0.05; done' | gomote put -mode 755 "$M" - job
gomote run "$M" /bin/cat job 2>/dev/null | gomote put -mode 755 "$N" - job
export M N REVERSE
term_start 200
queued() { coordinator -state-dir "$T/state" status | grep -q "$1 waiting\$"; }
running() {
	{ gomote ps -running "$M"; gomote ps -running "$N"; } | grep -c ' running '
}
runs() { [ "$(running)" = "$1" ]; }
ready() { [ "$(seen | grep -cE '(^|: )ready$')" = "$1" ]; }
raw() { [ "$(modes)" != "$TERM_MODES" ]; }
NOTES='# .*|ready'

# Waiting: the request is withdrawn, of one and of several.
for n in 1 3; do
	types "gomote create -count $n \$REVERSE"
	eventually -t 40 sees '^# still creating .* 0 requests ahead of you'
	eventually queued $n
	keys C-c
	ended 130 '# still creating .*'
	eventually queued 0
done

# A command that ends by it, one that has its own way, and one that does not listen,
# killed at the second.
types 'gomote run $M job'
eventually ready 1
keys C-c
ended 130 "$NOTES|gomote: command: job: signal: interrupt"
runs 0 || fail "it runs on"
types 'gomote run $M job bye'
eventually ready 1
keys C-c
ended 7 "$NOTES|bye"
types 'gomote run $M job "" deaf'
eventually ready 1
keys C-c
eventually sees '# interrupted; again to kill$'
keys C-c
ended 137 "$NOTES|gomote: command: .*"
runs 0 || fail "it runs on"

# On both at once.
types 'gomote -group g run job'
eventually ready 2
keys C-c
ended 130 "$NOTES|.*-[01]: .*"
runs 0 || fail "it runs on"
mkfifo hold
exec 8<>hold
types 'gomote -group g put - x <hold'
spools() { pgrep -s "$TERM_SHELL" -f 'put - x' >/dev/null; }
eventually spools
keys C-c
ended 130
exec 8>&-

# A terminal there: keys and sizes pass, also Ctrl-C, and ours is given back.
resize 171
types 'gomote run -t $M /bin/sh'
eventually sees '[$#]$'
keys 'stty size' Enter
eventually sees '^24 171$'
resize 193
at_193() {
	keys 'stty size' Enter
	sees '^24 193$'
}
eventually at_193
interrupts() {	# NUMBER: what its terminal makes of Ctrl-C there
	keys "sleep $1" Enter
	eventually pgrep -f "sleep $1\$" >"$T/pid"
	keys C-c
	eventually _gone "$(tail -n 1 "$T/pid")"
}
interrupts 96.171
[ "$(modes)" != "$TERM_MODES" ] || fail "the terminal is not raw"
keys 'exit 3' Enter
ended 3 '.*(stty|24 |sleep|exit).*|# .*|[$#].*'
runs 0 || fail "it runs on"
# So it is when we are killed; the shell may have been quicker.
types 'gomote run -t $M job'
eventually ready 1
eventually raw
kill -KILL "$(pgrep -o -s "$TERM_SHELL" -f 'run -t')"
cooked() { ! raw; }
eventually cooked
keys Enter
ended 137 "$NOTES| *(Killed|<137>) *"
resize 200

if command -v ssh >/dev/null && [ -x /usr/sbin/sshd ]; then
	types "gomote ssh \$M '\$WORKDIR/job bye'"
	eventually ready 1
	keys C-c
	# ssh says nothing, and begins no line.
	ssh_ended() { sees '<255>$'; }
	eventually ssh_ended
	keys Enter
	ended 255 "$NOTES|Warning: .*|<255>"
	none() { ! pgrep -f 'work-box0/job bye' >/dev/null; }
	eventually none
	types 'gomote ssh $M'
	eventually raw
	keys 'stty size; echo ready' Enter
	eventually ready 1
	sees '^24 200$' || fail "its size: $(seen)"
	interrupts 96.172
	keys 'exit 5' Enter
	ended 5 '.*'
fi

term_end
gomote destroy -destroy-group 2>/dev/null || gomote destroy "$M" "$N"
