#!/bin/bash
# create -setup: a push of GOROOT, then make.bash, or what the builder type is
# configured for. The guide, "Tips and tricks".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need git
cd "$T" || exit

cat >c.conf <<'EOF'
host-type h { pool = local limit = 9 }
builder-type linux-amd64 { host-type = h }
host-type single { pool = local limit = 1 }
builder-type single { host-type = single }
builder-type windows-amd64 { host-type = h }
builder-type words { host-type = h setup = "/bin/sh go/tool/build  one two" }
builder-type script { host-type = h setup = "all.bash -k" }
builder-type bare { host-type = h setup = "none" }
EOF
serve c.conf
mkdir -p goroot/src goroot/tool
cat >goroot/src/make.bash <<'EOF'
#!/bin/sh
pwd
echo "$0" "$@" >../made
echo building
seq 1 "${LINES_OF_IT:-3}"
if [ -f ../broken ]; then echo 'it is broken' >&2; exit 3; fi
EOF
sed 's/building/windows/' goroot/src/make.bash >goroot/src/make.bat
cp goroot/src/make.bash goroot/src/all.bash
# shellcheck disable=SC2016
echo 'echo "$0" "$@" >$WORKDIR/go/made' >goroot/tool/build
chmod 755 goroot/src/*
create() {
	STATUS=0
	GOROOT=$T/goroot gomote create "$@" >out 2>err || STATUS=$?
	i=$(head -n 1 out)
}
uploads() { grep -c ': upload [0-9a-f]*: ' "$T/coordinator.log" || :; }
made() {
	gomote run -n -dir . "$i" /bin/cat go/made 2>/dev/null
}

# In the guide's words.
create -setup linux-amd64
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq "$i" "$(cat out)" "stdout holds the name, and nothing else"
assert_eq "# Creating $i...
# Pushing $T/goroot to $i
# Running make.bash on $i..." "$(grep -E '^# (Creating|Pushing|Running)' err)"
assert_no_match '^[^#]' "$(cat err)"
assert_match '/go/src/make.bash$' "$(made)"
copy=$(sed -n 's/^# writing output to //p' err)
assert_match '/go/src$' "$(cat "$copy")" "it runs where it is"
assert_eq 'building
1
2
3' "$(tail -n +2 "$copy")"

# Windows has another name for it; a type can have another command, or none.
create -setup windows-amd64
assert_eq 0 "$STATUS" "$(cat err)"
assert_match "^# Running make.bat on $i\.\.\.\$" "$(cat err)"
assert_match windows "$(cat "$(sed -n 's/^# writing output to //p' err)")"
create -setup words
assert_eq 0 "$STATUS" "$(cat err)"
assert_match "^# Running /bin/sh go/tool/build  one two on $i\.\.\.\$" "$(cat err)"
assert_eq 'go/tool/build one two' "$(made)"
create -setup script
assert_eq 0 "$STATUS" "$(cat err)"
assert_match '/go/src/all.bash -k$' "$(made)"
create -setup bare
assert_eq 0 "$STATUS" "$(cat err)"
assert_no_match Running "$(cat err)"
assert_match '^go$' "$(gomote ls "$i")"
assert_eq '"none" "make.bash" "all.bash -k" "make.bash" "make.bash" "/bin/sh go/tool/build  one two"' \
    "$(http /api/v1/builders | sed -n 's/.*"Setup": \(".*"\),$/\1/p' | paste -sd ' ')"
gomote list | cut -f 1 | xargs gomote destroy

# It fails: the status is that of the command, its last words are shown, the
# instance stays.
touch goroot/broken
sed -i 's/LINES_OF_IT:-3/LINES_OF_IT:-1000/' goroot/src/make.bash
create -setup linux-amd64
assert_eq 3 "$STATUS"
assert_eq "$i" "$(cat out)"
assert_eq "# | it is broken
gomote: $i: setup failed with status 3; the instance stays" "$(tail -n 2 err)"
assert_match '^# \| 1000$' "$(cat err)"
assert_no_match '^# \| 981$' "$(cat err)" "twenty lines at most"
assert_match "^$i	" "$(gomote list)"
gomote destroy "$i"
chmod 644 goroot/src/make.bash
create -setup linux-amd64
assert_eq 1 "$STATUS"
assert_match '^gomote: buildlet: run go/src/make.bash: .*permission denied' "$(cat err)"
gomote destroy "$i"
chmod 755 goroot/src/make.bash
rm goroot/broken

# Several at once, stdout their names. The tree is uploaded once for all of them, and
# nothing is left of what they shared.
head -c 300000 /dev/urandom >goroot/data
mkdir tmp
n=$(uploads)
TMPDIR=$T/tmp create -setup -count=3 -new-group three linux-amd64
assert_eq 0 "$STATUS" "$(cat err)"
assert_eq $((n + 1)) "$(uploads)" "uploads"
assert_eq '' "$(find tmp -name 'gomote-share.*')"
assert_eq "three	$(sort out | paste -sd ' ')" "$(gomote group list)"
assert_eq "$(sort out)" "$(gomote list | cut -f 1 | sort)"
while read -r i; do
	assert_match '/go/src/make.bash$' "$(made)"
	for word in "Creating $i..." "Pushing $T/goroot to $i" "Running make.bash on $i..."; do
		grep -qxF "# $word" err || fail "not told: $word: $(cat err)"
	done
done <out
xargs gomote destroy <out

# One whose turn comes much later gets the tree as it is by then.
TMPDIR=$T/tmp GOROOT=$T/goroot gomote create -setup -count 2 single >out 2>err &
echo $! >two.pid
children() { grep -ls "^PPid:	$(pid_of two)\$" /proc/[0-9]*/status | wc -l; }
first_done() { [ -s out ] && [ "$(children)" = 1 ]; }
eventually -t 60 first_done
touch -d '2 minutes ago' tmp/gomote-share.*/scan
rm goroot/data
echo new >goroot/later
gomote destroy "$(cat out)"
status wait "$(pid_of two)"
rm two.pid
assert_eq 0 "$STATUS" "$(cat err)"
i=$(tail -n 1 out)
assert_eq 'later
no data' "$(gomote run -n "$i" /bin/sh -c 'cd go; ls later; [ -e data ] || echo no data' 2>/dev/null)"
gomote list | cut -f 1 | xargs gomote destroy

# Interrupted amid it: nothing of what they shared is left then, either.
sed 's/^pwd$/sleep 1000/' goroot/src/make.bash >slow
cp goroot/src/make.bash quick
cp slow goroot/src/make.bash
TMPDIR=$T/tmp GOROOT=$T/goroot gomote create -setup -count 2 linux-amd64 >out 2>err &
echo $! >two.pid
both_run() { [ "$(grep -c '^# Running' err)" = 2 ]; }
eventually -t 60 both_run
assert_match gomote-share "$(ls tmp)"
kill -TERM "$(pid_of two)"
status wait "$(pid_of two)"
rm two.pid
assert_eq 143 "$STATUS"
assert_eq '' "$(find tmp -name 'gomote-share.*')"
gomote list | cut -f 1 | xargs gomote destroy
cp quick goroot/src/make.bash

# What is wrong here is found out before there is an instance.
for goroot in nonesuch goroot/src/make.bash; do
	STATUS=0
	GOROOT=$T/$goroot gomote create -setup linux-amd64 >out 2>err || STATUS=$?
	assert_eq 1 "$STATUS"
	assert_match "^gomote: GOROOT $T/$goroot: " "$(cat err)"
	assert_eq '' "$(cat out)"
done
assert_eq '' "$(gomote list)"

# Without GOROOT: the tree that one stands in.
cd goroot && git init -q . && cd src || exit
gomote create -setup linux-amd64 >../../out 2>../../err
assert_match "^# Pushing $T/goroot to " "$(cat ../../err)"
