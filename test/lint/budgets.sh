#!/bin/sh
# budgets.sh - at most 600 lines a file, 60 lines a function (its body, from
# the brace in the first column to the one that closes it).
set -eu
find lib revdial coordinator buildlet client test Makefile configure.ac .ci/run \
    -type f \( -name '*.[ch]' -o -name '*.sh' -o -name 'run' -o -name Makefile \
    -o -name '*.ac' -o -name '*.awk' \) 2>/dev/null | sort |
xargs -r awk -v file_max=600 -v body_max=60 '
	function check_file() {
		if (lines > file_max) {
			printf "%s: %d lines (at most %d)\n", last, lines, file_max
			errors++
		}
	}
	FNR == 1 { check_file(); last = FILENAME; open = 0; name = "" }
	{ lines = FNR }
	FILENAME !~ /[.][ch]$/ { next }
	/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^\{[ \t]*$/ || /^[A-Za-z_].*\)[ \t]*\{[ \t]*$/ { open = FNR }
	/^\}/ && open {
		if (FNR - open + 1 > body_max) {
			printf "%s:%d: %s has %d lines (at most %d)\n",
			    FILENAME, open, name, FNR - open + 1, body_max
			errors++
		}
		open = 0
	}
	END { check_file(); exit errors > 0 }'
