# shellcheck shell=sh
# pushstory.sh - what a push must keep true of a tree, told once for the small
# tree of CI (regress/e2e-push.sh) and the large ones (regress/big/).
# Sourced after sh.sh, with a coordinator and a machine up.

# listing DIR: what `gomote ls -r -d` must print of such a tree, sorted by name.
listing() {
	(
		cd "$1" || exit 1
		find . -mindepth 1 -type f -print0 | xargs -0r sha1sum -z |
		    tr '\0\n' '\n\0' >"$T/sums"
	)
	(
		cd "$1" || exit 1
		TZ=UTC find . -mindepth 1 \
		    \( -type d -printf '%M\t%P/\n' \) -o \
		    \( -type l -printf '%M\t%P\n' \) -o \
		    -printf '%M\t%P\t%s\t%TY-%Tm-%TdT%TH:%TM:%TS\n'
	) | sed -e 's/^l/L/' -e 's/\.[0-9]*$/Z/' |
	    awk -F '\t' -v OFS='\t' -v sums="$T/sums" '
		BEGIN { while ((getline l < sums) > 0) sum[substr(l, 45)] = substr(l, 1, 40) }
		NF > 2 { print $0, sum[$2]; next } { print }' |
	    LC_ALL=C sort -t '	' -k 2,2
}

remote_listing() {
	gomote ls -r -d "$1" "$2" | LC_ALL=C sort -t '	' -k 2,2
}

same_tree() {
	listing "$2" >"$T/want.ls"
	remote_listing "$1" "$3" >"$T/got.ls"
	cmp -s "$T/want.ls" "$T/got.ls" || {
		diff "$T/want.ls" "$T/got.ls" | head -n 20
		fail "the tree on $1 differs from the local one"
	}
}

# push_story INSTANCE TREE: TREE is changed by it.
push_story() {
	_i=$1
	_t=$2
	(cd "$_t" && gomote push -dir story "$_i") 2>"$T/push1"
	same_tree "$_i" "$_t" story

	(cd "$_t" && gomote push -v -dir story "$_i") >"$T/push2" 2>&1
	assert_match 'nothing to push' "$(cat "$T/push2")" "a second push"

	# One changed byte, one mode, one new link, one removal: exactly those.
	_f=$(cd "$_t" && find . -type f -size +1k | LC_ALL=C sort | sed -n '1p;3p;5p')
	_byte=$(printf '%s\n' "$_f" | sed -n 's|^\./||;1p')
	_mode=$(printf '%s\n' "$_f" | sed -n '2s|^\./||p')
	_gone=$(printf '%s\n' "$_f" | sed -n '3s|^\./||p')
	_byte=${_byte#./}
	printf '~' | dd of="$_t/$_byte" bs=1 count=1 conv=notrunc 2>/dev/null
	chmod 0751 "$_t/$_mode"
	ln -s "$_byte" "$_t/a-new-link"
	rm "$_t/$_gone"
	(cd "$_t" && gomote push -dry-run -v -dir story "$_i") >"$T/dry" 2>&1
	(cd "$_t" && gomote push -v -dir story "$_i") >"$T/push3" 2>&1
	for _n in "$_byte" "$_mode" a-new-link "$_gone"; do
		grep -qF -e "$_n" "$T/push3" || {
			cat "$T/push3"
			fail "$_n did not travel"
		}
		grep -qF -e "$_n" "$T/dry" || fail "-dry-run does not tell $_n"
	done
	assert_match '(^|[^0-9])3 files? .*(^|[^0-9])1 to remove' "$(cat "$T/push3")" "what travelled"
	same_tree "$_i" "$_t" story

	# A link that leads elsewhere now.
	ln -sfn "$_mode" "$_t/a-new-link"
	(cd "$_t" && gomote push -v -dir story "$_i") >"$T/push4" 2>&1
	assert_match '(^|[^0-9])1 file .*(^|[^0-9])0 to remove' "$(cat "$T/push4")" "a changed link"
	assert_eq "$_mode" "$(gomote run "$_i" /bin/readlink story/a-new-link 2>/dev/null)" \
	    "the target there"

	gomote gettar -o "$T/back.tar.gz" -dir story "$_i"
	mkdir "$T/back"
	tar -C "$T/back" -xzf "$T/back.tar.gz"
	listing "$_t" >"$T/want.ls"
	listing "$T/back" >"$T/got.ls"
	cmp "$T/want.ls" "$T/got.ls" || {
		diff "$T/want.ls" "$T/got.ls" | head -n 20
		fail "gettar gave another tree"
	}
	diff -r --no-dereference "$_t" "$T/back" || fail "gettar gave other contents"
	rm -rf "$T/back" "$T/back.tar.gz"
}
