/* tarlib.c - see tarlib.h. configure says what it is called here: ARCHIVE_SONAME. */
#include "data/tarlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* dlsym gives a data pointer, which C does not turn into one to a function. */
static bool
find(void *handle, const char *name, void *function)
{
	void	*p = dlsym(handle, name);

	memcpy(function, &p, sizeof p);
	return p != NULL;
}

int
tarlib_open(struct tarlib *l, struct err *e)
{
	memset(l, 0, sizeof *l);
	l->handle = dlopen(ARCHIVE_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (l->handle == NULL)
		return err_code(e, ENOENT, "load libarchive: %s", dlerror());
#define FIND(name) \
	if (!find(l->handle, #name, &l->name)) { \
		err_code(e, ENOENT, "load libarchive: %s", dlerror()); \
		tarlib_close(l); \
		return -1; \
	}
	TARLIB_FUNCTIONS(FIND)
#undef FIND
	return 0;
}

void
tarlib_close(struct tarlib *l)
{
	if (l->handle != NULL)
		dlclose(l->handle);
	memset(l, 0, sizeof *l);
}
