#!/bin/sh
# The whole way on both pools: create, put, puttar, push, run, ls, gettar, list,
# rm, ping, destroy.
. "$(dirname "$0")/../lib/sh.sh"

start_coordinator
start_buildlet box
types=$(gomote create -list | awk '{ print $1 }')
mkdir -p "$T/src/sub"
echo hello >"$T/src/sub/hello.txt"
printf '#!/bin/sh\necho "ran $1 in $(pwd)"\nexit 42\n' >"$T/src/script"
chmod 755 "$T/src/script"
tar -C "$T/src" -czf "$T/src.tar.gz" .

for type in $types; do
	inst=$(gomote create "$type" 2>"$T/create.err")
	assert_eq "user-$GOMOTE_USER-$type-0" "$inst" "the instance's name"
	gomote ping "$inst"
	(cd "$T/src" && gomote push -dir tree "$inst")
	gomote put "$inst" "$T/src/sub/hello.txt" one/two.txt
	gomote puttar -dir unpacked "$inst" "$T/src.tar.gz"
	gomote puttar -dir piped "$inst" - <"$T/src.tar.gz"
	assert_eq hello "$(gomote run "$inst" /bin/cat one/two.txt 2>/dev/null)" "what put sent"
	for d in tree unpacked piped; do
		STATUS=0
		out=$(gomote run -dir "$d/sub" "$inst" "$d/script" arg 2>"$T/run.err") || STATUS=$?
		assert_eq 42 "$STATUS" "the command's own status"
		assert_match "^ran arg in .*/$d/sub\$" "$out"
	done
	assert_match "\\.stdout" "$(cat "$T/run.err")" "where the copy is"
	assert_match '^sub$' "$(gomote ls "$inst" tree)"
	(cd "$T" && gomote gettar -dir tree "$inst")
	assert_match 'sub/hello.txt' "$(tar -tzf "$T/$inst.tar.gz")"
	gomote rm "$inst" tree
	assert_no_match '^tree$' "$(gomote ls "$inst")"
	assert_match "^$inst	$type	" "$(gomote list)"
	gomote destroy "$inst"
	assert_no_match "$inst" "$(gomote list)"
	assert_status 1 gomote run "$inst" /bin/true
done
