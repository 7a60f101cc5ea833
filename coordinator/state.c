/* state.c - the state directory. */
#include "coordinator/state.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/xmalloc.h"

char *
state_prepare(const char *dir, struct err *e)
{
	char	*real;

	if (file_mkdirs(dir, 0700, e) == -1)
		return NULL;
	real = realpath(dir, NULL);
	if (real == NULL)
		(void)err_errno(e, "state directory %s", dir);
	return real;
}

char *
state_path(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

struct store *
state_open_store(const char *dir, struct err *e)
{
	char		*path = state_path(dir, "store.db");
	struct store	*s = store_open(path, e);

	free(path);
	return s;
}
