/* tool.c - see tool.h. */
#include "client/tool.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"

char *
tool_find(const char *name)
{
	const char	*path = getenv("PATH");
	struct strs	 dirs = STRS_INIT;
	char		*file = NULL;
	size_t		 i;

	strs_split(&dirs, path != NULL ? path : "/usr/bin:/bin", ':', true);
	for (i = 0; i < dirs.n && file == NULL; i++) {
		file = xasprintf("%s/%s", dirs.v[i], name);
		if (access(file, X_OK) == 0)
			continue;
		free(file);
		file = NULL;
	}
	strs_release(&dirs);
	return file;
}
