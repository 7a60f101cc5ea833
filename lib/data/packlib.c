/*
 * packlib.c - see packlib.h. configure says what they are called here:
 * ZLIB_SONAME, ZSTD_SONAME and DEFLATE_SONAME.
 */
#include "data/packlib.h"

#include <stdbool.h>

#include "base/attr.h"

const struct zlib *
packlib_zlib(void)
{
	static const char *const	names[] = { ZLIB_FUNCTIONS(DYNLIB_NAME) };
	static struct zlib		lib;
	static bool			loaded;

	if (!loaded) {
		dynlib_need("zlib", ZLIB_SONAME, names, nitems(names), &lib);
		loaded = true;
	}
	return &lib;
}

const struct zstd *
packlib_zstd(void)
{
	static const char *const	names[] = { ZSTD_FUNCTIONS(DYNLIB_NAME) };
	static struct zstd		lib;
	static bool			loaded;

	if (!loaded) {
		dynlib_need("libzstd", ZSTD_SONAME, names, nitems(names), &lib);
		loaded = true;
	}
	return &lib;
}

const struct libdeflate *
packlib_deflate(void)
{
	static const char *const	names[] = { DEFLATE_FUNCTIONS(DYNLIB_NAME) };
	static struct libdeflate	lib;
	static bool			loaded;

	/* Where it is missing it is looked for each time, which is seldom. */
	if (!loaded)
		loaded = dynlib_load("libdeflate", DEFLATE_SONAME, names,
		    nitems(names), &lib, NULL) == 0;
	return loaded ? &lib : NULL;
}
