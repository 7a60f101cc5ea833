/*
 * exec_watch.c - who looks at an exec, and how far they have read its log.
 *
 * The supervisor is asked for news of the log (SUPER_MORE) as soon as a reader
 * has come to its end; without a reader now and then, so that its length is
 * known. It is told where the slowest reader is (SUPER_READ) in steps.
 */
#include "buildlet/exec_int.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "buildlet/buildlet.h"

/* Of the log: but for the beginning, it is said in steps of that part of it, at
 * most READ_STEP. */
#define READ_PART	8
#define READ_STEP	(256 * 1024)
/* Somebody who will read on for sure holds the log for longer than the
 * supervisor's patience. */
#define READ_AGAIN_MS	(SUPER_PATIENCE_MS / 3)

struct exec_watch {
	TAILQ_ENTRY(exec_watch)	 entry;
	struct exec		*x;
	exec_changed_fn		 changed;
	void			*arg;
	uint64_t		 offset;	/* UINT64_MAX: it does not read */
	bool			 telling;	/* deferred */
};

static void
on_tell(void *arg)
{
	struct exec_watch	*w = arg;

	w->telling = false;
	w->changed(w->x, w->arg);
}

void
exec_watch_wake(struct exec_watch *w)
{
	if (w->telling)
		return;
	w->telling = true;
	loop_defer(w->x->all->b->loop, on_tell, w);
}

void
exec_tell(struct exec *x)
{
	struct exec_watch	*w;

	TAILQ_FOREACH(w, &x->watches, entry)
		exec_watch_wake(w);
}

/* ---- reading ---- */

static uint64_t
slowest(const struct exec *x)
{
	struct exec_watch	*w;
	uint64_t		 low = UINT64_MAX;

	TAILQ_FOREACH(w, &x->watches, entry)
		if (w->offset < low)
			low = w->offset;
	return low;
}

static bool
at_end(const struct exec *x)
{
	struct exec_watch	*w;

	TAILQ_FOREACH(w, &x->watches, entry)
		if (w->offset != UINT64_MAX && w->offset >= x->log_end)
			return true;
	return false;
}

static void
read_say(struct exec *x, uint64_t low)
{
	x->read_said = low;
	x->read_at = loop_now(x->all->b->loop);
	superline_say(x->line, SUPER_READ, low);
}

static void
more_ask(struct exec *x)
{
	x->more_asked = true;
	superline_say(x->line, SUPER_MORE, x->log_end);
}

void
exec_flow(struct exec *x)
{
	uint64_t	low = slowest(x), step = x->plan.log_limit / READ_PART;

	if (step > READ_STEP)
		step = READ_STEP;
	if (x->line == NULL || x->state >= EXEC_ENDED)
		return;
	if (low != x->read_said && (low == UINT64_MAX ||
	    x->read_said == UINT64_MAX || low < x->read_said ||
	    low - x->read_said >= step || low >= x->log_end))
		read_say(x, low);
	if (!x->more_asked && at_end(x))
		more_ask(x);
}

void
exec_watch_sweep(struct exec *x)
{
	uint64_t	low = slowest(x);
	int64_t		now = loop_now(x->all->b->loop);

	if (x->line == NULL || x->state >= EXEC_ENDED)
		return;
	if (low != x->read_said || (x->transient && low < x->log_end &&
	    now - x->read_at >= READ_AGAIN_MS))
		read_say(x, low);
	if (!x->more_asked)
		more_ask(x);
}

/* ---- watches ---- */

struct exec_watch *
exec_watch(struct exec *x, exec_changed_fn changed, void *arg)
{
	struct exec_watch	*w = xcalloc(1, sizeof *w);

	w->x = x;
	w->changed = changed;
	w->arg = arg;
	w->offset = UINT64_MAX;
	TAILQ_INSERT_TAIL(&x->watches, w, entry);
	return w;
}

void
exec_read(struct exec_watch *w, uint64_t offset)
{
	w->offset = offset;
	exec_flow(w->x);
}

static void
exec_alone(struct exec *x)
{
	if (x->transient && x->state < EXEC_ENDED)
		exec_kill_all(x);
	exec_close_dir(x);
	if (x->forgotten || (x->transient && x->line == NULL))
		exec_discard(x);
	else
		exec_flow(x);
}

void
exec_unwatch(struct exec_watch *w)
{
	struct exec	*x;

	if (w == NULL)
		return;
	x = w->x;
	if (w->telling)
		loop_undefer(x->all->b->loop, on_tell, w);
	TAILQ_REMOVE(&x->watches, w, entry);
	free(w);
	if (TAILQ_EMPTY(&x->watches))
		exec_alone(x);
	else
		exec_flow(x);
}
