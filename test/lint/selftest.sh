#!/bin/sh
# selftest.sh - shows every lint a sample that it must accept and samples that
# it must refuse, so that a lint that sees nothing is not taken for a clean tree.
set -eu
lints=$(cd "$(dirname "$0")" && pwd)
top=$(mktemp -d "${TMPDIR:-/tmp}/lint.XXXXXX")
trap 'rm -rf "$top"' EXIT
bad=0

# A small tree with nothing wrong.
fresh() {
	rm -rf "$top/tree"
	mkdir "$top/tree" "$top/tree/build"
	cd "$top/tree"
	mkdir -p lib/base lib/io lib/data lib/http coordinator buildlet client \
	    test/unit test/regress test/lib man .ci
	printf '/* a. */\nint a_get(void);\n' >lib/base/a.h
	printf '#include "base/a.h"\nint\na_get(void)\n{\n\treturn 1; /* strcpy(x) */\n}\n' >lib/base/a.c
	printf '/* b. */\n#include "base/a.h"\nint b_get(void);\n' >lib/io/b.h
	printf '#!/bin/sh\ngomote run x sleep 9\nstart x sh -c "sleep 9"\n# sleep 3\n' >test/regress/r.sh
}

# expect 0|1 LINT WHAT
expect() {
	status=0
	out=$(GOMOTE_SANITIZED='' GOMOTE_BUILD=$top/tree/build "$lints/$2.sh" 2>&1) || status=1
	[ "$status" = 77 ] && return
	if [ "$status" != "$1" ]; then
		echo "$2.sh: $3: want $1, got $status: $out"
		bad=1
	fi
}
accepts() {
	expect 0 "$1" "the clean sample"
}
refuses() {
	expect 1 "$1" "$2"
	fresh
}

fresh
for lint in layers headers banned budgets options man globals; do accepts $lint; done

echo '#include "io/b.h"' >>lib/base/a.c
refuses layers 'base includes io'
echo '#include "data/x.h"' >>lib/io/b.h
refuses layers 'io includes data'
echo '#include "buildlet/x.h"' >client/x.c
refuses layers 'a program includes another'
echo '#include <sqlite3.h>' >client/x.c
refuses layers 'sqlite3 outside of its owner'
echo '#include <event2/event.h>' >buildlet/x.c
refuses layers 'libevent in a program'
echo '#include <zlib.h>' >lib/data/tarin.c
refuses layers 'zlib outside of its owner'
echo '#include "coordinator/page_x.h"' >coordinator/sched.c
refuses layers 'core includes a face'
echo '#include "data/json.h"' >coordinator/sched.c
refuses layers 'core knows JSON'
echo '#include "coordinator/sched.h"' >coordinator/pool_x.c
refuses layers 'a pool knows sched'
echo '#include "a.h"' >>lib/base/a.c
refuses layers 'an include without its room'
printf '#include <stdio.h>\n#include "base/a.h"\n' >lib/base/a.c
refuses layers 'own header not first'

echo 'size_t c_get(struct unknown *);' >lib/base/c.h
refuses headers 'a header that lacks an include'

echo 'int f(char *a) { strcpy(a, "x"); }' >lib/base/x.c
refuses banned 'strcpy'
echo '/* FIXME: later */' >lib/base/x.c
refuses banned 'unfinished work'
echo 'if true; then sleep 1; fi' >test/regress/x.sh
refuses banned 'a script that sleeps'
echo 'void f(void) { usleep(1); }' >test/unit/x.c
refuses banned 'a unit test that sleeps'

awk 'BEGIN { for (i = 0; i < 601; i++) print "/* x */" }' >lib/base/x.c
refuses budgets 'a file of 601 lines'
awk 'BEGIN { print "int\nf(void)\n{"; for (i = 0; i < 59; i++) print "\tg();"; print "}" }' >lib/base/x.c
refuses budgets 'a function of 61 lines'

echo '	{ "speed", OPT_INT, &x, "N", "how fast" },' >buildlet/main.c
echo '.It Fl slow' >man/buildlet.8
refuses options 'an option that the page does not tell'
echo 'const struct cmd cmd_put = { "put", "x" };' >client/cmd_put.c
echo '.Ic putter' >man/gomote.1
refuses options 'a command that the page does not tell'
echo 'CFG_STR("listen", 0, CFGF_NONE),' >coordinator/settings.c
refuses options 'a key that the page does not tell'

mkdir revdial
echo 'int revdial_new(void); /* not revdial_old() */' >revdial/revdial.h
printf '.Nm revdial_new\n.Fn revdial_new void\n' >man/revdial.3
accepts public
echo 'int revdial_more(int);' >>revdial/revdial.h
refuses public 'a public function that the page does not tell'
mkdir revdial
printf 'int revdial_new(void);\n#define REVDIAL_X 1\n' >revdial/revdial.h
printf '.Nm revdial_new\n.Fn revdial_new void\n' >man/revdial.3
refuses public 'a constant that the page does not tell'
mkdir revdial
echo 'int revdial_new(void);' >revdial/revdial.h
printf '.Nm revdial_new ,\n.Nm revdial_old\n.Fn revdial_new void\n' >man/revdial.3
refuses public 'a page with a function that is not there'

if command -v mandoc >/dev/null; then
	printf '.Dd x\n.Dt X 1\n.Os\n.Sh NAME\n.Xx y\n' >man/x.1
	refuses man 'a broken man page'
fi
if command -v objdump >/dev/null; then
	mkdir -p build/lib/base
	echo 'static int n; int f(void); int f(void) { return n++; }' >lib/base/x.c
	gcc -fPIE -fdata-sections -c -o build/lib/base/x.o lib/base/x.c
	refuses globals 'a mutable static'
	mkdir -p build/lib/base
	echo 'extern const char *const t[]; const char *const t[] = { "a" };' >lib/base/x.c
	gcc -fPIE -fdata-sections -c -o build/lib/base/x.o lib/base/x.c
	accepts globals
	fresh
fi
if command -v shellcheck >/dev/null; then
	printf '#!/bin/sh\nrm $1\n' >test/regress/x.sh
	refuses shellcheck 'an unquoted variable'
fi
exit $bad
