/* ignore.c - the rules of what does not travel. */
#include "client/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"

struct ignore {
	bool		 goroot;
	struct map	*told;		/* by git; NULL: nothing */
};

struct ignore *
ignore_new(bool goroot)
{
	struct ignore	*g = xcalloc(1, sizeof *g);

	g->goroot = goroot;
	return g;
}

void
ignore_free(struct ignore *g)
{
	if (g == NULL)
		return;
	if (g->told != NULL)
		map_free(g->told);
	free(g);
}

void
ignore_add(struct ignore *g, const char *path, size_t len)
{
	char	*key;

	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len == 0)
		return;
	if (g->told == NULL)
		g->told = map_new();
	key = xstrndup(path, len);
	map_set(g->told, key, g);	/* any value but NULL */
	free(key);
}

bool
ignore_is_backup(const char *path)
{
	const char	*name = path_base(path);
	size_t		 len = strlen(name);

	if (len < 2)
		return false;
	return name[len - 1] == '~' || str_starts(name, ".#") ||
	    (name[0] == '#' && name[len - 1] == '#') ||
	    (len > 4 && str_ends(name, ".swp"));
}

bool
ignore_is_generated(const char *path)
{
	static const char *const	 files[] = {
		"VERSION.cache",
		"src/cmd/cgo/zdefaultcc.go",
		"src/cmd/go/internal/cfg/zdefaultcc.go",
		"src/cmd/go/internal/cfg/zosarch.go",
		"src/cmd/internal/objabi/zbootstrap.go",
		"src/go/build/zcgo.go",
		"src/internal/buildcfg/zbootstrap.go",
		"src/internal/runtime/sys/zversion.go",
		"src/runtime/internal/sys/zversion.go",
		"src/time/tzdata/zzipdata.go",
	};
	size_t				 i;

	for (i = 0; i < nitems(files); i++)
		if (str_eq(path, files[i]))
			return true;
	return str_eq(path, "bin") || str_eq(path, "pkg") ||
	    str_starts(path, "bin/") || str_starts(path, "pkg/");
}

bool
ignore_match(const struct ignore *g, const char *path, bool dir)
{
	if (str_eq(path_base(path), ".git"))
		return true;
	if (!dir && ignore_is_backup(path))
		return true;
	if (g->goroot && ignore_is_generated(path))
		return true;
	return g->told != NULL && map_find(g->told, path) != NULL;
}
