/*
 * form.c - fuzzes query strings and forms (lib/http/url.c).
 *
 * Exercises: form_parse with its limit on fields, escapes, '+', ';', NUL;
 * form_get and form_each on every name; and that what form_encode writes is
 * read back as the same fields.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/url.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
same_fields(const struct form *a, const struct form *b)
{
	const char	*name[2], *value[2];
	size_t		 i;

	if (form_len(a) != form_len(b))
		abort();
	for (i = 0; i < form_len(a); i++) {
		form_at(a, i, &name[0], &value[0]);
		form_at(b, i, &name[1], &value[1]);
		if (strcmp(name[0], name[1]) != 0 ||
		    strcmp(value[0], value[1]) != 0)
			abort();
		if (form_get(a, name[0]) == NULL)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err	 e = ERR_INIT;
	struct form	*f, *back;
	char		*text;

	f = form_parse((const char *)data, size, 100, &e);
	if (f == NULL) {
		if (e.msg[0] == '\0')
			abort();
		return 0;
	}
	if (form_len(f) > 100)
		abort();
	text = form_encode(f);
	back = form_parse(text, strlen(text), 100, &e);
	if (back == NULL)
		abort();
	same_fields(f, back);
	free(text);
	form_free(back);
	form_free(f);
	return 0;
}
