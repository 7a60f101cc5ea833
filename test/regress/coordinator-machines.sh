#!/bin/bash
# coordinator-machines.sh - hundreds of machines on one coordinator: all
# register, each is one descriptor, an operator is answered, and after the
# coordinator was killed all come back by themselves, each as the one it was.
# timeout: 180
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
# shellcheck source=test/lib/machines.sh
. "$SRC/test/lib/machines.sh"
need curl

machines=300
if [ "${GOMOTE_SANITIZED:-}" ]; then
	machines=60
fi
many_begin $machines
alone=$(descriptors coordinator)
many_machines
eventually -t 60 many_all_idle
one_each() {
	[ "$(descriptors coordinator)" -le $((alone + machines)) ]
}
eventually one_each
names() {
	verb machine list | awk '$3 == "idle" { print $1 }' | sort
}
before=$(names)
assert_eq $machines "$(wc -l <<<"$before")" "names"

kill9 coordinator
many_serve
# In the midst of them.
assert_eq 200 "$(code stock /healthz)" "health"
eventually -t 60 many_all_idle
assert_eq "$before" "$(names)" "names after the restart"
eventually one_each

# The machines are one process; when it dies the coordinator knows at once.
kill9 machines
none_idle() {
	[ "$(many_idle)" = 0 ]
}
eventually none_idle
none_open() {
	[ "$(descriptors coordinator)" -le "$alone" ]
}
eventually none_open
