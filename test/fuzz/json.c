/*
 * json.c - fuzzes json_parse, and with what it takes
 *   - json_text, compact and pretty, whose output must parse again to a value
 *     with the same text;
 *   - every getter and json_next, on every value of the tree.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
walk(const struct json *j, int depth)
{
	struct json	*v;
	const char	*key;
	void		*it = NULL;
	size_t		 i, n = 0;

	if (depth > JSON_DEPTH_MAX + 1)
		abort();
	if (json_is(j) == JSON_STRING && json_value_str(j) == NULL)
		abort();
	json_value_int(j, 0);
	for (i = 0; json_is(j) == JSON_ARRAY && i < json_len(j); i++)
		walk(json_at(j, i), depth + 1);
	while (json_next(j, &it, &key, &v)) {
		n++;
		if (json_get(j, key) != v)
			abort();
		json_str(j, key, "");
		json_int(j, key, 0);
		json_bool(j, key, false);
		walk(v, depth + 1);
	}
	if (json_is(j) == JSON_OBJECT && n != json_len(j))
		abort();
}

static void
round_trip(const struct json *j, bool pretty)
{
	struct err	 e;
	char		*text = json_text(j, pretty), *again;
	struct json	*k = json_parse(text, strlen(text), &e);

	if (k == NULL)
		abort();
	again = json_text(k, pretty);
	if (strcmp(text, again) != 0)
		abort();
	free(text);
	free(again);
	json_free(k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err	 e;
	struct json	*j = json_parse((const char *)data, size, &e);

	if (j == NULL)
		return 0;
	walk(j, 0);
	round_trip(j, false);
	round_trip(j, true);
	json_free(j);
	return 0;
}
