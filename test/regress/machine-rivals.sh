#!/bin/bash
# Two live machines under one name and key evict each other: the coordinator says so
# once, and shows it; when one of them has gone, the other stays.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"

start_coordinator
twin() {
	start "$1" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
	    -workdir "$T/work-$1" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname twin
}
twin a
eventually machine_is twin idle
twin b
said() { grep -q 'twin: two machines use this name, one from 127.0.0.1, one from 127.0.0.1, and evict each other: each needs a name and a key of its own$' "$T/coordinator.log"; }
eventually said
shown() { verb machine list | grep -q 'twin .* two machines use this name and evict each other$'; }
shown || fail "machine list does not show it: $(verb machine list)"
stock '/?mode=json' | grep -q 'two machines use this name' || fail "the status page does not show it"
evictions() { [ "$(grep -c 'it registered again' "$T/coordinator.log")" -ge "$1" ]; }
eventually evictions 5
assert_eq 1 "$(grep -c 'two machines use this name' "$T/coordinator.log")" "times it was said"

kill9 a
eventually machine_is twin idle
i=$(create "$REVERSE")
assert_eq 'Process-State: ok' "$(run "$i" true)"
