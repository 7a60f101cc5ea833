# shellcheck shell=bash
# storm.sh - clients that work on through whatever is done to the machinery, and
# a checker of all that they saw. For regress scripts in bash, after sh.sh and
# coordinator.sh.
#
# Each client again and again creates an instance, pushes a tree, runs a command
# that prints numbered lines to both of its outputs, fetches the tree and
# destroys the instance. A command of gomote that a break hits may fail (it is
# repeated), but for two: `create` gives one instance or none, and `run` goes on
# through every break: each of its lines comes once and in order.

# storm_machines N [ARG...]: N machines that dial in, m0...
storm_machines() {
	local n count=$1
	shift
	for ((n = 0; n < count; n++)); do
		storm_machine "$n" "$@"
	done
	all_here() { [ "$(verb machine list 2>/dev/null | grep -c ' idle ')" -eq "$count" ]; }
	eventually -t 60 all_here
}

# storm_machine K [ARG...]: starts m$K, again too, on its work directory.
storm_machine() {
	local k=$1
	shift
	start "m$k" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
	    -workdir "$T/work-m$k" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" \
	    -hostname "m$k" "$@"
}

# again WHAT CMD...: until it works, for two minutes at most.
again() {
	local what=$1 end=$(($(date +%s) + 120))
	shift
	until "$@" 2>"$me.err"; do
		[ "$(date +%s)" -lt "$end" ] || { echo "$what: $(tail -n 1 "$me.err")"; return 1; }
		pass 4
	done
}

# What a command of the storm prints: LINES lines, odd ones to stderr.
# shellcheck disable=SC2016
STORM_SCRIPT='i=0
while [ $i -lt '${STORM_LINES:-300}' ]; do
	if [ $((i % 2)) = 0 ]; then echo "$1 line $i"; else echo "$1 line $i" >&2; fi
	i=$((i + 1))
	[ $((i % 20)) != 0 ] || "$2" "$3"
done
exit 7'

storm_expect() {	# TAG PARITY
	local i
	for ((i = $2; i < ${STORM_LINES:-300}; i += 2)); do
		echo "$1 line $i"
	done
}

# One run on instance $1 with tag $2, checked.
storm_run() {
	local code=0
	gomote run "$1" /bin/sh -c "$STORM_SCRIPT" storm "$2" sleep 0.1 >"$me.out" 2>"$me.both" || code=$?
	[ $code = 7 ] || echo "run on $1: exit status $code: $(tail -n 2 "$me.both")"
	storm_expect "$2" 0 | cmp -s - "$me.out" ||
	    echo "run on $1: stdout is not what was printed: $(storm_expect "$2" 0 | diff - "$me.out" | head -n 3)"
	grep -av '^# ' "$me.both" >"$me.errout"
	storm_expect "$2" 1 | cmp -s - "$me.errout" ||
	    echo "run on $1: stderr is not what was printed: $(storm_expect "$2" 1 | diff - "$me.errout" | head -n 3)"
	grep -q '^# connection lost, waiting' "$me.both" && echo x >>"$me.crossed"
	return 0
}

# One round of client $me; what is wrong goes to stdout.
storm_round() {
	local i tag=$1
	i=$(gomote create "$REVERSE" 2>"$me.err") || {
		# Nobody was there to be asked: that is said at once.
		grep -q ': dial ' "$me.err" || echo "create: $(tail -n 1 "$me.err")"
		return 0
	}
	echo "$i" >>"$me.names"
	# Nobody else may be there, and nobody before.
	# shellcheck disable=SC2016
	[ "$(gomote run "$i" /bin/sh -c 'cd "$WORKDIR" && mkdir mine && find . -type f' 2>"$me.err")" = '' ] ||
	    echo "$i: not alone, or not clean: $(tail -n 1 "$me.err")"
	again "push to $i" gomote push -dir tree "$i"
	storm_run "$i" "$tag"
	again "gettar from $i" gomote gettar -dir tree -o "$me.tar" "$i"
	[ "$(tar -xOf "$me.tar" ./sub/file 2>/dev/null | cksum)" = "$STORM_SUM" ] ||
	    [ "$(tar -xOf "$me.tar" sub/file | cksum)" = "$STORM_SUM" ] ||
	    echo "$i: the tree that came back is not what was pushed"
	storm_destroy "$i"
	echo x >>"$me.rounds"
}

# A destroy whose answer was lost finds no instance when it is repeated.
storm_destroy() {
	local end=$(($(date +%s) + 120))
	until gomote destroy "$1" 2>"$me.err" || grep -q 'unknown or expired' "$me.err"; do
		[ "$(date +%s)" -lt "$end" ] || { echo "destroy $1: $(tail -n 1 "$me.err")"; return; }
		pass 4
	done
}

# storm_client K: works until $T/calm is there.
storm_client() {
	local me=$T/c$1 n=0
	while [ ! -e "$T/calm" ]; do
		n=$((n + 1))
		storm_round "c$1-$n" >>"$me.trouble"
	done
}

# storm_begin N: N clients begin.
storm_begin() {
	local k
	mkdir -p "$T/tree/sub"
	head -c 100000 /dev/urandom >"$T/tree/sub/file"
	STORM_SUM=$(cksum <"$T/tree/sub/file")
	ln -s sub/file "$T/tree/link"
	cd "$T/tree" || fail "no tree"
	export XDG_CACHE_HOME="$T/cache"
	STORM_CLIENTS=()
	for ((k = 0; k < $1; k++)); do
		storm_client "$k" >"$T/c$k.said" 2>&1 &
		STORM_CLIENTS+=($!)
	done
}

# storm_end: no more rounds begin; what was seen is checked.
storm_end() {
	local names
	: >"$T/calm"
	wait "${STORM_CLIENTS[@]}"
	cat "$T"/c*.said >&2
	assert_eq '' "$(cat "$T"/c*.trouble)" "what clients saw"
	names=$(cat "$T"/c*.names)
	assert_eq '' "$(sort <<<"$names" | uniq -d)" "instances given twice"
	assert_eq '' "$(gomote list)" "instances left behind"
	echo "storm: $(cat "$T"/c*.rounds | wc -l) rounds, $(cat "$T"/c*.crossed 2>/dev/null | wc -l) runs went through a break"
	[ "$(cat "$T"/c*.crossed 2>/dev/null | wc -l)" -gt 0 ] || fail "no run went through a break"
}

# storm_clean: nothing of any lease is left on the machines, no command either.
storm_clean() {
	assert_eq '' "$(find "$T"/work-m* -path '*.gomote' -prune -o -type f -print)" "files left on machines"
	assert_eq '' "$(find "$T"/work-m*.gomote -name log-\*)" "logs left on machines"
	assert_eq '' "$(grep -lazF "$T/work-m" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ p _; do
		tr '\0' '\n' <"/proc/$p/environ" | grep -q "^WORKDIR=$T/work-m" && tr '\0' ' ' <"/proc/$p/cmdline"
	done 2>/dev/null)" "commands left on machines"
}
