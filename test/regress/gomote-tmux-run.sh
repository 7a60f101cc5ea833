#!/bin/bash
# timeout: 240
# In a real terminal: Ctrl-C while create waits, while a command runs, on one
# instance or on several, while its terminal or ssh has ours; the window resized
# meanwhile. The prompt stands alone on its line, with the status that gomote(1)
# tells; the terminal is as it was; nothing runs on that should not.
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
gomote put -mode 755 "$M" - job <<'END'
#!/bin/sh
[ -z "$1" ] || trap "echo $1; exit 7" INT
echo ready
while :; do sleep 0.05; done
END
gomote run "$M" /bin/cat job 2>/dev/null | gomote put -mode 755 "$N" - job
export M N REVERSE
term_start
queued() { coordinator -state-dir "$T/state" status | grep -q "$1 waiting\$"; }
running() {
	{ gomote ps -running "$M"; gomote ps -running "$N"; } | grep -c ' running '
}
runs() { [ "$(running)" = "$1" ]; }
ready() { [ "$(seen | grep -cE '(^|: )ready$')" = "$1" ]; }
NOTES='# .*|ready'

# Waiting: the request is withdrawn, of one and of several.
for c in '' '-count 3'; do
	types "gomote create $c \$REVERSE"
	eventually -t 40 sees '^# still creating .* 0 requests ahead of you'
	eventually queued "${c:+3}${c:-1}" 2>/dev/null || :
	keys C-c
	ended 130 '# still creating .*|  *[^ ].*|.*there can be.*'
	eventually queued 0
done

# A command that ends by it, and one that does not listen, killed at the second.
types 'gomote run $M job'
eventually ready 1
keys C-c
ended 130 "$NOTES|gomote: command: job: signal: interrupt"
runs 0 || fail "it runs on"
types 'gomote run $M job bye'
eventually ready 1
keys C-c
ended 7 "$NOTES|bye"
types 'gomote run $M /bin/sh -c "trap : INT; ./job" '
eventually ready 1 || :
keys C-c
eventually sees '^# interrupted; again to kill$'
keys C-c
ended 137 "$NOTES|gomote: command: .*"
runs 0 || fail "it runs on"
# A third leaves it alone.
kill -STOP "$(pid_of box0)"
