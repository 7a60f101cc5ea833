/*
 * timer.c - the timers of loop.h, in a heap of our own, because they follow
 * loop_clock() and so a test can move them. One event of libevent's (`tick`)
 * is armed for the first of them.
 */
#include <event2/event.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/inside.h"

#define WAIT_MAX_MS	(24 * 3600 * 1000)
#define COARSE_MS	250

struct timers {
	struct event		*tick;
	const struct clock	*clock;		/* the loop's */
	int64_t			 armed_skew;	/* clock->skew_ms when tick was armed */
	struct timer		**v;		/* the heap */
	size_t			 n, cap;
	size_t			 weak_n;	/* weak timers in it */
};

struct timer {
	struct timers	*all;
	loop_fn		 fn;
	void		*arg;
	int64_t		 at;		/* clock_mono */
	int64_t		 every;		/* 0: one-shot */
	size_t		 slot;		/* place in the heap + 1; 0: not armed */
	bool		 weak;
};

static void
heap_put(struct timers *h, size_t i, struct timer *t)
{
	h->v[i] = t;
	t->slot = i + 1;
}

static void
heap_up(struct timers *h, size_t i)
{
	struct timer	*t = h->v[i];
	size_t		 up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (h->v[up]->at <= t->at)
			break;
		heap_put(h, i, h->v[up]);
	}
	heap_put(h, i, t);
}

static void
heap_down(struct timers *h, size_t i)
{
	struct timer	*t = h->v[i];
	size_t		 kid;

	for (; (kid = 2 * i + 1) < h->n; i = kid) {
		if (kid + 1 < h->n &&
		    h->v[kid + 1]->at < h->v[kid]->at)
			kid++;
		if (t->at <= h->v[kid]->at)
			break;
		heap_put(h, i, h->v[kid]);
	}
	heap_put(h, i, t);
}

/* Arms the one libevent timer for the first of ours. */
static void
tick_arm(struct timers *h)
{
	struct timeval	tv;
	int64_t		ms;

	h->armed_skew = h->clock->skew_ms;
	if (h->n == 0) {
		event_del(h->tick);
		return;
	}
	ms = h->v[0]->at - clock_mono(h->clock);
	if (ms < 0)
		ms = 0;
	if (ms > WAIT_MAX_MS)
		ms = WAIT_MAX_MS;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	if (event_add(h->tick, &tv) == -1)
		fatalx("loop: cannot arm the timer");
}

static void
heap_insert(struct timer *t)
{
	struct timers *h = t->all;

	if (h->n == h->cap) {
		h->cap = h->cap == 0 ? 16 : 2 * h->cap;
		h->v = xreallocarray(h->v, h->cap, sizeof *h->v);
	}
	h->weak_n += t->weak;
	heap_put(h, h->n++, t);
	heap_up(h, h->n - 1);
}

static void
heap_remove(struct timer *t)
{
	struct timers	*h = t->all;
	size_t		 i = t->slot - 1;
	struct timer	*last = h->v[--h->n];

	t->slot = 0;
	h->weak_n -= t->weak;
	if (last == t)
		return;
	heap_put(h, i, last);
	heap_up(h, i);
	heap_down(h, last->slot - 1);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct timers	*h = arg;
	int64_t		 now = clock_mono(h->clock);
	size_t		 n = h->n;	/* those that set themselves again wait */
	struct timer	*t;

	(void)fd;
	(void)what;
	while (n-- > 0 && h->n > 0 && h->v[0]->at <= now) {
		t = h->v[0];
		heap_remove(t);
		if (t->every > 0) {
			t->at = now + t->every;
			heap_insert(t);
		}
		t->fn(t->arg);
	}
	tick_arm(h);
}

struct timer *
timer_new(struct loop *l, loop_fn fn, void *arg)
{
	struct timer *t = xcalloc(1, sizeof *t);

	t->all = loop_timers(l);
	t->fn = fn;
	t->arg = arg;
	return t;
}

struct timer *
timer_new_weak(struct loop *l, loop_fn fn, void *arg)
{
	struct timer *t = timer_new(l, fn, arg);

	t->weak = true;
	return t;
}

static void
set_at(struct timer *t, int64_t at)
{
	if (t->slot != 0)
		heap_remove(t);
	t->at = at;
	heap_insert(t);
	if (t->slot == 1)
		tick_arm(t->all);
}

void
timer_set(struct timer *t, int64_t ms)
{
	set_at(t, clock_mono(t->all->clock) + (ms > 0 ? ms : 0));
}

void
timer_set_coarse(struct timer *t, int64_t ms)
{
	int64_t	at = clock_mono(t->all->clock) + (ms > 0 ? ms : 0) + COARSE_MS - 1;

	set_at(t, at - at % COARSE_MS);
}

void
timer_stop(struct timer *t)
{
	if (t->slot != 0)
		heap_remove(t);
	if (t->all->n == 0)
		tick_arm(t->all);
}

bool
timer_armed(const struct timer *t)
{
	return t->slot != 0;
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	timer_stop(t);
	free(t);
}

struct timer *
loop_every(struct loop *l, int64_t ms, loop_fn fn, void *arg)
{
	struct timer *t = timer_new(l, fn, arg);

	t->every = ms > 0 ? ms : 1;
	timer_set(t, t->every);
	return t;
}

/* --- for loop.c ------------------------------------------------------------ */

struct timers *
timers_new(struct event_base *base, const struct clock *c)
{
	struct timers *h = xcalloc(1, sizeof *h);

	h->clock = c;
	if ((h->tick = event_new(base, -1, 0, on_tick, h)) == NULL)
		fatalx("loop: out of memory");
	return h;
}

void
timers_free(struct timers *h)
{
	event_free(h->tick);
	free(h->v);
	free(h);
}

void
timers_sync(struct timers *h)
{
	if (h->clock->skew_ms != h->armed_skew)
		tick_arm(h);
}

bool
timers_serve(const struct timers *h)
{
	return h->n > h->weak_n;
}

int
timers_events(const struct timers *h)
{
	return event_pending(h->tick, EV_TIMEOUT, NULL) != 0;
}
