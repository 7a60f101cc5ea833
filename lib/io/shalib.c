/* shalib.c - see shalib.h. configure says what it is called here: CRYPTO_SONAME. */
#include "io/shalib.h"

#include <stdbool.h>

#include "base/attr.h"

const struct shalib *
shalib(void)
{
	static const char *const	names[] = { SHALIB_FUNCTIONS(DYNLIB_NAME) };
	static struct shalib		lib;
	static bool			loaded;

	if (!loaded)
		dynlib_need("OpenSSL", CRYPTO_SONAME, names, nitems(names), &lib);
	loaded = true;
	return &lib;
}
