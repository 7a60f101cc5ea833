#!/bin/sh
# librevdial.sh - the library as a stranger gets it: installed, found through
# pkg-config, with no names but its own, in C and C++, static and shared; the
# two examples built with it move files byte for byte, and notice when the
# other one is gone.
# timeout: 240
. "$(dirname "$0")/../lib/sh.sh"
need make nm pkg-config

conf() { sed -n "s/^$1 = //p" "$SRC/config.mk"; }
CC=$(conf CC)
flags='-Wall -Wextra -Werror -O1 -g'
[ -z "${GOMOTE_SANITIZED:-}" ] || flags="$flags -fsanitize=address,undefined"

# --- installing -------------------------------------------------------------------

make -s -C "$SRC" B="$GOMOTE_BUILD" -o programs -o libraries install \
    DESTDIR="$T/root" >"$T/make.log" 2>&1 || fail "make install: $(cat "$T/make.log")"
pc=$(find "$T/root" -name revdial.pc)
lib=${pc%/pkgconfig/revdial.pc}
inc=$(dirname "$(find "$T/root" -name revdial.h)")
version=$(conf VERSION)
so=$lib/librevdial.so.$version
for f in "$lib/librevdial.a" "$so" "$inc/revdial.h" "$pc"; do
	assert_eq 644 "$(stat -c %a "$f")" "mode of $f"
done
for l in "$lib/librevdial.so" "$lib/librevdial.so.${version%%.*}"; do
	assert_eq "$so" "$(readlink -f "$l")"
done
find "$T/root" -name revdial.3 | grep -q . || fail 'revdial.3 is not installed'

# It is not where it says that it is, since this is only DESTDIR.
pkg() {
	PKG_CONFIG_PATH=${pc%/*} pkg-config --define-variable=libdir="$lib" \
	    --define-variable=includedir="$inc" "$@"
}
assert_eq "$version" "$(pkg --modversion revdial)"

# --- names ------------------------------------------------------------------------

# Every function of the header, and nothing else.
grep -oE '\brevdial_[a-z_]+\(' "$inc/revdial.h" | tr -d '(' |
    grep -v '^revdial_\(session\|stream\)_$' | sort -u >"$T/declared"
own() { awk '{ print $NF }' | sed 's/@.*//' | grep -v '^_' | sort -u; }
nm -D --defined-only "$so" | own >"$T/shared"
nm -g --defined-only "$lib/librevdial.a" | grep ' [A-TV-Z] ' | own >"$T/static"
assert_eq "$(cat "$T/declared")" "$(cat "$T/shared")" 'names in the shared library'
assert_eq "$(cat "$T/declared")" "$(cat "$T/static")" 'names in the static library'
if [ -z "${GOMOTE_SANITIZED:-}" ]; then
	assert_eq 'libc libevent_core' "$(objdump -p "$so" |
	    sed -n 's/.*NEEDED *\(lib[a-z_]*\).*/\1/p' | sort | tr '\n' ' ' |
	    sed 's/ $//')" 'what it needs'
	assert_no_match 'SSL|EVP_|json_|dlopen' "$(nm -u "$lib/librevdial.a")"
fi
assert_match "SONAME *librevdial.so.${version%%.*}\$" "$(objdump -p "$so")"

# --- building ---------------------------------------------------------------------

# The header needs nothing before it, in C and in C++.
echo '#include <revdial.h>' >"$T/alone.c"
$CC -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$inc" "$T/alone.c"
if command -v g++ >/dev/null; then
	cat >"$T/plus.cc" <<'EOF'
#include <revdial.h>
#include <cstdio>
static const revdial_options options = {};
int main() { std::printf("%s %lld\n", revdial_version(), (long long)options.ping_ms); }
EOF
	# shellcheck disable=SC2046
	g++ -std=c++11 -pedantic -Wall -Wextra -Werror "$T/plus.cc" -o "$T/plus" \
	    $([ -z "${GOMOTE_SANITIZED:-}" ] || echo -fsanitize=address,undefined) \
	    $(pkg --cflags --libs revdial)
	assert_eq "$version 0" "$(LD_LIBRARY_PATH=$lib "$T/plus")"
fi
for p in echo_server echo_client; do
	# shellcheck disable=SC2046,SC2086
	$CC $flags "$SRC/test/examples/$p.c" $(pkg --cflags --libs revdial) -o "$T/$p"
	# A user's functions may be called as ours are inside.
	cat >"$T/names.c" <<'EOF'
void *xmalloc(unsigned long n); void *xmalloc(unsigned long n) { (void)n; return 0; }
int err_set(void); int err_set(void) { return 7; }
int log_info, mux_new, frame_parse, str_eq, pub_post, clock_mono, work;
EOF
	# shellcheck disable=SC2046,SC2086
	$CC $flags "$SRC/test/examples/$p.c" "$T/names.c" -I"$inc" -o "$T/$p-static" \
	    "$lib/librevdial.a" $(pkg-config --cflags --libs libevent_core)
done

# --- running ----------------------------------------------------------------------

export LD_LIBRARY_PATH="$lib"
# begin SUFFIX FILE...: a client with these files, and the server that dials it.
begin() {
	suffix=$1
	shift
	rm -f "$T/client.log"
	start client "$T/echo_client$suffix" "$@"
	eventually grep -q '^port' "$T/client.log"
	start server "$T/echo_server$suffix" 127.0.0.1 \
	    "$(sed -n 's/^port //p' "$T/client.log")"
}
# ended NAME: it ends by itself; its exit status is in $STATUS.
ended() {
	eventually _gone "$(pid_of "$1")"
	status wait "$(pid_of "$1")"
	rm "$T/$1.pid"
}

mkdir "$T/f"
: >"$T/f/empty"
printf x >"$T/f/byte"
for i in 1 2 3 4 5 6 7 8; do head -c $((i * 777777)) /dev/urandom >"$T/f/big$i"; done
i=0
while [ $i -lt 90 ]; do
	i=$((i + 1))
	head -c $((i * 113)) /dev/urandom >"$T/f/small$i"
done
for suffix in '' -static; do
	begin "$suffix" "$T"/f/*
	for who in server client; do
		ended $who
		assert_eq 0 "$STATUS" "exit status of the $who"
	done
	assert_match '^served 100 streams; the session is over: the other side left' \
	    "$(cat "$T/server.log")"
	assert_match '^the session is over: drained' "$(cat "$T/client.log")"
	for f in "$T"/f/*.echo; do
		sum=$(sha256sum <"${f%.echo}")
		assert_eq "$sum" "$(sha256sum <"$f")" "SHA-256 of $f"
		rm "$f"
	done
done

# --- somebody goes away -------------------------------------------------------------

# The client has opened its stream, and waits for bytes of the pipe.
mkfifo "$T/pipe"
exec 9<>"$T/pipe"
begin '' "$T/pipe"
eventually test -f "$T/pipe.echo"
kill9 client
ended server
assert_eq 1 "$STATUS" 'exit status of a server whose client was killed'
assert_match 'the session is over: (the other side closed|read: Conn)' "$(cat "$T/server.log")"

# The server is gone in the middle of something that has no end.
truncate -s 100G "$T/endless"
ln -s /dev/null "$T/endless.echo"
begin '' "$T/endless"
busy() { awk '/^rchar/ { exit !($2 > 3000000) }' "/proc/$(pid_of server)/io"; }
eventually busy
kill9 server
ended client
assert_eq 1 "$STATUS" 'exit status of a client whose server was killed'
assert_match 'a stream ended early' "$(cat "$T/client.log")"

make -s -C "$SRC" B="$GOMOTE_BUILD" uninstall DESTDIR="$T/root" >/dev/null
assert_eq '' "$(find "$T/root" ! -type d)" 'left by make uninstall'
