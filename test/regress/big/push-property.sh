#!/bin/bash
# regress/push-property.sh with a thousand pushes, of which over a hundred break
# off before they are done again.
# timeout: 1800
. "$(dirname "$0")/../../lib/sh.sh"
# shellcheck source=test/lib/pushprop.sh
. "$SRC/test/lib/pushprop.sh"

prop_story "${N:-1000}" "${TWO:-100}"
