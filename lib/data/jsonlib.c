/* jsonlib.c - see jsonlib.h. configure says what it is called here: JSON_SONAME. */
#include "data/jsonlib.h"

#include <stdbool.h>

#include "base/attr.h"

const struct jsonlib *
jsonlib(void)
{
	static const char *const	names[] = { JSONLIB_FUNCTIONS(DYNLIB_NAME) };
	static struct jsonlib		lib;
	static bool			loaded;

	if (!loaded)
		dynlib_need("json-c", JSON_SONAME, names, nitems(names), &lib);
	loaded = true;
	return &lib;
}
