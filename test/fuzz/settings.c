/*
 * settings.c - fuzzes coordinator.conf.
 *
 * Exercises settings_parse: libConfuse's scanner and parser, our callbacks, the
 * judging of every value, and the catalog that is built from it. A refused
 * file must come with a reason of one line, a taken one with a catalog in
 * which every builder type has its host type.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err	 e = ERR_INIT;
	struct settings	*s;
	size_t		 i;

	s = settings_parse("fuzz", (const char *)data, size, &e);
	if (s == NULL) {
		require(e.msg[0] != '\0');
		return 0;
	}
	require(e.msg[0] == '\0');
	for (i = 0; i < catalog_builders(s->catalog); i++)
		require(catalog_host(s->catalog,
		    catalog_builder_at(s->catalog, i)->host_type) != NULL);
	settings_free(s);
	return 0;
}
