#!/bin/bash
# One tree is pushed to twenty places at once, as a group does it: all have one
# memory of the tree here, and none takes from another what that is at work with.
. "$(dirname "$0")/../lib/sh.sh"
export XDG_CACHE_HOME="$T/cache"
unset GOROOT
start_listen_buildlet box
m=linux-amd64@127.0.0.1:$LISTEN_PORT
mkdir -p "$T/tree/sub"
cd "$T/tree" || exit

# together WHAT
together() {
	local i pids=()
	for i in $(seq 20); do
		gomote push -yes -dir "p$i" "$m" >"$T/out$i" 2>&1 &
		pids+=($!)
	done
	for i in $(seq 20); do
		wait "${pids[i - 1]}" || { cat "$T/out$i"; fail "$1: push $i"; }
		diff -r . "$T/work-box/p$i" || fail "$1: tree $i is not there"
	done
}

for i in $(seq 100); do echo "$i" >"sub/$i"; done
head -c 2000000 /dev/urandom >large
together "the first"
for i in $(seq 50); do echo "two $i" >"sub/$i"; done
echo more >>large
rm sub/9?
mkdir new
mv sub/60 new
together "changes"
together "nothing new"
assert_eq 20 "$(cat "$T"/out* | grep -c 'nothing to push')" "pushes of nothing"
