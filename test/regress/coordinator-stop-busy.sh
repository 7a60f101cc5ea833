#!/bin/sh
# coordinator-stop-busy.sh - SIGTERM while a command runs and a tunnel is open:
# both are broken off, and the coordinator ends in order and in time.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl openssl

start_coordinator
start_buildlet b1
start_listen_buildlet target
i=$(create "$REVERSE")
begin command /exec -H "X-Buildlet-Proxy: $i" -d mode=sys -d cmd=/bin/sh -d cmdArg=-c \
    --data-urlencode 'cmdArg=echo begun; exec sleep 1000'
eventually grep -q begun "$T/command.log"
mkfifo "$T/keys"
openssl s_client -quiet -connect "127.0.0.1:$PORT" <"$T/keys" >"$T/tunnel.log" 2>&1 &
echo $! >"$T/tunnel.pid"
exec 9>"$T/keys"
auth=$(printf 'user-dev:%s' "$GOMOTE_TOKEN" | base64 -w 0)
printf 'POST /tcpproxy HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nX-Buildlet-Proxy: %s\r\nX-Target-Port: %s\r\n\r\nGET /healthz HTTP/1.1\r\nHost: y\r\n\r\n' \
    "$auth" "$i" "$LISTEN_PORT" >&9
eventually grep -q '^ok' "$T/tunnel.log"
stop coordinator
assert_eq 0 "$STATUS" "exit status of the coordinator"
eventually grep -q 'curl: (18)' "$T/command.log"
eventually _gone "$(pid_of tunnel)"
exec 9>&-
