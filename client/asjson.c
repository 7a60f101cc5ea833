/* asjson.c - JSON on stdout (asjson.h). */
#include "client/asjson.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/out.h"
#include "data/json.h"

int
asjson_print(const struct json *j, struct err *e)
{
	char	*text = json_text(j, true);

	printf("%s\n", text);
	free(text);
	return out_flush(e);
}

/* As it looks inside of an array. No string has a newline of its own here. */
void
asjson_item(struct asjson *a, const struct json *j)
{
	char		*text = json_text(j, true);
	const char	*p;

	printf("%s\n  ", a->begun ? "," : "[");
	for (p = text; *p != '\0'; p++) {
		putchar(*p);
		if (*p == '\n')
			printf("  ");
	}
	a->begun = true;
	free(text);
}

int
asjson_end(struct asjson *a, struct err *e)
{
	printf("%s\n", a->begun ? "\n]" : "[]");
	return out_flush(e);
}
