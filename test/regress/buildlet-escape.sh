#!/bin/bash
# Nothing is read, made, changed or removed outside of the work directory: not
# by .., not by absolute names, not through links that are there already or that
# the same archive makes, not by hard links.
. "$(dirname "$0")/../lib/sh.sh"
need curl tar

start_listen_buildlet box
url=http://127.0.0.1:$LISTEN_PORT
w=$T/work-box
ask() { curl "$@"; }
. "$SRC/test/lib/escapes.sh"
