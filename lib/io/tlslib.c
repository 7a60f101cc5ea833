/* tlslib.c - see tlslib.h. configure says what it is called here: SSL_SONAME. */
#include "io/tlslib.h"

#include <stdbool.h>

#include "base/attr.h"

const struct tlslib *
tlslib(void)
{
	static const char *const	names[] = { TLSLIB_FUNCTIONS(DYNLIB_NAME) };
	static struct tlslib		lib;
	static bool			loaded;

	if (!loaded)
		dynlib_need("OpenSSL", SSL_SONAME, names, nitems(names), &lib);
	loaded = true;
	return &lib;
}
