#!/bin/bash
# What create and run do on a group: -count and -setup put instances into it and
# make them ready, -until goes on on each until it matches there, or with -any
# until it matches somewhere, -collect has two files of each. The guide,
# "Reproducing a rare failure".
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
cd "$T" || exit

cat >c.conf <<'EOF'
host-type h { pool = local limit = 6 }
builder-type linux-amd64 { host-type = h }
EOF
serve c.conf
mkdir -p goroot/src
cat >goroot/src/make.bash <<'EOF'
#!/bin/sh
mkdir -p ../bin
cp flaky ../bin/go
echo built
EOF
# The third run fails; where there is a file "never" none does.
cat >goroot/src/flaky <<'EOF'
#!/bin/sh
echo . >>../../n
echo "run $(wc -l <../../n)"
[ -f ../../never ] || [ "$(wc -l <../../n)" -lt 3 ] || { echo 'fatal: unexpected return pc'; exit 2; }
EOF
chmod 755 goroot/src/*

export GOMOTE_GROUP=debug
GOROOT=$T/goroot gomote create -setup -count=3 linux-amd64 >names 2>err || fail "$(cat err)"
assert_eq 3 "$(wc -l <names)"
assert_eq 3 "$(grep -c '^# Running make.bash on ' err)"
assert_eq "$(sort names)" "$(gomote list | cut -f 1 | sort)"
status gomote run -until='unexpected return pc' -collect go/bin/go test -run=TestFlaky runtime >out 2>err
assert_eq 0 "$STATUS" "$(cat err)"
while read -r i; do
	assert_eq 'run 3
fatal: unexpected return pc' "$(cat "$i.stdout")" "$i"
	tar tzf "$i.tar.gz" | grep -q 'go/bin/go$' || fail "$i: no tree"
	grep -q "$i.*Writing output to $i.stdout\.\.\.\$" err || fail "$i: not told where: $(cat err)"
done <names
assert_eq '' "$(cat out)"
assert_match '^# ok on 3 of 3' "$(cat err)"

# One matches, and ends the others, which would go on for ever.
tail -n 2 names | while read -r i; do
	gomote -instance "$i" run -n /bin/sh -c 'echo >$WORKDIR/never' 2>/dev/null
done
status gomote run -until='unexpected return pc' -any go/bin/go >out 2>err
assert_eq 0 "$STATUS" "$(cat err)"
assert_match "$(head -n 1 names).*run 1: status 2, match" "$(cat err)"
one() { [ "$(gomote ps -running | wc -l)" -le 1 ]; }
eventually one

# What is wrong with the line is told once, before anything is done.
status gomote run -until '(' go/bin/go 2>err
assert_eq 2 "$STATUS"
assert_eq 1 "$(grep -c '^gomote: run: -until (: ' err)"
GOMOTE_GROUP='' gomote list | cut -f 1 | xargs env GOMOTE_GROUP= gomote destroy
