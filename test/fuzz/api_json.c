/*
 * api_json.c - fuzzes what programs read of one another as JSON:
 *   - api_status_parse, the answer of a machine to GET /status;
 *   - api_instance_parse, the objects of the coordinator's client API;
 * what they take must come out of their _json again as it went in;
 *   - api_execs_parse, the answer of a machine to GET /execs.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
status(const char *text, size_t len)
{
	struct api_status	a, b;
	struct json		*j;
	char			*again;

	if (api_status_parse(&a, text, len, NULL) == -1)
		return;
	j = api_status_json(&a);
	again = json_text(j, false);
	if (api_status_parse(&b, again, strlen(again), NULL) == -1 ||
	    a.version != b.version || a.features.n != b.features.n ||
	    !str_eq(a.lease, b.lease) || !str_eq(a.boot, b.boot))
		abort();
	free(again);
	json_free(j);
	api_status_release(&a);
	api_status_release(&b);
}

static void
instance(const char *text, size_t len)
{
	struct json		*j = json_parse(text, len, NULL), *again;
	struct api_instance	 a, b;

	if (j != NULL && api_instance_parse(&a, j, NULL) == 0) {
		again = api_instance_json(&a);
		if (api_instance_parse(&b, again, NULL) == -1 ||
		    !str_eq(a.name, b.name) || a.expires != b.expires)
			abort();
		json_free(again);
		api_instance_release(&a);
		api_instance_release(&b);
	}
	json_free(j);
}

static void
execs(const char *text, size_t len)
{
	struct api_execs	l;
	size_t			i;

	if (api_execs_parse(&l, text, len, NULL) == -1)
		return;
	for (i = 0; i < l.n; i++)
		if (!api_exec_id_ok(l.v[i].id) || l.v[i].cmd == NULL ||
		    l.v[i].status == NULL || l.v[i].why == NULL)
			abort();
	api_execs_release(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	execs((const char *)data, size);
	status((const char *)data, size);
	instance((const char *)data, size);
	return 0;
}
