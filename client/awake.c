/* awake.c - see awake.h. */
#include "client/awake.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "client/push_int.h"
#include "client/side.h"
#include "io/loop.h"

#define AWAKE_MS	15000

struct awake {
	struct side	*side;		/* NULL: without */
	struct timer	*timer;
};

static void
on_answer(const struct side_answer *a, void *arg)
{
	(void)a;
	(void)arg;
}

static void
on_time(void *arg)
{
	const struct side_request	q = { .method = "GET", .path = "/status" };
	struct awake			*w = arg;

	if (!side_busy(w->side))
		side_ask(w->side, &q, on_answer, w);
}

struct awake *
awake_new(struct push *p)
{
	struct awake	*w = xcalloc(1, sizeof *w);

	w->side = side_new(p->g->loop, &p->g->cred, p->spec->instance, NULL);
	if (w->side != NULL)
		w->timer = loop_every(p->g->loop, AWAKE_MS, on_time, w);
	return w;
}

void
awake_free(struct awake *w)
{
	if (w == NULL)
		return;
	timer_free(w->timer);
	side_free(w->side);
	free(w);
}
