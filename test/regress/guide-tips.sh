#!/bin/bash
# guide-tips.sh - the guide's sections "Tips and tricks", "General", and
# "Reproducing a rare failure".
# timeout: 240
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/guide.sh"

guide_begin
GOROOT=$T/goroot gomote create -setup linux-amd64 >out 2>messages
said messages '^# Creating user-gopher-linux-amd64-0\.\.\.$'
said messages "^# Pushing $T/goroot to user-gopher-linux-amd64-0"
said messages '^# Running make.bash on user-gopher-linux-amd64-0\.\.\.$'
said out '^user-gopher-linux-amd64-0$'
gomote create -count=3 linux-amd64 >out 2>messages
assert_eq 3 "$(grep -c '^user-gopher-linux-amd64-[123]$' out)"
assert_eq 3 "$(grep -c '^# Creating user-gopher-linux-amd64-[123]\.\.\.$' messages)"

gomote run -collect user-gopher-linux-amd64-0 /bin/bash -c 'echo hi' >out 2>messages
said messages '^# Writing output to user-gopher-linux-amd64-0\.stdout\.\.\.$'
assert_eq hi "$(cat user-gopher-linux-amd64-0.stdout)"
tar -tzf user-gopher-linux-amd64-0.tar.gz >files
said files 'go/src/make.bash$'
rm user-gopher-linux-amd64-0.*

gomote run -collect -until 'FAIL' user-gopher-linux-amd64-0 go/bin/go test -run 'TestFlaky' -count=1000 runtime >out 2>messages
said messages '^# Writing output to user-gopher-linux-amd64-0\.stdout\.\.\.$'
said user-gopher-linux-amd64-0.stdout '^--- FAIL: TestFlaky'
ls user-gopher-linux-amd64-0.tar.gz >/dev/null

# A temporary file in any case, and its place.
gomote run user-gopher-linux-amd64-1 /bin/bash -c 'echo kept' >out 2>messages
assert_eq kept "$(cat "$(sed -n 's/^# [Ww]riting output to \(.*[^.]\)\(\.\.\.\)\{0,1\}$/\1/p' messages)")"
gomote destroy user-gopher-linux-amd64-0 user-gopher-linux-amd64-1 user-gopher-linux-amd64-2 user-gopher-linux-amd64-3
rm -f user-*

# Reproducing a rare failure.
export GOMOTE_GROUP=debug
GOROOT=$T/goroot gomote create -setup -count=10 linux-amd64 >out 2>messages
assert_eq 10 "$(grep -c '^user-gopher-linux-amd64-' out)"
gomote run -until='unexpected return pc' -collect go/bin/go test -run="TestFlaky" -count=100 runtime >out 2>messages
assert_eq 10 "$(find . -name "user-gopher-linux-amd64-*.tar.gz" | wc -l)"
assert_eq 10 "$(cat user-gopher-linux-amd64-*.stdout | grep -c 'unexpected return pc')"
rm -f user-*

# One that matches is enough; the others are ended.
echo 'the needle' >needle
gomote put user-gopher-linux-amd64-7 needle 2>messages
# shellcheck disable=SC2016
gomote run -until='the needle' -any /bin/sh -c 'cat "$WORKDIR/needle" 2>/dev/null || echo nothing' >out 2>messages
said out 'user-gopher-linux-amd64-7: the needle'
said messages '^# ok on 1 of 10: user-gopher-linux-amd64-7$'
none_runs() { ! gomote ps -running | grep -q /bin/sh; }
eventually none_runs
gomote destroy -destroy-group 2>messages
assert_eq '' "$(gomote list)"
