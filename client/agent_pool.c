/* agent_pool.c - see agent_pool.h. */
#include "client/agent_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/queue.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/tls.h"

#define DIAL_MS		(15 * 1000)
#define SWEEP_MS	5000
/* After the last one was taken, another is made unless it comes back so soon:
 * most commands are short, and a handshake beside them would slow them down. */
#define SPARE_MS	50

struct line {
	struct agent_pool	*pool;
	struct stream		*s;
	bool			 ready;		/* else it is being dialed */
	int64_t			 mono, wall;	/* when it became ready */
	TAILQ_ENTRY(line)	 entry;
};
TAILQ_HEAD(line_list, line);

struct pool_want {
	pool_fn			 fn;
	void			*arg;
	TAILQ_ENTRY(pool_want)	 entry;
};

struct agent_pool {
	struct loop		*loop;
	struct tls_ctx		*tls;
	char			*address;
	struct line_list	 lines;		/* last used first */
	size_t			 dialing, ready;
	TAILQ_HEAD(, pool_want)	 wants;		/* oldest first */
	size_t			 wants_n;
	struct timer		*spare, *sweep;
	bool			 failing;	/* the last dial was refused */
	bool			 closed;
};

static void	pool_serve(void *arg);
static void	pool_dial(struct agent_pool *);

/* --- lines ------------------------------------------------------------------- */

static void
line_free(struct line *l)
{
	struct agent_pool	*p = l->pool;

	TAILQ_REMOVE(&p->lines, l, entry);
	if (l->ready)
		p->ready--;
	else
		p->dialing--;
	free(l);
}

static void
line_drop(struct line *l)
{
	stream_close(l->s);
	line_free(l);
}

/* Nothing came from the server, which has nothing to say now but goodbye; and
 * it is not too old, by either clock: the one stands still while we sleep. */
static bool
line_is_good(const struct line *l)
{
	const struct clock	*c = loop_clock(l->pool->loop);
	int64_t			 mono = clock_mono(c) - l->mono;
	int64_t			 wall = clock_wall(c) - l->wall;

	return stream_is_open(l->s) && !stream_at_eof(l->s) &&
	    buf_len(stream_in(l->s)) == 0 && mono < POOL_IDLE_MS &&
	    wall < POOL_IDLE_MS && wall > -POOL_IDLE_MS;
}

static void
line_now_ready(struct line *l)
{
	struct agent_pool	*p = l->pool;

	l->ready = true;
	l->mono = clock_mono(loop_clock(p->loop));
	l->wall = clock_wall(loop_clock(p->loop));
	p->ready++;
	loop_defer(p->loop, pool_serve, p);
}

static void
on_open(struct stream *s, void *arg)
{
	struct line	*l = arg;

	(void)s;
	l->pool->dialing--;
	l->pool->failing = false;
	line_now_ready(l);
}

static void
on_said(struct stream *s, void *arg)
{
	struct line	*l = arg;

	(void)s;
	if (l->ready)
		line_drop(l);
}

/* The oldest of those who wait hears why, and can go itself. */
static void
on_error(struct stream *s, const struct err *why, void *arg)
{
	struct line		*l = arg;
	struct agent_pool	*p = l->pool;
	struct pool_want	*w = TAILQ_FIRST(&p->wants);
	bool			 dialed = !l->ready;
	struct pool_want	 told;

	(void)s;
	line_drop(l);
	if (dialed)
		p->failing = true;
	if (!dialed || w == NULL)
		return;
	told = *w;
	agent_pool_cancel(p, w);
	told.fn(NULL, why, told.arg);
}

static const struct stream_cb line_cb = {
	.open = on_open,
	.read = on_said,
	.eof = on_said,
	.error = on_error,
};

static void
line_add(struct agent_pool *p, struct stream *s, bool ready)
{
	struct line	*l = xcalloc(1, sizeof *l);

	l->pool = p;
	l->s = s;
	TAILQ_INSERT_HEAD(&p->lines, l, entry);
	stream_set_cb(s, &line_cb, l);
	if (ready)
		line_now_ready(l);
	else
		p->dialing++;
}

static void
pool_dial(struct agent_pool *p)
{
	struct net_dial	d = { .address = p->address, .tls = p->tls,
	    .ms = DIAL_MS, .proxied = p->tls != NULL };

	line_add(p, net_dial(p->loop, &d), false);
}

/* --- lending ----------------------------------------------------------------- */

static struct line *
pool_find(struct agent_pool *p)
{
	struct line	*l, *next;

	TAILQ_FOREACH_SAFE(l, &p->lines, entry, next) {
		if (!l->ready)
			continue;
		if (line_is_good(l))
			return l;
		line_drop(l);
	}
	return NULL;
}

static void
pool_lend(struct agent_pool *p, struct line *l)
{
	static const struct stream_cb	 none;
	struct pool_want		*w = TAILQ_FIRST(&p->wants), lent = *w;
	struct stream			*s = l->s;

	stream_set_cb(s, &none, NULL);
	line_free(l);
	agent_pool_cancel(p, w);
	lent.fn(s, NULL, lent.arg);
}

/* Runs after all that the descriptors of this turn told: a server's goodbye
 * that has arrived is known. */
static void
pool_serve(void *arg)
{
	struct agent_pool	*p = arg;
	struct line		*l;

	while (!TAILQ_EMPTY(&p->wants) && (l = pool_find(p)) != NULL)
		pool_lend(p, l);
	while (p->dialing < p->wants_n)
		pool_dial(p);
	if (p->ready == 0)
		timer_set(p->spare, SPARE_MS);
}

bool
agent_pool_is_down(struct agent_pool *p)
{
	if (p->ready > 0 || !p->failing)
		return false;
	if (p->dialing == 0)
		pool_dial(p);
	return true;
}

struct pool_want *
agent_pool_take(struct agent_pool *p, pool_fn fn, void *arg, bool *waits)
{
	struct pool_want	*w = xcalloc(1, sizeof *w);

	w->fn = fn;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&p->wants, w, entry);
	*waits = ++p->wants_n > p->ready;
	loop_defer(p->loop, pool_serve, p);
	return w;
}

void
agent_pool_cancel(struct agent_pool *p, struct pool_want *w)
{
	TAILQ_REMOVE(&p->wants, w, entry);
	p->wants_n--;
	free(w);
}

void
agent_pool_add(struct agent_pool *p, struct stream *s)
{
	if (p->closed || p->ready >= POOL_IDLE_MAX)
		stream_close(s);
	else
		line_add(p, s, true);
}

size_t
agent_pool_ready(const struct agent_pool *p)
{
	return p->ready;
}

/* --- keeping one ready ---------------------------------------------------------- */

/* A server that refuses is not asked again before somebody wants it. */
static void
on_spare(void *arg)
{
	struct agent_pool	*p = arg;

	if (!p->closed && !p->failing && p->ready + p->dialing == 0)
		pool_dial(p);
}

static void
on_sweep(void *arg)
{
	struct agent_pool	*p = arg;
	struct line		*l, *next;

	TAILQ_FOREACH_SAFE(l, &p->lines, entry, next)
		if (l->ready && !line_is_good(l))
			line_drop(l);
	on_spare(p);
}

/* --- life ------------------------------------------------------------------------ */

struct agent_pool *
agent_pool_new(struct loop *loop, const char *address, const char *ca,
    struct err *e)
{
	struct tls_ctx		*tls = tls_client(ca,
	    ca != NULL ? TLS_VERIFY_CHAIN : TLS_VERIFY_FULL, e);
	struct agent_pool	*p;

	if (tls == NULL)
		return NULL;
	p = xcalloc(1, sizeof *p);
	p->loop = loop;
	p->tls = tls;
	p->address = xstrdup(address);
	TAILQ_INIT(&p->lines);
	TAILQ_INIT(&p->wants);
	p->spare = timer_new(loop, on_spare, p);
	p->sweep = loop_every(loop, SWEEP_MS, on_sweep, p);
	pool_dial(p);
	return p;
}

void
agent_pool_close(struct agent_pool *p)
{
	struct line	*l, *next;

	p->closed = true;
	TAILQ_FOREACH_SAFE(l, &p->lines, entry, next)
		if (l->ready || p->wants_n == 0)
			line_drop(l);
}

void
agent_pool_free(struct agent_pool *p)
{
	struct pool_want	*w, *next;
	struct line		*l;

	TAILQ_FOREACH_SAFE(w, &p->wants, entry, next)
		agent_pool_cancel(p, w);
	while ((l = TAILQ_FIRST(&p->lines)) != NULL)
		line_drop(l);
	loop_undefer(p->loop, pool_serve, p);
	timer_free(p->spare);
	timer_free(p->sweep);
	tls_ctx_free(p->tls);
	free(p->address);
	free(p);
}
