#!/bin/sh
# The uploads of a coordinator: what is put there once is handed to instances in
# place of a body, to nobody but its user; wrong digests, sizes and requests are
# refused and leave nothing; they go with time and at a restart.
. "$(dirname "$0")/../lib/sh.sh"
. "$SRC/test/lib/coordinator.sh"
need curl

cat >"$T/conf" <<EOF2
upload-space = 300K
user-upload-space = 200K
upload-keep = 3s
host-type $HOST_REVERSE { }
builder-type $REVERSE { host-type = $HOST_REVERSE }
EOF2
serve "$T/conf"
GO_BUILD_KEY_PATH=$T/key
verb key add "$HOST_REVERSE" box >"$GO_BUILD_KEY_PATH"
start_buildlet box
verb key add "$HOST_REVERSE" box2 >"$T/key2"
GO_BUILD_KEY_PATH=$T/key2
start_buildlet box2
alice=$GOMOTE_TOKEN
bob=$(verb user add bob)
as() {
	GOMOTE_USER=$1
	[ "$1" = alice ] && GOMOTE_TOKEN=$alice || GOMOTE_TOKEN=$bob
}
i=$(create "$REVERSE")
as bob
j=$(create "$REVERSE")
as alice
head -c 150000 /dev/urandom >"$T/data"
D=$(sha256sum <"$T/data" | cut -d' ' -f1)
U=/api/v1/uploads
files() { find "$T/state/uploads" -type f | wc -l; }

assert_match '"uploads"' "$(stock /api/v1/version)"
assert_eq 404 "$(code stock "$U/$D")"
assert_eq 201 "$(code stock "$U" --data-binary "@$T/data")"
assert_match "\"Digest\": ?\"$D\"" "$(cat "$T/answer")"
assert_match '"Bytes": ?150000' "$(cat "$T/answer")"
assert_eq 200 "$(code stock "$U/$D")"
assert_eq 200 "$(code stock "$U/$D" -I)"
assert_eq 1 "$(files)"

# In place of a body, as often as one likes.
H="X-Gomote-Upload: $D"
assert_eq 200 "$(code on "$i" '/write?path=a/one' -X PUT -H "$H")"
assert_eq 200 "$(code on "$i" '/write?path=two' -X PUT -H "$H")"
cmp "$T/data" "$T/work-box/a/one" || cmp "$T/data" "$T/work-box2/a/one"
cmp "$T/data" "$T/work-box/two" || cmp "$T/data" "$T/work-box2/two"

# By a name of one's own, from the first byte on; that is good for one upload.
N=00112233445566778899aabbccddeeff
assert_match '"uploads-early"' "$(stock /api/v1/version)"
assert_eq 400 "$(code stock "$U?as=x" --data-binary "@$T/data")"
assert_eq 404 "$(code stock "$U/$N")"
start early curl -sS --max-time 60 --limit-rate 60000 --cacert "$GOMOTE_CA" \
    -u "user-alice:$alice" --data-binary "@$T/data" "$GOMOTE_SERVER$U?as=$N"
named() { [ "$(code stock "$U/$N")" = 200 ] && grep -q '"Digest": *""' "$T/answer"; }
eventually named
assert_eq 409 "$(code stock "$U?as=$N" --data-binary x)"
assert_eq 200 "$(code on "$i" '/write?path=early' -X PUT -H "X-Gomote-Upload: $N")"
cmp "$T/data" "$T/work-box/early" || cmp "$T/data" "$T/work-box2/early"
wait "$(pid_of early)" || fail "$(cat "$T/early.log")"
rm "$T/early.pid"
assert_eq 200 "$(code stock "$U/$N")"
assert_match "\"Digest\": ?\"$D\"" "$(cat "$T/answer")"
assert_eq 200 "$(code on "$i" '/write?path=late' -X PUT -H "X-Gomote-Upload: $N")"
as bob
assert_eq 404 "$(code stock "$U/$N")"
assert_eq 410 "$(code on "$j" '/write?path=early' -X PUT -H "X-Gomote-Upload: $N")"
as alice
assert_eq 404 "$(code stock "$U/$N" -T "$T/data")"

# Somebody else knows the digest, and that is all he has.
as bob
assert_eq 404 "$(code stock "$U/$D")"
assert_eq 410 "$(code on "$j" '/write?path=one' -X PUT -H "$H")"
assert_eq 401 "$(code on "$i" '/write?path=one' -X PUT -H "$H")"
assert_eq 201 "$(code stock "$U/$D" -T "$T/data")"
assert_eq 200 "$(code on "$j" '/write?path=one' -X PUT -H "$H")"
as alice

# What is wrong is refused, and nothing of it stays.
assert_eq 400 "$(code on "$i" '/write?path=three' -T "$T/data" -H "$H")"
assert_eq 400 "$(code on "$i" '/execs' -X POST -H "$H")"
assert_eq 410 "$(code on "$i" '/write?path=three' -X PUT -H 'X-Gomote-Upload: ../../store.db')"
assert_eq 422 "$(code stock "$U/$(echo | sha256sum | cut -d' ' -f1)" -T "$T/data")"
assert_match 'its SHA-256 is' "$(cat "$T/answer")"
for bad in "$U/" "$U/x" "$U/../groups" "$U/${D}0" "$U/$D/x" "$U/$(echo "$D" | tr a-f A-F)g"; do
	assert_match '^4' "$(code stock "$bad" --path-as-is -T "$T/data")" "PUT $bad"
done
head -c 250000 /dev/urandom >"$T/much"
assert_eq 507 "$(code stock "$U" --data-binary "@$T/much")"
assert_match '^coordinator: upload: that would be more than .* for user-alice$' "$(cat "$T/answer")"
start broken curl -sS --max-time 60 --limit-rate 20000 --cacert "$GOMOTE_CA" \
    -u "user-alice:$alice" --data-binary "@$T/data" "$GOMOTE_SERVER$U"
half() { [ -n "$(find "$T/state/uploads" -name 'new-*' -size +1)" ]; }
eventually half
kill9 broken
no_half() { [ -z "$(find "$T/state/uploads" -name 'new-*')" ]; }
eventually no_half

# They go with time, and at once with the coordinator.
assert_eq 201 "$(code stock "$U" --data-binary "@$T/data")"
none() { [ "$(files)" = 0 ]; }
eventually none
assert_eq 410 "$(code on "$i" '/write?path=four' -X PUT -H "$H")"
assert_eq 201 "$(code stock "$U" --data-binary "@$T/data")"
kill9 coordinator
assert_eq 1 "$(files)"
serve "$T/conf"
assert_eq 0 "$(files)"
assert_eq 404 "$(code stock "$U/$D")"
