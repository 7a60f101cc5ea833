#!/bin/bash
# revdial-soak.sh - as test/regress/revdial-soak.sh, for ten minutes and with
# 10,000 drops, under ASan and UBSan.
# timeout: 1700
set -eu
src=${GOMOTE_SRC:-$(cd "$(dirname "$0")/../../.." && pwd)}
build=${GOMOTE_BUILD:-$src/build}/asan
make -s -C "$src" B="$build" DEV= SAN=address,undefined CFLAGS='-O1 -g' \
    "$build/test/bin/rdsoak" >/dev/null
export SOAK=600 DROPS=10000 GOMOTE_SANITIZED=1 GOMOTE_TEST_BIN=$build/test/bin
exec "$src/test/regress/revdial-soak.sh"
