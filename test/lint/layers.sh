#!/bin/sh
# layers.sh - who may include what: only downward or within the folder, other
# people's headers only in the file that owns them, and in the coordinator no
# core file knows a face, JSON or HTML.
set -eu

find lib revdial coordinator buildlet client -name '*.[ch]' 2>/dev/null | sort |
xargs -r awk '
BEGIN {
	split("lib/base 0 lib/io 1 lib/data 1 lib/http 2 lib/api 3 revdial 3 " \
	    "coordinator 4 buildlet 4 client 4", w, " ")
	for (i = 1; i in w; i += 2) rank[w[i]] = w[i + 1]

	# header (regular expression) -> the files that own it
	own["^event2/"] = "^(lib/io|lib/http|revdial)/"
	own["^openssl/"] = "^lib/io/(tls|pki|digest|secret|shalib)[a-z_]*[.][ch]$"
	own["^llhttp"] = "^lib/http/parse[.]c$"
	own["^(json-c/|json)"] = "^lib/data/json(lib)?[.][ch]$"
	own["^(zlib|zstd|libdeflate)"] = "^lib/data/pack(lib)?[.][ch]$"
	own["^xxhash"] = "^lib/api/seal[.]c$"
	own["^sqlite3"] = "^lib/data/db[.]c$"
	own["^archive"] = "^lib/data/tar[a-z_]*[.][ch]$"
	own["^confuse"] = "^coordinator/settings[.]c$"

	# In the coordinator the core is named, and all else is a face.
	core = "^coordinator/(core|catalog|store(_[a-z]+)?|auth|machine(_int)?|session|successor|rivals|wipe|" \
	    "sched|whywait|instance(s|_int)?|execs(_[a-z]+)?|groups|tail|pool(_[a-z0-9_]*)?|bclient|ask|detached|uploads(_[a-z]+)?)[.][ch]$"
}
function room(path) {
	sub("/[^/]*$", "", path)
	return path
}
function bad(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text
	errors++
}
function theirs(h,    re) {
	for (re in own)
		if (h ~ re && FILENAME !~ own[re])
			bad("<" h "> belongs to " own[re])
}
function ours(h,    here, there, path) {
	path = h
	if (path ~ "^(base|io|data|http|api)/") path = "lib/" path
	here = room(FILENAME); there = room(path)
	if (!(there in rank)) {
		bad("\"" h "\": write \"room/file.h\"")
		return
	}
	if (here != there && rank[there] >= rank[here])
		bad(here " may not include " there " (\"" h "\")")
	if (here != "coordinator" || FILENAME !~ core)
		return
	if (there == here && path !~ core)
		bad("core includes the face \"" h "\"")
	if (h ~ "^data/(json|html)[.]h$")
		bad("core knows no JSON and no HTML (\"" h "\")")
	if (FILENAME ~ "/pool_" && h ~ "^coordinator/(sched|instance)[.]h$")
		bad("a pool knows neither sched nor instance (\"" h "\")")
}
function own_header(    h) {
	h = FILENAME
	sub("^lib/", "", h); sub("[.]c$", ".h", h)
	return h
}
FNR == 1 { first = 1 }
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	h = $0
	sub("^[^<\"]*", "", h)
	kind = substr(h, 1, 1)
	h = substr(h, 2)
	sub("[>\"].*", "", h)
	if (first && FILENAME ~ "[.]c$" && h != own_header()) {
		path = FILENAME; sub("[.]c$", ".h", path)
		if ((getline line < path) >= 0)
			bad("the first include is \"" own_header() "\"")
		close(path)
	}
	first = 0
	if (kind == "<") theirs(h); else ours(h)
}
END { exit errors > 0 }'
