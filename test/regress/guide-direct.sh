#!/bin/bash
# guide-direct.sh - the guide's section "Debugging buildlets directly".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

cd "$T" || exit 1
unset GOMOTE_SERVER GOMOTE_TOKEN
start_listen_buildlet box
MOTE=windows-amd64-2008@127.0.0.1:$LISTEN_PORT
gomote run "$MOTE" /bin/echo direct >out 2>messages
said out '^direct$'
echo x >file
gomote put "$MOTE" file
gomote ls "$MOTE" >listing
said listing '^file$'
