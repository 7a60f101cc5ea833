# shellcheck shell=bash
# pushprop.sh - the property test of push, told once for the small number of CI
# (regress/push-property.sh) and the large one (regress/big/): random trees and
# edits, and after each push the tree there equals the one here, and exactly
# what differed has travelled. Sourced after sh.sh.

# prop_start: a buildlet whose work directory can be looked into.
prop_start() {
	start_listen_buildlet box
	M=linux-amd64@127.0.0.1:$LISTEN_PORT
	W=$T/work-box/p
	HERE=$T/here
	mkdir "$HERE"
	export XDG_CACHE_HOME="$T/cache"
	unset GOROOT
	SEED=${SEED:-$(date +%s)}
	echo "SEED=$SEED"
}

listing() { "$TEST_BIN/proptree" list "$1" >"$2"; }
edit() { "$TEST_BIN/proptree" edit "$((SEED * 1000003 + $1))" "$2" "$HERE"; }
push() { (cd "$HERE" && gomote push -v -yes -dir p "$M") >"$T/out" 2>&1; }

# No helper of the buildlet is at work on a push.
prop_quiet() {
	! pgrep -P "$(pid_of box)" -f 'pushput|pushcheck' >/dev/null
}

same() {
	listing "$HERE" "$T/want"
	listing "$W" "$T/got"
	cmp -s "$T/want" "$T/got" && return
	diff "$T/want" "$T/got" | head -n 20
	tail -n 30 "$T/out"
	fail "$1: the tree there is not the tree here"
}

# checked_push WHAT: pushes, and compares what push says that it does with what
# differed before.
checked_push() {
	mkdir -p "$W"
	listing "$W" "$T/before"
	listing "$HERE" "$T/now"
	push || { cat "$T/out"; fail "$1: push failed"; }
	"$TEST_BIN/proptree" expect "$T/before" "$T/now" | LC_ALL=C sort >"$T/expected"
	sed -n 's/^# \(\(send\|remove\) .*\)/\1/p' "$T/out" | LC_ALL=C sort >"$T/did"
	cmp -s "$T/expected" "$T/did" || {
		diff "$T/expected" "$T/did" | head -n 20
		fail "$1: something else travelled than what differed"
	}
	same "$1"
	[ -f "$W/guest" ] || fail "$1: what the instance made is gone"
}

# broken_push I WHAT: one that is killed somewhere; the tree there is that of
# before or, if it came so far, the new one.
broken_push() {
	local ms=$(((SEED + $1 * 7919) % 60 + 1))
	listing "$W" "$T/old"
	listing "$HERE" "$T/new"
	{ (cd "$HERE" && timeout -s KILL "0.0$(printf %02d "$ms")" \
	    gomote push -yes -dir p "$M") >/dev/null 2>&1 || :; } 2>/dev/null
	eventually prop_quiet
	old_or_new "$2: a push that was killed after $ms ms"
}

old_or_new() {
	listing "$W" "$T/got"
	cmp -s "$T/got" "$T/old" || cmp -s "$T/got" "$T/new" || {
		diff "$T/old" "$T/got" | head -n 20
		fail "$1 left something between"
	}
}

# broken_there WHAT: the helper that puts the new tree into place is killed; what
# it had begun is finished, or was nothing.
broken_there() {
	local p h i
	listing "$W" "$T/old"
	listing "$HERE" "$T/new"
	(cd "$HERE" && gomote push -yes -dir p "$M") >/dev/null 2>&1 &
	p=$!
	for ((i = 0; i < 1000; i++)); do
		h=$(pgrep -P "$(pid_of box)" -f 'x pushput') && break
		alive "$p" || break
	done
	[ -z "$h" ] || kill -KILL "$h" 2>/dev/null || :
	wait "$p" 2>/dev/null || :
	(cd "$HERE" && gomote push -dry-run -dir p "$M") >/dev/null 2>&1
	old_or_new "$1: a helper that was killed"
}

# prop_run N: N pushes, of which each third was broken here before and each fourth
# there, and each fifth finds that the instance has changed things.
prop_run() {
	local i
	for ((i = 1; i <= $1; i++)); do
		edit "$i" $((i % 7 + 1))
		[ $((i % 5)) != 0 ] ||
		    "$TEST_BIN/proptree" disturb "$((SEED + i))" 3 "$W"
		[ $((i % 3)) != 0 ] || broken_push "$i" "SEED=$SEED, push $i"
		[ $((i % 4)) != 0 ] || broken_there "SEED=$SEED, push $i"
		checked_push "SEED=$SEED, push $i"
	done
}

# prop_two N: two at once, from two trees and two caches; the tree there is one
# of them, and no mixture.
prop_two() {
	local i p q
	for ((i = 1; i <= $1; i++)); do
		edit "$((i + 500000))" 5
		[ ! -d "$T/other" ] || chmod -R u+rwx "$T/other"
		rm -rf "$T/other"
		cp -a "$HERE" "$T/other"
		"$TEST_BIN/proptree" edit "$((SEED + i))" 9 "$T/other"
		(cd "$T/other" && XDG_CACHE_HOME=$T/cache2 gomote push -yes -dir p "$M") >"$T/out2" 2>&1 &
		p=$!
		(cd "$HERE" && gomote push -yes -dir p "$M") >"$T/out" 2>&1 &
		q=$!
		wait "$p" || { cat "$T/out2"; fail "SEED=$SEED, two at once, $i: one failed"; }
		wait "$q" || { cat "$T/out"; fail "SEED=$SEED, two at once, $i: the other failed"; }
		listing "$HERE" "$T/want"
		listing "$T/other" "$T/want2"
		listing "$W" "$T/got"
		cmp -s "$T/want" "$T/got" || cmp -s "$T/want2" "$T/got" ||
		    fail "SEED=$SEED, two at once, $i: the tree there is neither"
		checked_push "SEED=$SEED, after two at once, $i"
	done
}

# prop_story N TWO: a first push, N of prop_run, TWO of prop_two.
prop_story() {
	prop_start
	mkdir -p "$W"
	echo made >"$W/guest"
	edit 0 30
	checked_push "the first push"
	prop_run "$1"
	prop_two "$2"
}
