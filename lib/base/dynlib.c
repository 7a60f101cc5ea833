/* dynlib.c - see dynlib.h. */
#include "base/dynlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"

/* dlsym gives a data pointer, which C does not turn into one to a function. */
_Static_assert(sizeof(void *) == sizeof(void (*)(void)),
    "pointers to functions look like those to data");

int
dynlib_load(const char *what, const char *soname, const char *const *names,
    size_t n, void *to, struct err *e)
{
	/* Bound when first called, as if it had been linked. */
	void	*handle = dlopen(soname, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	void	*found;
	char	*slot = to;
	size_t	 i;

	if (handle == NULL)
		return err_code(e, ENOENT, "load %s: %s", what, dlerror());
	for (i = 0; i < n; i++, slot += sizeof found) {
		if ((found = dlsym(handle, names[i])) == NULL) {
			err_code(e, ENOENT, "load %s: %s", what, dlerror());
			dlclose(handle);
			return -1;
		}
		memcpy(slot, &found, sizeof found);
	}
	return 0;
}

void
dynlib_need(const char *what, const char *soname, const char *const *names,
    size_t n, void *to)
{
	struct err	e = ERR_INIT;

	if (dynlib_load(what, soname, names, n, to, &e) == -1)
		fatalx("%s", e.msg);
}
