/*
 * session.c - what every session does alike, whichever its carrier: defaults,
 * openings that wait, and the way to the end.
 */
#include "revdial/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

static void
fill_config(struct revdial_config *c, const struct revdial_config *given)
{
	static const struct revdial_config defaults = {
		.ping_ms = 10000, .dead_ms = 30000, .open_ms = 20000,
		.write_ms = 10000, .streams_max = 4096, .accept_max = 256,
		.window_max = 16 * 1024 * 1024, .memory_max = 64 * 1024 * 1024,
	};

	*c = given != NULL ? *given : defaults;
#define FILL(member) if (c->member == 0) c->member = defaults.member
	FILL(ping_ms);
	FILL(dead_ms);
	FILL(open_ms);
	FILL(write_ms);
	FILL(streams_max);
	FILL(accept_max);
	FILL(window_max);
	FILL(memory_max);
#undef FILL
}

void
session_init(struct revdial *r, const struct session_ops *ops, struct loop *l,
    struct stream *carrier, const struct revdial_config *config,
    const struct revdial_cb *cb, void *arg)
{
	r->ops = ops;
	r->loop = l;
	r->cb = cb;
	r->arg = arg;
	r->carrier = carrier;
	r->peer = xstrdup(stream_peer(carrier));
	r->last_heard = clock_mono(loop_clock(l));
	TAILQ_INIT(&r->openings);
	fill_config(&r->config, config);
}

void
session_heard(struct revdial *r)
{
	r->last_heard = loop_now(r->loop);
}

void
session_down(struct revdial *r, int code, const char *fmt, ...)
{
	char	text[ERR_MAX];
	size_t	len = strlen(r->peer);
	va_list	ap;

	if (r->down || r->freed)
		return;
	r->down = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_code(&r->why, code, "%s", text);
	/* What the carrier says begins with its name already. */
	if (strncmp(text, r->peer, len) != 0 || text[len] != ':')
		err_wrap(&r->why, "%s", r->peer);
	r->ops->cut(r, r->why.msg);
	session_post(r);
}

/* --- openings ----------------------------------------------------------------- */

void
session_opened(struct revdial *r, struct opening *o, struct stream *s,
    const struct err *why)
{
	struct opening was = *o;

	TAILQ_REMOVE(&r->openings, o, entry);
	free(o);
	was.fn(s, why, was.arg);
}

/* All that wait now get none; those that their owners ask for meanwhile wait for
 * the next round, or an owner who tries again at once would never let us go. */
void
session_refuse(struct revdial *r, const struct err *why)
{
	struct opening	*last = TAILQ_LAST(&r->openings, opening_list), *o = NULL;

	while (!r->freed && last != NULL && o != last) {
		o = TAILQ_FIRST(&r->openings);
		session_opened(r, o, NULL, why);
	}
	if (!r->freed && !TAILQ_EMPTY(&r->openings))
		session_post(r);
}

/* The oldest are first. */
void
session_expire(struct revdial *r)
{
	struct opening	*o;
	struct err	 e = ERR_INIT;
	int64_t		 now = loop_now(r->loop);

	if ((o = TAILQ_FIRST(&r->openings)) == NULL || o->by > now)
		return;
	err_code(&e, STREAM_TIMEOUT, "%s: a new stream was not taken in time", r->peer);
	while (!r->freed && (o = TAILQ_FIRST(&r->openings)) != NULL && o->by <= now)
		session_opened(r, o, NULL, &e);
}

void
revdial_open(struct revdial *r, revdial_open_fn opened, void *arg)
{
	struct opening *o = xcalloc(1, sizeof *o);

	o->fn = opened;
	o->arg = arg;
	o->by = clock_mono(loop_clock(r->loop)) + r->config.open_ms;
	TAILQ_INSERT_TAIL(&r->openings, o, entry);
	session_post(r);
}

/* --- work --------------------------------------------------------------------- */

static void
tell_down(struct revdial *r)
{
	session_refuse(r, &r->why);
	if (r->freed || r->told)
		return;
	r->told = true;
	if (r->cb->down != NULL)
		r->cb->down(r, &r->why, r->arg);
}

static void
on_work(void *arg)
{
	struct revdial *r = arg;

	r->posted = false;
	if (!r->down)
		r->ops->work(r);
	if (r->down)
		tell_down(r);
}

void
session_post(struct revdial *r)
{
	if (r->posted || r->freed)
		return;
	r->posted = true;
	loop_defer(r->loop, on_work, r);
}

/* --- the interface -------------------------------------------------------------- */

void
revdial_drain(struct revdial *r)
{
	if (r->down || r->draining)
		return;
	r->draining = true;
	r->ops->drain(r);
	session_post(r);
}

static void
reap(void *arg)
{
	struct revdial *r = arg;

	free(r->peer);
	r->ops->destroy(r);
}

void
revdial_free(struct revdial *r)
{
	struct opening	*o;
	char		 why[ERR_MAX];

	if (r == NULL || r->freed)
		return;
	r->freed = true;
	loop_undefer(r->loop, on_work, r);
	while ((o = TAILQ_FIRST(&r->openings)) != NULL) {
		TAILQ_REMOVE(&r->openings, o, entry);
		free(o);
	}
	if (!r->down) {
		snprintf(why, sizeof why, "%s: the session was closed", r->peer);
		r->ops->cut(r, why);
	}
	loop_defer(r->loop, reap, r);
}

const char *
revdial_name(const struct revdial *r)
{
	return r->ops->name;
}

size_t
revdial_streams(const struct revdial *r)
{
	return r->down ? 0 : r->ops->streams(r);
}

bool
revdial_leaves(const struct revdial *r)
{
	return !r->down && r->ops->leaves != NULL && r->ops->leaves(r);
}

int64_t
revdial_last_heard(const struct revdial *r)
{
	return r->last_heard;
}

int64_t
revdial_rtt_us(const struct revdial *r)
{
	return r->ops->rtt_us(r);
}

const char *
revdial_peer(const struct revdial *r)
{
	return r->peer;
}
