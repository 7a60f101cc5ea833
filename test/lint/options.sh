#!/bin/sh
# options.sh - every option and command of a program stands in its man page,
# every key of coordinator.conf in coordinator.conf(5). The tables in the
# source are the master copy.
set -eu
bad=0

# page MACROS WORD...: each WORD stands on a line of one of these mdoc macros.
in_page() {
	page=$1 macros=$2 what=$3
	while read -r word; do
		[ "$word" ] || continue
		if ! [ -f "$page" ]; then
			echo "$page: missing; it should tell of $what $word"
		elif ! grep -Eq -e "(^\\.|[[:space:]])($macros)[[:space:]]+([^[:space:]]+[[:space:]]+)*$word([[:space:],=.]|\$)" "$page"; then
			echo "$page: nothing about $what $word"
		else
			continue
		fi
		bad=1
	done
}

options_of() {
	cat "$1"/*.c 2>/dev/null | tr '\n' ' ' |
	    grep -oE '\{[[:space:]]*"[a-z0-9][a-z0-9-]*",[[:space:]]*OPT_[A-Z]+' |
	    cut -d'"' -f2 | sort -u
}

commands_of() {
	cat "$1"/*.c 2>/dev/null | tr '\n' ' ' |
	    grep -oE 'struct cmd[[:space:]]+cmd_[a-z0-9_]+[[:space:]]*=[[:space:]]*\{[^"}]*"[a-z0-9-]+"' |
	    cut -d'"' -f2 | sort -u
}

keys_of() {
	cat "$@" 2>/dev/null | tr '\n' ' ' |
	    grep -oE 'CFG_[A-Z_]+\([[:space:]]*"[a-z0-9_-]+"' | cut -d'"' -f2 | sort -u
}

in_page man/coordinator.8 Fl option <<EOF
$(options_of coordinator || :)
EOF
in_page man/buildlet.8 Fl option <<EOF
$(options_of buildlet || :)
EOF
in_page man/gomote.1 Fl option <<EOF
$(options_of client || :)
EOF
commands=$(commands_of client || :)
set -- client/cmd_*.c
if [ -f "$1" ] && [ -z "$commands" ]; then
	echo 'client/cmd_*.c: found no row "struct cmd cmd_NAME = { "name", ..."'
	bad=1
fi
in_page man/gomote.1 'Ic|Cm|Ss|It' command <<EOF
$commands
EOF
in_page man/coordinator.conf.5 'Ic|Cm|It|Va|Sy' key <<EOF
$(keys_of coordinator/settings*.c || :)
EOF
exit $bad
