/*
 * loop.c - see loop.h.
 *
 * On top of libevent's base: the timers (timer.c), and the deferred calls,
 * which run from one event (`post`) that comes after all descriptor events of
 * a pass.
 */
#include "io/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/log.h"
#include "base/queue.h"
#include "base/xmalloc.h"
#include "io/busypoll.h"
#include "io/dnslib.h"
#include "io/inside.h"

/* Rounds of deferred work before descriptors are looked at again. */
#define POST_ROUNDS	8
/* glibc would otherwise give blocks of 64 KiB back to the system and fetch them
 * again all the time; what a burst leaves behind is returned after TRIM_MS. */
#define TRIM_THRESHOLD	(128 * 1024 * 1024)
#define MMAP_THRESHOLD	(32 * 1024 * 1024)	/* the most that glibc takes */
#define TRIM_MS		30000

struct deferred {
	loop_fn			 fn;
	void			*arg;
	TAILQ_ENTRY(deferred)	 entry;
};
TAILQ_HEAD(deferred_list, deferred);

struct handler {			/* of a signal */
	struct event		*ev;
	loop_fn			 fn;
	void			*arg;
	TAILQ_ENTRY(handler)	 entry;
};

struct loop {
	struct event_base	*base;
	struct event		*post;
	struct event		*limit;		/* of loop_turn */
	struct clock		 clock;
	int64_t			 now;		/* of this turn; 0: not asked yet */
	bool			 turning;
	struct timers		*timers;
	struct deferred_list	 deferred;
	struct deferred_list	 after;		/* of loop_after */
	struct deferred_list	 spare;		/* used ones, kept for the next */
	size_t			 deferred_n, spare_n;
	TAILQ_HEAD(, handler)	 handlers;
	struct timer		*trim;
	struct loop_io		 io;
	struct busypoll		 poll;
	uint64_t		 stirs;		/* what happened so far */
	bool			 alone;		/* on one processor: who looks, hinders */
	size_t			 owed;		/* children let go of, not yet reaped */
	bool			 posted;
	bool			 stop;
};

static void
on_libevent_log(int severity, const char *msg)
{
	if (severity >= EVENT_LOG_WARN)
		log_warn("libevent: %s", msg);
	else
		log_debug("libevent: %s", msg);
}

static void
on_libevent_fatal(int code)
{
	fatalx("libevent: fatal error %d", code);
}

static void
set_process_options(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_IGN;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		fatal("ignore SIGPIPE");
#ifdef __GLIBC__
	if (mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD) == 0 ||
	    mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD) == 0)
		log_debug("loop: malloc refused its options");
#endif
	event_set_log_callback(on_libevent_log);
	event_set_fatal_callback(on_libevent_fatal);
}

/* --- deferred calls ------------------------------------------------------ */

void
loop_post(struct loop *l)
{
	l->stirs++;
	if (l->posted)
		return;
	l->posted = true;
	event_active(l->post, EV_TIMEOUT, 0);
}

static struct deferred *
deferred_new(struct loop *l, loop_fn fn, void *arg)
{
	struct deferred *d;

	if ((d = TAILQ_FIRST(&l->spare)) != NULL) {
		TAILQ_REMOVE(&l->spare, d, entry);
		l->spare_n--;
	} else
		d = xmalloc(sizeof *d);
	d->fn = fn;
	d->arg = arg;
	loop_post(l);
	return d;
}

static void
deferred_free(struct loop *l, struct deferred *d)
{
	if (l->spare_n >= 64) {
		free(d);
		return;
	}
	TAILQ_INSERT_HEAD(&l->spare, d, entry);
	l->spare_n++;
}

void
loop_defer(struct loop *l, loop_fn fn, void *arg)
{
	struct deferred *d = deferred_new(l, fn, arg);

	TAILQ_INSERT_TAIL(&l->deferred, d, entry);
	l->deferred_n++;
}

static void
deferred_drop(struct loop *l, struct deferred *d)
{
	TAILQ_REMOVE(&l->deferred, d, entry);
	l->deferred_n--;
	deferred_free(l, d);
}

void
loop_after(struct loop *l, loop_fn fn, void *arg)
{
	struct deferred *d = deferred_new(l, fn, arg);

	TAILQ_INSERT_TAIL(&l->after, d, entry);
}

void
loop_undefer(struct loop *l, loop_fn fn, void *arg)
{
	struct deferred *d, *next;

	TAILQ_FOREACH_SAFE(d, &l->deferred, entry, next)
		if (d->fn == fn && d->arg == arg)
			deferred_drop(l, d);
}

/* Runs what waits now; what these calls defer waits for the next round. */
static bool
run_deferred(struct loop *l)
{
	struct deferred	*d;
	size_t		 n = l->deferred_n;
	bool		 any = n > 0;
	loop_fn		 fn;
	void		*arg;

	while (n-- > 0 && (d = TAILQ_FIRST(&l->deferred)) != NULL) {
		fn = d->fn;
		arg = d->arg;
		deferred_drop(l, d);
		fn(arg);
	}
	return any;
}

/* These may defer, and ask for more of their kind. */
static void
run_after(struct loop *l)
{
	struct deferred *d;
	loop_fn		 fn;
	void		*arg;

	while ((d = TAILQ_FIRST(&l->after)) != NULL) {
		TAILQ_REMOVE(&l->after, d, entry);
		fn = d->fn;
		arg = d->arg;
		deferred_free(l, d);
		fn(arg);
	}
}

static void
on_post(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval	 at_once = { 0, 0 };
	struct loop			*l = arg;
	int				 round;
	bool				 any = true;

	(void)fd;
	(void)what;
	for (round = 0; any && round < POST_ROUNDS; round++) {
		any = run_deferred(l);
		if (any)	/* a body behind its head: out with both at once */
			run_deferred(l);
		any = stream_run_ready(l) || any;
	}
	if (l->deferred_n == 0 && l->io.ready_n == 0)
		run_after(l);
	stream_reap(l);
	l->posted = l->deferred_n > 0 || l->io.ready_n > 0 || !TAILQ_EMPTY(&l->after);
	/* Descriptors first, then the rest. */
	if (l->posted && event_add(l->post, &at_once) == -1)
		fatalx("loop: cannot go on with deferred calls");
}

/* --- the loop ------------------------------------------------------------ */

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
on_trim(void *arg)
{
	(void)arg;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void
loop_traffic(struct loop *l, size_t n)
{
	busypoll_moved(&l->poll, n);
	if (!timer_armed(l->trim))
		timer_set(l->trim, TRIM_MS);
}

/* libevent would fall back to select(2), or end the program. */
static bool
enough_descriptors(void)
{
	int	p[2], q[2];

	if (pipe(p) == -1)
		return false;
	if (pipe(q) == -1) {
		close(p[0]);
		close(p[1]);
		return false;
	}
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
	return true;
}

static struct event_base *
make_base(void)
{
	struct event_config	*c = event_config_new();
	struct event_base	*base;

	if (c == NULL)
		fatalx("loop: out of memory");
	event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(c);
	event_config_free(c);
	return base;
}

struct loop *
loop_new(struct err *e)
{
	struct loop *l;

	set_process_options();
	if (!enough_descriptors()) {
		err_errno(e, "make the event loop");
		return NULL;
	}
	l = xcalloc(1, sizeof *l);
	if ((l->base = make_base()) == NULL) {
		err_set(e, "make the event loop: libevent refused");
		free(l);
		return NULL;
	}
	TAILQ_INIT(&l->deferred);
	TAILQ_INIT(&l->after);
	TAILQ_INIT(&l->spare);
	TAILQ_INIT(&l->handlers);
	TAILQ_INIT(&l->io.ready);
	TAILQ_INIT(&l->io.dead);
	deadline_init(&l->io);
	l->timers = timers_new(l->base, &l->clock);
	l->post = event_new(l->base, -1, 0, on_post, l);
	l->limit = event_new(l->base, -1, 0, on_limit, l);
	if (l->post == NULL || l->limit == NULL)
		fatalx("loop: out of memory");
	l->trim = timer_new_weak(l, on_trim, l);
	l->alone = sysconf(_SC_NPROCESSORS_ONLN) == 1;
	l->io.in = xmalloc(SCRATCH_IN);
	l->io.out = xmalloc(SCRATCH_OUT);
	l->io.plain = xmalloc(SCRATCH_PLAIN);
	return l;
}

static void
free_lists(struct loop *l)
{
	struct deferred	*d;
	struct handler	*h;

	while ((d = TAILQ_FIRST(&l->deferred)) != NULL)
		deferred_drop(l, d);
	while ((d = TAILQ_FIRST(&l->spare)) != NULL) {
		TAILQ_REMOVE(&l->spare, d, entry);
		free(d);
	}
	while ((h = TAILQ_FIRST(&l->handlers)) != NULL) {
		TAILQ_REMOVE(&l->handlers, h, entry);
		event_free(h->ev);
		free(h);
	}
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	if (l->io.dns != NULL) {
		evdns_base_free(l->io.dns, 1);
		/* Lookups that were given up are told so, from the loop. */
		event_base_loop(l->base, EVLOOP_NONBLOCK);
	}
	run_after(l);
	stream_drop_soft(l);
	stream_reap(l);
	free_lists(l);
	timer_free(l->io.sweep);
	timer_free(l->trim);
	event_free(l->post);
	event_free(l->limit);
	timers_free(l->timers);
	event_base_free(l->base);
	free(l->io.in);
	free(l->io.out);
	free(l->io.plain);
	free(l);
}

/* Could anything still happen? Timers that only serve others do not count. */
static bool
loop_alive(const struct loop *l)
{
	int n;

	if (l->posted || timers_serve(l->timers))
		return true;
	n = event_base_get_num_events(l->base, EVENT_BASE_COUNT_ADDED);
	n -= timers_events(l->timers);
	return n > 0;
}

static void
turn(struct loop *l, int flags)
{
	timers_sync(l->timers);
	l->now = 0;
	l->turning = true;
	if (event_base_loop(l->base, flags) == -1)
		fatal("loop: wait for events");
	l->turning = false;
}

static int64_t
steady_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A turn as the loop has it for itself: it sleeps until there is something to do,
 * unless that most likely comes at once. */
static void
turn_or_sleep(struct loop *l)
{
	uint64_t	stirs = l->stirs;
	bool		awake;

	if (l->posted || l->alone) {
		turn(l, EVLOOP_ONCE);
		return;
	}
	awake = busypoll_awake(&l->poll, steady_us());
	turn(l, awake ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
	if (l->stirs != stirs)
		busypoll_came(&l->poll, steady_us());
	else if (awake)
		sched_yield();
}

void
loop_run(struct loop *l)
{
	while (!l->stop && loop_alive(l))
		turn_or_sleep(l);
	l->stop = false;
}

void
loop_turn(struct loop *l, int64_t ms)
{
	struct timeval tv;

	if (ms <= 0) {
		/* Without ONCE it would go on while anything is active. */
		turn(l, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		return;
	}
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	if (event_add(l->limit, &tv) == -1)
		fatalx("loop: cannot arm the limit of a turn");
	turn(l, EVLOOP_ONCE);
	event_del(l->limit);
}

void
loop_owe(struct loop *l)
{
	l->owed++;
}

void
loop_paid(struct loop *l)
{
	l->owed--;
}

void
loop_settle(struct loop *l, int64_t ms)
{
	int64_t	left = ms, until = clock_mono(&l->clock) + ms;

	loop_turn(l, 0);	/* what was closed now is freed now */
	for (; l->owed > 0 && left > 0; left = until - clock_mono(&l->clock))
		loop_turn(l, left);
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
	/* Where nothing else wakes the loop up: it was asked from outside. */
	loop_post(l);
}

struct clock *
loop_clock(struct loop *l)
{
	return &l->clock;
}

int64_t
loop_now(struct loop *l)
{
	if (!l->turning)
		return clock_mono(&l->clock);
	if (l->now == 0)
		l->now = clock_mono(&l->clock);
	return l->now;
}

void
loop_stir(struct loop *l)
{
	l->stirs++;
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

struct timers *
loop_timers(struct loop *l)
{
	return l->timers;
}

struct loop_io *
loop_io(struct loop *l)
{
	return &l->io;
}

/* --- signals ------------------------------------------------------------- */

static void
on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct handler *h = arg;

	(void)signo;
	(void)what;
	h->fn(h->arg);
}

void
loop_signal(struct loop *l, int signo, loop_fn fn, void *arg)
{
	struct handler *h;

	TAILQ_FOREACH(h, &l->handlers, entry)
		if (event_get_signal(h->ev) == signo)
			fatalx("loop: two handlers for signal %d", signo);
	h = xmalloc(sizeof *h);
	h->fn = fn;
	h->arg = arg;
	h->ev = evsignal_new(l->base, signo, on_signal, h);
	if (h->ev == NULL || event_add(h->ev, NULL) == -1)
		fatalx("loop: cannot catch signal %d", signo);
	TAILQ_INSERT_TAIL(&l->handlers, h, entry);
}

void
loop_unsignal(struct loop *l, int signo)
{
	struct handler *h;

	TAILQ_FOREACH(h, &l->handlers, entry)
		if (event_get_signal(h->ev) == signo)
			break;
	if (h == NULL)
		return;
	TAILQ_REMOVE(&l->handlers, h, entry);
	event_free(h->ev);
	free(h);
}
