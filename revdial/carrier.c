/*
 * carrier.c - a yamux session on a stream: what comes goes to the mux, what
 * the mux gives goes out, up to the marks; heartbeats; openings and accepts.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "revdial/session.h"
#include "revdial/stream.h"

#define CLOSE_MS	1000	/* for the last frames to go out */
#define HOLD		2	/* passes of deferred calls until every stream has flushed */

/* Opened by the peer, not yet handed to the owner. */
struct arrival {
	struct stream		*s;
	TAILQ_ENTRY(arrival)	 entry;
};

struct carrier {
	struct revdial		 r;
	struct mux		*m;
	struct timer		*beat;
	size_t			 refused;	/* streams, since the last beat */
	TAILQ_HEAD(, arrival)	 arrivals;
	int			 hold;		/* passes that output still waits for */
	bool			 tell_leaves;	/* the peer said so, our owner is to hear it */
};

static struct carrier *
of(struct revdial *r)
{
	return (struct carrier *)r;
}

/* --- the mux's events ------------------------------------------------------------ */

static int64_t
on_now_us(void *arg)
{
	struct carrier	*c = arg;
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + loop_clock(c->r.loop)->skew_ms) * 1000 +
	    ts.tv_nsec / 1000;
}

static void
on_want_output(void *arg)
{
	session_post(arg);
}

static bool
on_opened(struct mux_stream *ms, void *arg)
{
	struct carrier	*c = arg;
	struct arrival	*a;

	if (c->r.cb->accept == NULL)
		return false;
	a = xmalloc(sizeof *a);
	a->s = rd_stream_new(c->r.loop, ms, c->r.peer);
	TAILQ_INSERT_TAIL(&c->arrivals, a, entry);
	session_post(&c->r);
	return true;
}

/* A peer may do so thousands of times a second: one line a heartbeat. */
static void
on_refused(const char *why, void *arg)
{
	struct carrier *c = arg;

	if (c->refused++ == 0)
		log_info("%s: refused a stream: %s", c->r.peer, why);
}

static void
on_pong(void *arg)
{
	struct carrier *c = arg;

	if (mux_leaves(c->m))
		session_post(&c->r);
}

static void
on_peer_leaves(void *arg)
{
	struct carrier *c = arg;

	log_info("%s: takes no new streams any more", c->r.peer);
	c->tell_leaves = true;
	session_post(&c->r);
}

static const struct mux_ops mux_ops = {
	.now_us = on_now_us,
	.want_output = on_want_output,
	.opened = on_opened,
	.refused = on_refused,
	.may_open = on_want_output,
	.received = rd_stream_received,
	.sent = rd_stream_sent,
	.eof = rd_stream_eof,
	.ended = rd_stream_ended,
	.pong = on_pong,
	.peer_leaves = on_peer_leaves,
};

/* --- work ------------------------------------------------------------------------ */

/* These two tell whether somebody got a stream. */
static bool
deliver(struct carrier *c)
{
	struct arrival	*a;
	struct stream	*s;
	bool		 any = false;

	while (!c->r.freed && (a = TAILQ_FIRST(&c->arrivals)) != NULL) {
		TAILQ_REMOVE(&c->arrivals, a, entry);
		s = a->s;
		free(a);
		if (!rd_stream_alive(s)) {
			stream_close(s);
			continue;
		}
		rd_stream_open(s);
		c->r.cb->accept(&c->r, s, c->r.arg);
		any = true;
	}
	return any;
}

/* Those that wait now; who asks again from his callback gets his turn after the
 * others had theirs. */
static bool
open_waiting(struct carrier *c)
{
	struct opening		*last = TAILQ_LAST(&c->r.openings, opening_list), *o = NULL;
	struct mux_stream	*ms;
	struct stream		*s;
	struct err		 e = ERR_INIT;
	bool			 any = false;

	while (!c->r.freed && !c->r.down && last != NULL && o != last) {
		o = TAILQ_FIRST(&c->r.openings);
		ms = mux_open(c->m, &e);
		if (ms == NULL && e.code == EAGAIN)
			return any;
		if (ms == NULL) {
			err_wrap(&e, "%s", c->r.peer);
			session_refuse(&c->r, &e);
			return any;
		}
		s = rd_stream_new(c->r.loop, ms, c->r.peer);
		rd_stream_open(s);
		session_opened(&c->r, o, s, NULL);
		any = true;
	}
	if (!c->r.freed && !TAILQ_EMPTY(&c->r.openings))
		session_post(&c->r);
	return any;
}

/* Fills the carrier up to its mark. The rest follows when it has drained. */
static void
pump(struct carrier *c)
{
	struct evbuffer	*out;
	struct err	 e = ERR_INIT;
	size_t		 len;

	if (c->r.freed || c->r.down || !mux_has_output(c->m))
		return;
	out = stream_out(c->r.carrier);
	len = evbuffer_get_length(out);
	if (len >= STREAM_OUT_HIGH)
		return;
	if (mux_output(c->m, out, STREAM_OUT_HIGH - len, &e) == -1)
		session_down(&c->r, STREAM_SYSTEM, "%s", e.msg);
	else
		stream_wrote(c->r.carrier);
}

/* Who just got a stream is likely to write on it at once: the frame that opens or
 * answers it waits for that, so that both go in one record and wake the other side
 * once. Never for longer, whoever gets one meanwhile. */
static bool
is_held(struct carrier *c, bool handed_over)
{
	if (c->hold == 0)
		c->hold = handed_over ? HOLD : 0;
	else
		c->hold--;
	if (c->hold > 0 && !c->r.freed)
		session_post(&c->r);
	return c->hold > 0;
}

static void
carrier_work(struct revdial *r)
{
	struct carrier	*c = of(r);
	bool		 any = deliver(c);

	if (!r->freed && c->tell_leaves) {
		c->tell_leaves = false;
		if (r->cb->leaves != NULL)
			r->cb->leaves(r, r->arg);
	}
	any = open_waiting(c) || any;
	if (!is_held(c, any))
		pump(c);
	if (!r->freed && !r->down && stream_unsent(r->carrier) == 0 && mux_parted(c->m))
		session_down(r, 0, "drained");
}

/* --- the carrier's events ------------------------------------------------------------ */

static void
on_read(struct stream *s, void *arg)
{
	struct carrier	*c = arg;
	struct err	 e = ERR_INIT;

	session_heard(&c->r);
	if (mux_input(c->m, stream_in(s), &e) == -1)
		session_down(&c->r, STREAM_RESET, "%s", e.msg);
	else
		stream_consumed(s);
}

static void
on_drained(struct stream *s, void *arg)
{
	(void)s;
	session_post(arg);
}

/* One side has taken leave, and no stream is left. */
static bool
all_ended(const struct carrier *c)
{
	return (mux_leaves(c->m) || mux_peer_leaves(c->m)) && mux_streams(c->m) == 0;
}

static void
on_eof(struct stream *s, void *arg)
{
	struct carrier *c = arg;

	(void)s;
	if (mux_leaves(c->m) && mux_streams(c->m) == 0)
		session_down(&c->r, 0, "drained");
	else if (mux_peer_leaves(c->m))
		session_down(&c->r, 0, "left");
	else
		session_down(&c->r, STREAM_RESET, "closed the connection");
}

static void
on_error(struct stream *s, const struct err *e, void *arg)
{
	struct carrier *c = arg;

	if (e->code == STREAM_RESET && all_ended(c))
		on_eof(s, arg);
	else
		session_down(&c->r, e->code, "%s", e->msg);
}

static const struct stream_cb carrier_cb = {
	.read = on_read,
	.drained = on_drained,
	.eof = on_eof,
	.error = on_error,
};

/* All is said, and only the answer to the last ping is missing: for so long yet,
 * since a peer may say other things for ever. */
static int64_t
parting_left(const struct carrier *c)
{
	int64_t us = mux_parting_us(c->m);

	return us == -1 ? INT64_MAX : c->r.config.dead_ms - us / 1000;
}

/* One timer a session, set for when it would be silent for too long; bytes
 * that come meanwhile do not touch it. */
static void
on_beat(void *arg)
{
	struct carrier	*c = arg;
	int64_t		 silent = loop_now(c->r.loop) - c->r.last_heard;
	int64_t		 left = parting_left(c);

	session_expire(&c->r);
	if (left <= 0)
		session_down(&c->r, STREAM_TIMEOUT, "never answered the last ping");
	if (c->r.freed || c->r.down)
		return;
	mux_tick(c->m);
	if (c->refused > 1)
		log_info("%s: refused %zu streams", c->r.peer, c->refused);
	c->refused = 0;
	if (silent >= c->r.config.ping_ms) {
		mux_ping(c->m);
		silent = 0;
	}
	silent = c->r.config.ping_ms - silent;
	timer_set_coarse(c->beat, left < silent ? left : silent);
}

/* --- life -------------------------------------------------------------------------- */

static void
carrier_drain(struct revdial *r)
{
	mux_leave(of(r)->m);
}

/* The go away that the mux still has to say goes out, if the carrier lives. */
static void
carrier_cut(struct revdial *r, const char *why)
{
	struct carrier	*c = of(r);
	struct arrival	*a;
	struct stream	*s = r->carrier;

	r->carrier = NULL;
	mux_gone(c->m, why);
	while ((a = TAILQ_FIRST(&c->arrivals)) != NULL) {
		TAILQ_REMOVE(&c->arrivals, a, entry);
		stream_close(a->s);
		free(a);
	}
	timer_free(c->beat);
	c->beat = NULL;
	if (r->freed || !stream_is_open(s)) {
		stream_close(s);
		return;
	}
	if (mux_output(c->m, stream_out(s), STREAM_OUT_HIGH, NULL) == 0)
		stream_wrote(s);
	stream_close_soft(s, CLOSE_MS);
}

static size_t
carrier_streams(const struct revdial *r)
{
	return mux_streams(((const struct carrier *)r)->m);
}

static bool
carrier_leaves(const struct revdial *r)
{
	return mux_ends(((const struct carrier *)r)->m);
}

static int64_t
carrier_rtt_us(const struct revdial *r)
{
	return mux_rtt_us(((const struct carrier *)r)->m);
}

static void
carrier_destroy(struct revdial *r)
{
	mux_free(of(r)->m);
	free(of(r));
}

static const struct session_ops carrier_ops = {
	.name = "yamux",
	.work = carrier_work,
	.drain = carrier_drain,
	.cut = carrier_cut,
	.streams = carrier_streams,
	.leaves = carrier_leaves,
	.rtt_us = carrier_rtt_us,
	.destroy = carrier_destroy,
};

struct revdial *
revdial_yamux(struct loop *l, struct stream *carrier, bool dialer,
    const struct revdial_config *config, const struct revdial_cb *cb, void *arg)
{
	struct carrier		*c = xcalloc(1, sizeof *c);
	struct mux_config	 mc = { .dialer = dialer };

	session_init(&c->r, &carrier_ops, l, carrier, config, cb, arg);
	TAILQ_INIT(&c->arrivals);
	mc.streams_max = c->r.config.streams_max;
	mc.accept_max = c->r.config.accept_max;
	mc.window_max = c->r.config.window_max;
	mc.memory_max = c->r.config.memory_max;
	mc.budget = c->r.config.budget;
	if ((c->m = mux_new(&mc, &mux_ops, c)) == NULL)
		fatalx("revdial: out of memory");
	c->beat = timer_new(l, on_beat, c);
	timer_set_coarse(c->beat, c->r.config.ping_ms);
	stream_timeout(carrier, c->r.config.dead_ms, c->r.config.write_ms);
	stream_set_cb(carrier, &carrier_cb, c);
	mux_ping(c->m);		/* the windows want to know the round trip */
	return &c->r;
}
