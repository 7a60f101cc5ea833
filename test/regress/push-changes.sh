#!/bin/bash
# Both ends write of what they remember of a tree only what has changed; many changes
# make it anew; and what is damaged, torn or of another version is as if it were not
# there: the push is right all the same.
. "$(dirname "$0")/../lib/sh.sh"
export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
w=$T/work-box/go
trees=$T/cache/gomote/trees

push() {
	gomote push -yes "$m" 2>"$T/err" || fail "push: $(cat "$T/err")"
	diff -r . "$w" || fail "the trees differ"
}
told() { assert_match "$1" "$(cat "$T/err")" "push"; }
kept() { find "$T" -path "*/push/*/$1" -type f; }
bytes() { stat -c %s "$1"; }
newest() { find "$trees" -type f ! -name 'base-*' -printf '%T@ %p\n' | sort -g | tail -n 1 | cut -d' ' -f2-; }

mkdir "$T/tree"
cd "$T/tree" || exit
for d in $(seq 20); do
	mkdir "$d"
	for f in $(seq 20); do echo "$d $f" >"$d/a-file-with-a-long-name-$f"; done
done
pass 2
push
pass 2
push
told 'nothing to push'
record=$(kept record)
cp "$record" "$T/record"
base=$(find "$trees" -name 'base-*')

# A file that changes, one that comes, and one that goes.
echo more >>3/a-file-with-a-long-name-7
echo new >3/new
rm 4/a-file-with-a-long-name-4
push
told '2 files .* 1 to remove'
cmp "$record" "$T/record"
[ "$(bytes "$record.changes")" -lt 3000 ] || fail "changes of $(bytes "$record.changes") bytes"
[ "$(bytes "$(newest)")" -lt 3000 ] || fail "changes of $(bytes "$(newest)") bytes"
assert_eq "$base" "$(find "$trees" -name 'base-*')" "what they are of"
push
told 'nothing to push'
rm 3/new
echo back >4/a-file-with-a-long-name-4
push
told '1 file .* 1 to remove'
cmp "$record" "$T/record"

# Many.
for f in */*; do echo "more" >>"$f"; done
push
told '400 files'
[ ! -e "$record.changes" ] || fail "there are changes"
assert_eq 2 "$(find "$trees" -name 'base-*' | wc -l)" "inventories that are whole"
push
told 'nothing to push'

# torn FILE: it lost its end, and the tree changes.
torn() {
	truncate -s -9 "$1"
	echo torn >>5/a-file-with-a-long-name-5
	push
	push
	told 'nothing to push'
}
echo one >>5/a-file-with-a-long-name-5
push
torn "$record.changes"
echo one >>5/a-file-with-a-long-name-5
push
torn "$record"
for f in "$trees"/base-*; do torn "$f"; done
for f in "$trees"/*; do torn "$f"; done

# Of the version before.
sed -i '1s/2$/1/' "$record"
echo old >>5/a-file-with-a-long-name-5
push
push
told 'nothing to push'
