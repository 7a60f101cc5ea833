/* rulestext.c - the rules that hold before a project's own (rules.h). */
#include "client/rules.h"

const char rules_always[] =
    "# Backups of editors.\n"
    "exclude-files ?*~\n"
    "exclude-files .#*\n"
    "exclude-files #*#\n"
    "exclude-files ?*.swp\n";

const char rules_go[] =
    "# A Go tree: what its tools generate stays where they made it.\n"
    "keep /bin/\n"
    "keep /pkg/\n"
    "keep-files /VERSION\n"
    "keep-files /VERSION.cache\n"
    "keep-files /src/cmd/cgo/zdefaultcc.go\n"
    "keep-files /src/cmd/go/internal/cfg/zdefaultcc.go\n"
    "keep-files /src/cmd/go/internal/cfg/zosarch.go\n"
    "keep-files /src/cmd/internal/objabi/zbootstrap.go\n"
    "keep-files /src/go/build/zcgo.go\n"
    "keep-files /src/internal/buildcfg/zbootstrap.go\n"
    "keep-files /src/internal/runtime/sys/zversion.go\n"
    "keep-files /src/runtime/internal/sys/zversion.go\n"
    "keep-files /src/time/tzdata/zzipdata.go\n";

const char rules_goroot[] =
    "# Named by GOROOT: nor does what they generated here travel.\n"
    "exclude /bin/\n"
    "exclude /pkg/\n"
    "exclude-files /VERSION.cache\n"
    "exclude-files /src/cmd/cgo/zdefaultcc.go\n"
    "exclude-files /src/cmd/go/internal/cfg/zdefaultcc.go\n"
    "exclude-files /src/cmd/go/internal/cfg/zosarch.go\n"
    "exclude-files /src/cmd/internal/objabi/zbootstrap.go\n"
    "exclude-files /src/go/build/zcgo.go\n"
    "exclude-files /src/internal/buildcfg/zbootstrap.go\n"
    "exclude-files /src/internal/runtime/sys/zversion.go\n"
    "exclude-files /src/runtime/internal/sys/zversion.go\n"
    "exclude-files /src/time/tzdata/zzipdata.go\n";
