/*
 * path.c - fuzzes the paths that come over the wire.
 *
 * Exercises path_check, path_clean, path_join, path_base and path_dir. What
 * path_check takes stays below the directory that it is joined to; cleaning
 * twice is cleaning once; a refusal has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static bool
has_parent(const char *p)
{
	struct strs	 l = STRS_INIT;
	bool		 has;

	strs_split(&l, p, '/', false);
	has = strs_has(&l, "..");
	strs_release(&l);
	return has;
}

static void
check_inside(const char *p)
{
	char	*joined = path_join("/w", p);

	require(strlen(p) <= PATH_WIRE_MAX);
	require(str_eq(joined, "/w") || str_starts(joined, "/w/"));
	require(!has_parent(joined) && strstr(joined, "//") == NULL);
	free(joined);
}

static void
check_clean(const char *p)
{
	char	*once = path_clean(p), *twice = path_clean(once);
	char	*dir = path_dir(p);

	require(str_eq(once, twice) && once[0] != '\0');
	require((once[0] == '/') == (p[0] == '/'));
	require(str_eq(once, "/") || !str_ends(once, "/"));
	require(strchr(path_base(p), '/') == NULL && str_ends(p, path_base(p)));
	require(dir[0] != '\0');
	free(dir);
	free(twice);
	free(once);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		*p = xstrndup((const char *)data, size);
	struct err	 e = ERR_INIT;

	if (path_check(p, &e) == 0)
		check_inside(p);
	else
		require(str_starts(e.msg, "path \"") && (str_ends(e.msg,
		    " is not relative") || str_ends(e.msg, " is too long") ||
		    str_ends(e.msg, " refers to a parent directory")));
	check_clean(p);
	free(p);
	return 0;
}
