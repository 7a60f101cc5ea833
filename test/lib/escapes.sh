# shellcheck shell=bash
# escapes.sh - every way out of a work directory that we know, tried over HTTP.
# Sourced by scripts that have set $url, a buildlet's or a coordinator's, $w, its
# work directory, and ask, which is curl with what that server needs besides.
# shellcheck disable=SC2154
mkdir "$T/out" "$T/a"
echo precious >"$T/out/file"
before=$(ls -lAi --time-style=full-iso "$T/out"; cat "$T/out/file")
code() { ask -sS -o "$T/answer" -w '%{http_code}' "$@"; }
untouched() {
	assert_eq "$before" "$(ls -lAi --time-style=full-iso "$T/out"; cat "$T/out/file")" "outside, after $1"
}
refused() {	# WHAT CURL-ARGS...
	what=$1
	shift
	got=$(code "$@")
	assert_match '^4' "$got" "status of $what"
	untouched "$what"
}

for p in ../out/file /etc/passwd a/../../out/file ..; do
	refused "write $p" -X PUT -d x "$url/write?path=$p"
	refused "writetgz $p" -X PUT -d x "$url/writetgz?dir=$p"
	refused "removeall $p" --data-urlencode "path=$p" "$url/removeall"
	refused "ls $p" "$url/ls?dir=$p"
	refused "tgz $p" "$url/tgz?dir=$p"
	refused "ls skip $p" "$url/ls?skip=$p"
done
for p in ../out/x a/../../x; do
	refused "exec $p" --data-urlencode "cmd=$p" "$url/exec"
	refused "exec in $p" -d cmd=/bin/true --data-urlencode "dir=$p" "$url/exec"
done

# Links that a command left in the work directory.
ln -s "$T/out" "$w/abs"
ln -s ../out "$w/rel"
ln -s "$T/out/file" "$w/abs-file"
ln -s .. "$w/up"
for l in abs rel; do
	refused "write through $l" -X PUT -d x "$url/write?path=$l/file"
	refused "write below $l" -X PUT -d x "$url/write?path=$l/new"
	refused "ls $l" "$url/ls?dir=$l"
	refused "tgz $l" "$url/tgz?dir=$l"
	code --data-urlencode "path=$l/file" "$url/removeall" >/dev/null
	untouched "removeall through $l"
done
code -X PUT -d x "$url/write?path=abs-file" >/dev/null
untouched "write over a link to a file"
code "$url/ls?recursive=true&digest=true" >/dev/null
assert_no_match precious "$(cat "$T/answer")"
assert_no_match 'abs/|rel/|up/' "$(cat "$T/answer")" "a link was followed"

# Archives: pairs of names as they stand in the archive.
echo evil >"$T/a/evil"
pack() {	# NAME-IN-ARCHIVE: the file evil under that name
	tar -C "$T/a" -P --transform "s,^evil\$,$1," -czf "$T/a.tgz" evil
}
for n in ../out/file "$T/out/file" x/../../out/new; do
	pack "$n"
	code -T "$T/a.tgz" "$url/writetgz?dir=." >/dev/null
	untouched "an entry named $n"
done
for l in abs rel up; do
	pack "$l/file"
	refused "an entry through the link $l" -T "$T/a.tgz" "$url/writetgz?dir=."
done
refused "an archive into a link" -T "$T/a.tgz" "$url/writetgz?dir=abs"

mkdir "$T/b"
ln -s "$T/out" "$T/b/link"
tar -C "$T/b" -cf "$T/b.tar" link
rm "$T/b/link"
mkdir "$T/b/link"
echo evil >"$T/b/link/file"
tar -C "$T/b" -rf "$T/b.tar" link/file
gzip "$T/b.tar"
code -T "$T/b.tar.gz" "$url/writetgz?dir=fresh" >/dev/null
untouched "a link and a file through it in one archive"

# A hard link to something outside: make one whose target is renamed in the archive.
echo x >"$T/a/one"
ln "$T/a/one" "$T/a/two"
tar -C "$T/a" -P --transform "flags=hrS;s,^one\$,$T/out/file,;" -cf "$T/c.tar" one two 2>/dev/null
gzip "$T/c.tar"
code -T "$T/c.tar.gz" "$url/writetgz?dir=hard" >/dev/null
untouched "a hard link to outside"
test ! "$w/hard/two" -ef "$T/out/file" || fail "a hard link to outside was made"

# And removing everything takes the links, not what they lead to.
assert_eq 200 "$(code -d path=. "$url/removeall")"
untouched "removeall of everything"
assert_eq "$(printf 'gocache\ngoplscache\ntmp')" "$(ls -A "$w")"
