/*
 * pool_reverse.c - dedicated machines: they come when they are switched on,
 * and nothing that we could do makes more of them.
 */
#include "coordinator/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/loop.h"

struct pool {
	struct loop	*loop;
};

static struct pool *
rp_start(const struct pool_host *host, struct err *e)
{
	struct pool	*p = xcalloc(1, sizeof *p);

	(void)e;
	p->loop = host->loop;
	return p;
}

static void
rp_types(struct pool *p, const struct catalog *c)
{
	(void)p;
	(void)c;
}

static void
rp_want(struct pool *p, const char *host_type, size_t n)
{
	(void)p;
	(void)host_type;
	(void)n;
}

static void
rp_event(struct pool *p, const char *name, enum pool_event ev)
{
	(void)p;
	(void)name;
	(void)ev;
}

static void
rp_sweep(struct pool *p, int64_t now)
{
	(void)p;
	(void)now;
}

static void
rp_describe(struct pool *p, const char *host_type, struct pool_row *row)
{
	(void)p;
	(void)host_type;
	memset(row, 0, sizeof *row);
}

static void
rp_stop(struct pool *p, int64_t ms, void (*done)(void *), void *arg)
{
	(void)ms;
	loop_defer(p->loop, done, arg);
}

static void
rp_free(struct pool *p)
{
	free(p);
}

const struct pool_ops pool_reverse_ops = {
	.name = "reverse",
	.start = rp_start,
	.types = rp_types,
	.want = rp_want,
	.event = rp_event,
	.sweep = rp_sweep,
	.describe = rp_describe,
	.stop = rp_stop,
	.free = rp_free,
};
