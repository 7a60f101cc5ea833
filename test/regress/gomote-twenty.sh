#!/bin/bash
# timeout: 300
# Twenty instances in one group: created at once, pushed to, run on, collected,
# run until something matches, destroyed; one of them dies half-way, and the
# others finish.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
cd "$T" || exit
export XDG_CONFIG_HOME="$T/config" XDG_CACHE_HOME="$T/cache" TMPDIR="$T/tmp"
mkdir tmp

start_coordinator
R=user-$GOMOTE_USER-$REVERSE
for ((i = 0; i < 20; i++)); do
	start "box$i" buildlet -reverse-type "$HOST_REVERSE" -coordinator "127.0.0.1:$PORT" \
	    -workdir "$T/work-box$i" -ca "$GOMOTE_CA" -key-file "$GO_BUILD_KEY_PATH" -hostname "box$i"
done
all_here() { [ "$(verb machine list | grep -c ' idle ')" = 20 ]; }
eventually -t 60 all_here
export GOMOTE_GROUP=twenty
gomote create -count=20 "$REVERSE" >names 2>err
assert_eq 20 "$(sort -u names | grep -c "^$R-")"
assert_eq 20 "$(gomote list | wc -l)"

mkdir -p src/sub
head -c 200000 /dev/urandom >src/sub/data
printf '#!/bin/sh\necho "sum $(cksum <sub/data)"\n' >src/script
chmod 755 src/script
(cd src && gomote push -dir tree) 2>err
assert_match '^# ok on 20 of 20: ' "$(cat err)"
gomote run tree/script >out 2>err
assert_eq 20 "$(grep -cF ": sum $(cksum <src/sub/data)" out)"

mkdir collected
(cd collected && gomote run -collect tree/script) 2>err
assert_eq 20 "$(find collected -name '*.tar.gz' | wc -l)"
assert_eq 1 "$(cat collected/*.stdout | sort -u | wc -l)"
# shellcheck disable=SC2016
gomote run -until 'third time' /bin/sh -c 'echo x >>"$WORKDIR/n"; [ "$(wc -l <"$WORKDIR/n")" -lt 3 ] || echo "the third time"' >out 2>err
assert_eq 20 "$(grep -c ': the third time$' out)"

# Half-way one of them dies.
start half gomote run -give-up 2s /bin/sh -c 'echo ready; until [ -e go ]; do sleep 0.1; done; echo over'
all_ready() { [ "$(grep -c ': ready$' half.log)" = 20 ]; }
eventually -t 60 all_ready
kill9 box7
lost() { gomote list -json | grep -q '"away"' || verb machine list | grep -q gone; }
eventually lost
while read -r name; do
	echo | gomote -instance "$name" put - go 2>/dev/null && echo "$name" >>alive
done <names
STATUS=0
wait "$(pid_of half)" || STATUS=$?
rm half.pid
assert_eq 255 "$STATUS"
assert_eq 19 "$(grep -c ': over$' half.log)"
assert_match '^# ok on 19 of 20: ' "$(cat half.log)"
assert_eq 1 "$(grep -c '^# failed on ' half.log)"
assert_eq "$(sort names alive | uniq -u)" "$(sed -n 's/^# failed on \([^:]*\):.*/\1/p' half.log)" "who it was"

gomote destroy -destroy-group 2>err
assert_match "^# ok on 20 of 20: " "$(cat err)"
assert_eq "" "$(gomote list)$(gomote group list)"
