#!/bin/bash
# Random trees and edits (a seed is printed; SEED= repeats one), pushed again and
# again: the tree there equals the one here, exactly what differed travelled,
# what broke off left the old tree, two at once leave one of the two.
# timeout: 300
. "$(dirname "$0")/../lib/sh.sh"
# shellcheck source=test/lib/pushprop.sh
. "$SRC/test/lib/pushprop.sh"

prop_story "${N:-40}" "${TWO:-5}"
