/* wipe.c - cut and kill, wait until all has ended, empty. */
#include "buildlet/wipe.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execs.h"
#include "buildlet/lease.h"
#include "buildlet/roles.h"
#include "io/helper.h"

struct waiter {
	TAILQ_ENTRY(waiter)	 entry;
	wipe_done_fn		 done;
	void			*arg;
};

struct wipe {
	struct buildlet		*b;
	TAILQ_HEAD(, waiter)	 waiters;
	struct timer		*timer;		/* until all work has ended */
	bool			 work_over;	/* it has, or was given up */
	bool			 execs_over;
	struct helper		*helper;
	bool			 furnish;
	struct err		 err;
};

static void
wipe_finish(struct wipe *w)
{
	struct buildlet		*b = w->b;
	const struct err	*why = w->err.msg[0] != '\0' ? &w->err : NULL;
	struct waiter		*one;

	b->wipe = NULL;
	execs_wiped(b->execs);
	if (why != NULL)
		log_error("clean: %s", why->msg);
	else
		lease_save(b, false);
	while ((one = TAILQ_FIRST(&w->waiters)) != NULL) {
		TAILQ_REMOVE(&w->waiters, one, entry);
		one->done(b, why, one->arg);
		free(one);
	}
	wipe_free(w);
}

static void
on_clean(struct helper *h, int status, const char *text, void *arg)
{
	struct wipe	*w = arg;

	(void)h;
	if (status != HELPER_OK && w->err.msg[0] == '\0')
		err_set(&w->err, "%s", text[0] != '\0' ? text : "the cleaner failed");
	wipe_finish(w);
}

static void
clean_start(void *arg)
{
	struct wipe		*w = arg;
	struct buildlet		*b = w->b;
	const char		*state = workdir_state(b->workdir);
	const char *const	 argv[] = { "clean", workdir_path(b->workdir),
				    w->furnish ? "furnish" : "bare",
				    execs_path(b->execs), state, NULL };
	const struct helper_spec spec = { .argv = argv, .ms = b->set->clean_ms };

	w->helper = helper_start(b->loop, &spec, on_clean, w, &w->err);
	if (w->helper == NULL)
		wipe_finish(w);
}

/* Nothing works or runs here any more. */
static void
wipe_try(struct wipe *w)
{
	if (!w->work_over || !w->execs_over || w->helper != NULL)
		return;
	timer_stop(w->timer);
	loop_undefer(w->b->loop, clean_start, w);
	loop_defer(w->b->loop, clean_start, w);
}

static void
on_cut_late(void *arg)
{
	struct wipe	*w = arg;

	err_set(&w->err, "%zu tasks did not end when they were cut",
	    w->b->work_count);
	w->work_over = true;
	wipe_try(w);
}

void
wipe_work_ended(struct wipe *w)
{
	w->work_over = true;
	wipe_try(w);
}

static void
on_execs_gone(size_t left, void *arg)
{
	struct wipe	*w = arg;

	if (left > 0)
		err_set(&w->err, "%zu processes could not be killed", left);
	w->execs_over = true;
	wipe_try(w);
}

static void
wipe_begin(struct buildlet *b, const char *reason)
{
	struct wipe	*w = xcalloc(1, sizeof *w);

	w->b = b;
	TAILQ_INIT(&w->waiters);
	w->timer = timer_new(b->loop, on_cut_late, w);
	timer_set(w->timer, b->set->cut_ms);
	b->wipe = w;
	/* Who is killed from here on must not pass for clean at the next start. */
	lease_save(b, true);
	work_cut_all(b, reason);
	execs_wipe(b->execs, on_execs_gone, w);
	if (b->work_count == 0)
		wipe_work_ended(w);
}

void
wipe_start(struct buildlet *b, const char *reason, bool furnish,
    wipe_done_fn done, void *arg)
{
	struct waiter	*one = xcalloc(1, sizeof *one);

	one->done = done;
	one->arg = arg;
	if (b->wipe == NULL)
		wipe_begin(b, reason);
	b->wipe->furnish |= furnish;
	TAILQ_INSERT_TAIL(&b->wipe->waiters, one, entry);
}

void
wipe_free(struct wipe *w)
{
	struct waiter	*one;

	if (w == NULL)
		return;
	if (w->b->wipe == w)
		w->b->wipe = NULL;
	while ((one = TAILQ_FIRST(&w->waiters)) != NULL) {
		TAILQ_REMOVE(&w->waiters, one, entry);
		free(one);
	}
	loop_undefer(w->b->loop, clean_start, w);
	timer_free(w->timer);
	helper_free(w->helper);
	free(w);
}
