/*
 * budget.c - the memory that the sessions of one loop share: who uses it.
 */
#include "revdial/budget.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "revdial/carriers.h"

#define DEFAULT_MAX	((size_t)512 << 20)

struct revdial_budget *
revdial_budget_new(size_t max)
{
	struct revdial_budget *b = xcalloc(1, sizeof *b);

	b->max = max > 0 ? max : DEFAULT_MAX;
	return b;
}

static void
free_unused(struct revdial_budget *b)
{
	if (!b->freed || b->sessions > 0)
		return;
	if (b->held != 0 || b->grown != 0)
		fatalx("revdial: %zu bytes held and %zu granted by no session",
		    b->held, b->grown);
	free(b);
}

/* Sessions end a turn after revdial_free, so it may have to wait for them. */
void
revdial_budget_free(struct revdial_budget *b)
{
	if (b == NULL)
		return;
	b->freed = true;
	free_unused(b);
}

size_t
revdial_budget_held(const struct revdial_budget *b)
{
	return b->held;
}

void
budget_join(struct revdial_budget *b)
{
	if (b != NULL)
		b->sessions++;
}

void
budget_leave(struct revdial_budget *b)
{
	if (b == NULL)
		return;
	b->sessions--;
	free_unused(b);
}
