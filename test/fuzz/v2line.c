/*
 * v2line.c - fuzzes the control lines of revdial version 2.
 *
 * Exercises v2_line_parse and v2_line_format: what is taken has a path that
 * can be asked for as it is, and comes back the same when written and read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "revdial/v2line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct v2_line *l)
{
	struct v2_line	 again;
	char		*text;

	if (l->command == V2_KEEP_ALIVE || l->command == V2_UNKNOWN) {
		if (l->path != NULL)
			abort();
		return;
	}
	if (l->path == NULL || strpbrk(l->path, " \r\n\t") != NULL || l->path[0] != '/')
		abort();
	text = v2_line_format(l->command, l->path, NULL);
	if (strchr(text, '\n') != text + strlen(text) - 1)
		abort();
	if (v2_line_parse(&again, text, strlen(text) - 1, NULL) == -1 ||
	    again.command != l->command || !str_eq(again.path, l->path))
		abort();
	v2_line_release(&again);
	free(text);
	text = v2_line_format(V2_PICKUP_FAILED, l->path, l->why);
	if (strchr(text, '\n') != text + strlen(text) - 1)
		abort();
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct v2_line	l;
	struct err	e = ERR_INIT;

	if (v2_line_parse(&l, (const char *)data, size, &e) == -1) {
		if (e.msg[0] == '\0' || l.path != NULL || l.why != NULL)
			abort();
		return 0;
	}
	check(&l);
	v2_line_release(&l);
	return 0;
}
