#!/bin/sh
# headers.sh - each header compiles alone.
set -eu
headers=$(find lib revdial coordinator buildlet client test/unit -name '*.h' 2>/dev/null | sort)
[ "$headers" ] || exit 0
# shellcheck disable=SC2086
${CC:-gcc} -x c -std=c11 -D_GNU_SOURCE -Ilib -I. -Wall -Wextra -Werror \
    -Wno-unused-function -fsyntax-only $headers
