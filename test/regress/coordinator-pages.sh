#!/bin/sh
# coordinator-pages.sh - the status pages, HTML and JSON, without a login and
# without secrets.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

start_coordinator
start_buildlet b1
i=$(create "$REVERSE")
page() {
	curl -sS --max-time 20 --cacert "$GOMOTE_CA" -D "$T/head" "$GOMOTE_SERVER$1"
}
html=$(page /)
assert_match '^Content-Type: text/html; charset=utf-8' "$(cat "$T/head")"
assert_match "<td>$HOST_REVERSE/b1</td><td>$HOST_REVERSE</td><td>leased" "$html"
assert_match 'Instances: 1\. Waiting: 0' "$html"
json=$(page '/?mode=json')
assert_match '^Content-Type: application/json; charset=utf-8' "$(cat "$T/head")"
assert_match "\"Name\": \"$HOST_REVERSE/b1\"" "$json"
assert_match '"Healthy": true' "$json"
assert_no_match "$i|gmu_|gmk_|$(cat "$GO_BUILD_KEY_PATH")" "$html$json"
assert_match "<td>$REVERSE</td><td>$HOST_REVERSE</td><td>30m0s</td>" "$(page /builders)"
assert_eq "{\"Builders\":{\"linux-amd64\":{\"HostType\":\"host-linux-amd64-local\"},\"linux-amd64-reverse\":{\"HostType\":\"host-linux-amd64-reverse\"}},\"Hosts\":{\"host-linux-amd64-local\":{\"IsReverse\":false,\"ExpectNum\":0,\"ContainerImage\":\"\",\"VMImage\":\"\"},\"host-linux-amd64-reverse\":{\"IsReverse\":true,\"ExpectNum\":0,\"ContainerImage\":\"\",\"VMImage\":\"\"}}}" \
    "$(page '/builders?mode=json' | tr -d ' \n')"
assert_eq ok "$(page /healthz)"
assert_match '"Version": "[0-9.]+"' "$(http /api/v1/version)"
assert_match '"builders"' "$(http /api/v1/version)"
assert_match '"BootstrapURL": ""' "$(http /api/v1/builders)"
# A machine's name is text, whatever stands in it.
start x "$TEST_BIN/stockbuildlet" -key "$(cat "$GO_BUILD_KEY_PATH")" \
    -name '<b>x</b>' "127.0.0.1:$PORT"
eventually grep -q '^refused: 400' "$T/x.log"
