/* dnslib.c - see dnslib.h. configure says what it is called here: DNS_SONAME. */
#include "io/dnslib.h"

#include <stdbool.h>

#include "base/attr.h"

const struct dnslib *
dnslib(void)
{
	static const char *const	names[] = { DNSLIB_FUNCTIONS(DYNLIB_NAME) };
	static struct dnslib		lib;
	static bool			loaded;

	if (!loaded)
		dynlib_need("libevent_extra", DNS_SONAME, names, nitems(names), &lib);
	loaded = true;
	return &lib;
}
