/* tarlib.c - see tarlib.h. configure says what it is called here: ARCHIVE_SONAME. */
#include "data/tarlib.h"

#include "base/attr.h"

int
tarlib_open(struct tarlib *l, struct err *e)
{
	static const char *const names[] = { TARLIB_FUNCTIONS(DYNLIB_NAME) };

	return dynlib_load("libarchive", ARCHIVE_SONAME, names, nitems(names),
	    l, e);
}
