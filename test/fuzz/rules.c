/*
 * rules.c - what a .gomotepush may hold: rules_add, and what the rules say of
 * some paths. An error names the line. Whatever a rule includes, it must be
 * possible to come to it: rules_reach is true of the directories above.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xmalloc.h"
#include "client/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const	paths[] = { "a", "a/b", "a/b/c", "a/b/c/d.o",
	"[", "x*y", "a/\\", "deep/er/and/deeper/still", ".#a", "#a#", "a~" };

static void
check(const struct rules *r, const char *path, bool dir)
{
	char	*up = xstrdup(path), *slash;
	bool	 in = rules_say(r, path, dir) == RULES_INCLUDE;

	while ((slash = strrchr(up, '/')) != NULL) {
		*slash = '\0';
		if (in && !rules_reach(r, up))
			abort();
		if (rules_keep(r, up, true) && !rules_keep(r, path, dir))
			abort();
	}
	free(up);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rules	*r;
	struct err	 e = ERR_INIT;
	char		*text;
	size_t		 i;
	int		 line;

	if (len > 64 * 1024)
		return 0;
	r = rules_new();
	text = xstrndup((const char *)data, len);
	if (rules_add(r, text, "f", &e) == -1) {
		if (sscanf(e.msg, "f:%d: ", &line) != 1 || line < 1)
			abort();
	}
	for (i = 0; i < nitems(paths); i++) {
		check(r, paths[i], false);
		check(r, paths[i], true);
	}
	free(text);
	rules_free(r);
	return 0;
}
