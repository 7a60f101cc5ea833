/*
 * execs_tail.c - fetching the ends of outputs, a few at a time; and the end of
 * an instance, whose machine is not wiped before that is done.
 */
#include "coordinator/execs.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/record.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/execs_int.h"
#include "coordinator/tail.h"

#define FETCH_MS	10000
#define FETCH_MAX	(2 * RECORD_MAX)	/* bytes of an answer: one record more than asked */
#define FETCHING_MAX	32		/* at the same time, */
#define FETCHING_EACH	4		/* and from one machine */
#define TRIES_MAX	3
#define NOT_FOUND	404

/* An answer that is awaited; it may come when nobody wants it any more. */
struct fetch {
	struct exec_rec	*r;		/* NULL: so it is */
};

void
rec_want_tail(struct exec_rec *r)
{
	if (r->saved || r->waits || r->fetch != NULL || r->tail != NULL)
		return;
	r->waits = true;
	TAILQ_INSERT_TAIL(&r->index->tails, r, tails);
}

static void
take_log(struct exec_rec *r, const struct bclient_answer *a)
{
	struct exec_index	*x = r->index;
	int64_t			 offset = 0;
	struct err		 e = ERR_INIT;

	if (a->header == NULL || str_int64(a->header, 0, INT64_MAX, &offset) == -1)
		log_warn("exec %s of %s: its log has no %s", r->id, x->instance,
		    API_H_EXEC_OFFSET);
	r->tail = tail_make(a->text, a->len, (uint64_t)offset,
	    r->output < 0 ? 0 : (uint64_t)r->output, &r->tail_len, &e);
	if (r->tail == NULL)
		log_warn("exec %s of %s: %s", r->id, x->instance, e.msg);
	x->all->tail_bytes += r->tail_len;
	r->saved = true;
	rec_dirty(r);
}

static void
on_log(const struct bclient_answer *a, void *arg)
{
	struct fetch		*f = arg;
	struct exec_rec		*r = f->r;
	struct exec_index	*x;

	free(f);
	if (r == NULL)
		return;
	x = r->index;
	r->fetch = NULL;
	x->fetching--;
	x->all->nfetching--;
	if (a->why == NULL) {
		take_log(r, a);
	} else if (a->status == NOT_FOUND ||
	    (index_machine(x) != NULL && ++r->tries >= TRIES_MAX)) {
		log_debug("exec %s of %s: %s", r->id, x->instance, a->why->msg);
		r->saved = true;
		rec_dirty(r);
	} else {
		rec_want_tail(r);
	}
	rec_done(r);
	(void)execs_room(x->all);
	tails_go(x);
	if (x->closing)
		closing_look(x);
}

static void
fetch_one(struct exec_rec *r, struct machine *m)
{
	struct exec_index	*x = r->index;
	struct fetch		*f = xcalloc(1, sizeof *f);
	char			*target = xasprintf("/execs/%s/log?tailBytes=%d", r->id, TAIL_MAX);
	const struct bclient_query q = { .method = "GET", .target = target, .ms = FETCH_MS,
	    .max = FETCH_MAX, .header = API_H_EXEC_OFFSET };

	rec_unwait(r);
	f->r = r;
	r->fetch = f;
	x->fetching++;
	x->all->nfetching++;
	bclient_query(machine_client(m), &q, on_log, f);
	free(target);
}

void
tails_go(struct exec_index *x)
{
	struct machine	*m = index_machine(x);
	struct exec_rec	*r;

	if (m == NULL || !execs_room(x->all))
		return;
	while ((r = TAILQ_FIRST(&x->tails)) != NULL && x->fetching < FETCHING_EACH &&
	    x->all->nfetching < FETCHING_MAX)
		fetch_one(r, m);
}

void
fetch_drop(struct exec_rec *r)
{
	if (r->fetch == NULL)
		return;
	r->fetch->r = NULL;
	r->fetch = NULL;
	r->index->fetching--;
	r->index->all->nfetching--;
}

/* --- the end of an instance -------------------------------------------------------- */

static void
closing_over(struct exec_index *x)
{
	struct machine	*m = index_machine(x);
	char		*why = xstrdup(x->why);

	execs_save(x->all);
	index_free(x);
	if (m != NULL)
		machine_release(m, why);
	free(why);
}

void
closing_look(struct exec_index *x)
{
	/* Without its machine there is nothing to wait for. */
	if (x->asking == NULL && ((TAILQ_EMPTY(&x->tails) && x->fetching == 0) ||
	    index_machine(x) == NULL))
		closing_over(x);
}

static void
end_running(struct exec_index *x)
{
	struct exec_rec	*r;
	void		*v;
	size_t		 it = 0;

	while (map_next(x->recs, &it, NULL, &v)) {
		r = v;
		if (r->ended != 0)
			continue;
		rec_set_end(r, execs_wall(x->all), false, x->status, STORE_WHY_INSTANCE);
		rec_want_tail(r);
	}
}

void
execs_drop(struct core *core, const char *instance)
{
	struct exec_index	*x = map_find(core->execs->by_instance, instance);

	if (x != NULL)
		index_free(x);
}

void
execs_close(struct core *core, const char *instance, struct machine *m, const char *why)
{
	struct execs		*all = core->execs;
	struct exec_index	*x = map_find(all->by_instance, instance);
	bool			 ask;

	if (x == NULL || index_machine(x) != m) {
		execs_drop(core, instance);
		machine_release(m, why);
		return;
	}
	ask = x->running > 0 || x->asking != NULL || x->soon_at != 0 || x->full;
	map_del(all->by_instance, x->instance);
	TAILQ_REMOVE(&all->live, x, entry);
	TAILQ_INSERT_TAIL(&all->closing, x, entry);
	x->closing = true;
	x->status = xasprintf("the instance ended: %s", why);
	x->why = xstrdup(why);
	x->epoch = machine_epoch(m);
	x->deadline = execs_now(all) + core->cfg.save_ms;
	end_running(x);
	/* How it stands with what may have ended by itself. */
	asking_drop(x);
	if (ask)
		(void)index_ask(x);
	tails_go(x);
	closing_look(x);
}

void
tails_sweep(struct execs *all, int64_t now)
{
	struct exec_index	*x, *next;

	TAILQ_FOREACH_SAFE(x, &all->closing, entry, next) {
		tails_go(x);
		if (x->deadline > now) {
			closing_look(x);
			continue;
		}
		log_warn("instance %s: not all output was saved: machine %s was too slow",
		    x->instance, x->machine);
		closing_over(x);
	}
	TAILQ_FOREACH(x, &all->live, entry)
		if (!TAILQ_EMPTY(&x->tails))
			tails_go(x);
}
