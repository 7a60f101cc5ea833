#!/bin/sh
# The bootstrap toolchain of a builder type: putbootstrap, and push of a Go tree.
. "$(dirname "$0")/../lib/sh.sh"
export XDG_CACHE_HOME="$T/cache"
cd "$T" || exit

# Another buildlet is the web server that has it.
start_listen_buildlet web
mkdir -p work-web/boot/bin
echo toolchain >work-web/boot/bin/go
cat >conf <<END
listen = 127.0.0.1:0
state-dir = $T/state
host-type plain { pool = local limit = 2 }
builder-type with { host-type = plain bootstrap = "http://127.0.0.1:$LISTEN_PORT/tgz?dir=boot" }
builder-type without { host-type = plain }
END
start coordinator coordinator -config conf -port-file port
eventually _has_port coordinator port
GOMOTE_TOKEN=$(coordinator -state-dir "$T/state" user add alice | tail -n 1)
GOMOTE_SERVER=https://127.0.0.1:$(cat port)
GOMOTE_CA=$T/state/ca.pem
GOMOTE_USER=alice
export GOMOTE_SERVER GOMOTE_CA GOMOTE_USER GOMOTE_TOKEN

with=$(gomote create with)
without=$(gomote create without)
gomote putbootstrap "$with" 2>err
assert_match '^# unpacked http:.* into go1\.4$' "$(cat err)"
assert_eq toolchain "$(gomote run "$with" /bin/cat go1.4/bin/go 2>/dev/null)"
gomote putbootstrap "$with" 2>err
assert_match 'go1\.4 is there already' "$(cat err)"
assert_status 1 gomote putbootstrap "$without" 2>err
assert_match '^gomote: coordinator: .* has no bootstrap toolchain \(bring one: gomote puttar -dir go1\.4\)$' "$(cat err)"
assert_status 1 gomote putbootstrap nonesuch-0 2>err

mkdir -p goroot/src
echo make >goroot/src/make.bash
gomote rm "$with" go1.4
GOROOT=$T/goroot gomote push "$with" 2>err
assert_match '^# unpacked ' "$(cat err)"
assert_eq 'go
go1.4' "$(gomote ls "$with" | grep '^go[0-9.]*$')"
GOROOT=$T/goroot gomote push "$with" 2>err
assert_no_match 'unpacked' "$(cat err)"
assert_match 'nothing to push' "$(cat err)"
GOROOT=$T/goroot gomote push "$without" 2>err
assert_no_match '^gomote:' "$(cat err)"
gomote destroy "$with" "$without"
