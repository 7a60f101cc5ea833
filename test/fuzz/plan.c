/*
 * plan.c - what a push makes of a listing that a server sends. Exercises:
 *	plan_line	mode strings, paths, escaped targets of links, digests
 *	plan_end	what would be removed, and what is in the way
 * The first byte chooses the rules, the second which of the paths a, a/b and c
 * count as pushed before; each line of the rest is a line of GET /ls. The tree
 * here has a directory, a link and a file that cannot be read.
 *
 * Nothing may be removed that was not pushed, nor what is also here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xmalloc.h"
#include "client/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const	pushed[] = { "a", "a/b", "c", "dir/x" };

static void
feed(struct plan *p, const char *text)
{
	char	*copy = xstrdup(text), *line = copy, *next;
	bool	 readable = true;

	for (; line != NULL && readable; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		readable = plan_line(p, line, NULL) == 0;
	}
	free(copy);
}

static void
check(const struct plan *p, const struct manifest *m, const struct local *l)
{
	const struct strs	*gone = plan_removals(p);
	size_t			 i;

	for (i = 0; i < gone->n; i++)
		if (!manifest_has(m, gone->v[i]) ||
		    inv_find(&l->inv, gone->v[i]) != NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct inv_entry	 here[] = {
		{ .path = "dir", .target = "", .kind = INV_DIR, .mode = 0755 },
		{ .path = "file", .target = "", .kind = INV_FILE, .mode = 0644,
		    .size = 3 },
		{ .path = "ln", .target = "to", .kind = INV_LINK, .mode = 0777 },
	};
	char			 none[] = "none";
	struct local		 l = { .inv = { .v = here, .n = nitems(here) },
	    .root = -1, .name = none };
	struct rules		*keep;
	struct plan_rules	 rules;
	struct manifest		*m;
	struct plan		*p;
	char			*text;
	size_t			 i;

	if (len < 2 || len > 64 * 1024)
		return 0;
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	if ((m = manifest_open(NULL, "i", "go", NULL)) == NULL)
		abort();
	for (i = 0; i < nitems(pushed); i++)
		if (data[1] & 1U << i)
			manifest_add(m, pushed[i]);
	keep = rules_new();
	if ((data[0] & 4) != 0 && rules_add(keep, rules_go, "rules", NULL) == -1)
		abort();
	rules = (struct plan_rules){ data[0] & 1, data[0] & 2, keep };
	p = plan_new(&l, m, &rules);
	text = xstrndup((const char *)data + 2, len - 2);
	feed(p, text);
	if (plan_end(p, NULL) == 0)
		check(p, m, &l);
	free(text);
	plan_free(p);
	manifest_close(m);
	rules_free(keep);
	return 0;
}
