/*
 * stream.c - the bottom of a stream that yamux carries.
 *
 * Its two buffers are lent to the mux stream, which takes whole blocks from
 * `out` when its turn comes and puts payloads into `in`; how much comes is
 * bounded by the window, how much was taken from `in` is credit for the peer.
 */
#include "revdial/stream.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "io/bottom.h"

struct rd_stream {
	struct stream		 s;
	struct mux_stream	*ms;	/* NULL once it ended */
};

static struct rd_stream *
of(struct stream *s)
{
	return (struct rd_stream *)s;
}

static struct stream *
user_of(struct mux_stream *ms)
{
	return mux_stream_user(ms);
}

/* --- from the user -------------------------------------------------------------- */

/* Nothing is fetched: the carrier brings what the window allows. */
static void
rd_fill(struct stream *s)
{
	(void)s;
}

static void
rd_flush(struct stream *s)
{
	struct rd_stream *r = of(s);

	if (r->ms == NULL)
		return;
	mux_stream_wrote(r->ms);
	if (s->shut_wanted)
		mux_stream_finish(r->ms);
}

static void
rd_consumed(struct stream *s)
{
	if (of(s)->ms != NULL)
		mux_stream_consumed(of(s)->ms);
}

static void
rd_close(struct stream *s)
{
	struct rd_stream *r = of(s);

	if (r->ms != NULL)
		mux_stream_close(r->ms);
	r->ms = NULL;
}

static void
rd_destroy(struct stream *s)
{
	free(of(s));
}

static const struct stream_ops rd_ops = {
	.name = "mux",
	.fill = rd_fill,
	.flush = rd_flush,
	.consumed = rd_consumed,
	.close = rd_close,
	.destroy = rd_destroy,
};

struct stream *
rd_stream_new(struct loop *l, struct mux_stream *ms, const char *peer)
{
	struct rd_stream *r = xcalloc(1, sizeof *r);

	stream_init(&r->s, l, &rd_ops, peer);
	r->ms = ms;
	mux_stream_bind(ms, r->s.in, r->s.out, &r->s);
	return &r->s;
}

void
rd_stream_open(struct stream *s)
{
	if (of(s)->ms != NULL)
		mux_stream_accept(of(s)->ms);
	stream_bottom_open(s);
}

bool
rd_stream_alive(const struct stream *s)
{
	return ((const struct rd_stream *)s)->ms != NULL;
}

/* --- from the mux --------------------------------------------------------------- */

void
rd_stream_received(struct mux_stream *ms, size_t n, void *arg)
{
	(void)arg;
	stream_bottom_readable(user_of(ms), n);
}

void
rd_stream_sent(struct mux_stream *ms, size_t n, void *arg)
{
	struct stream *s = user_of(ms);

	(void)arg;
	if (n > 0)
		stream_bottom_wrote(s, n);
	if (mux_stream_finished(ms) && !s->shut_done)
		stream_bottom_shut(s);
}

void
rd_stream_eof(struct mux_stream *ms, void *arg)
{
	(void)arg;
	stream_bottom_eof(user_of(ms));
}

void
rd_stream_ended(struct mux_stream *ms, enum mux_end how, const char *why, void *arg)
{
	struct stream *s = user_of(ms);

	(void)arg;
	of(s)->ms = NULL;
	mux_stream_close(ms);
	if (how == MUX_GONE)
		stream_bottom_error(s, STREAM_GONE, "%s", why);
	else
		stream_bottom_error(s, STREAM_RESET, "%s: stream %s", s->peer, why);
}
