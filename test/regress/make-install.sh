#!/bin/sh
# make-install.sh - make install DESTDIR=: three programs that run from there, the
# coordinator finding its buildlet beside itself, and their man pages.
. "$(dirname "$0")/../lib/sh.sh"
need make

# What is built already; nothing is made anew with other flags.
make -s -C "$SRC" B="$GOMOTE_BUILD" -o programs install DESTDIR="$T/root" \
    >"$T/make.log" 2>&1 || fail "make install: $(cat "$T/make.log")"
bin=$(find "$T/root" -path "*/bin/gomote" -type f)
bin=${bin%/gomote}
assert_eq 'buildlet
coordinator
gomote' "$(ls "$bin")"
for p in buildlet coordinator gomote; do
	assert_eq 755 "$(stat -c %a "$bin/$p")" "mode of $p"
done
for m in "$SRC"/man/*.[1-8]; do
	m=${m##*/}
	find "$T/root" -path "*/man${m##*.}/$m" -perm 644 | grep -q . || fail "$m is not installed"
done
for c in bash-completion/completions/gomote zsh/site-functions/_gomote \
    fish/vendor_completions.d/gomote.fish; do
	find "$T/root" -path "*/$c" -perm 644 | grep -q . || fail "$c is not installed"
done
PATH=$bin:$PATH
assert_eq "$bin/coordinator" "$(command -v coordinator)"
start_coordinator
i=$(gomote create "$(gomote create -list | awk '!/reverse/ { print $1; exit }')")
assert_eq installed "$(gomote run "$i" /bin/echo installed 2>/dev/null)"
gomote destroy "$i"
