/*
 * v2stream.c - a stream on a connection of its own that ends with its session.
 */
#include "revdial/v2stream.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "io/bottom.h"
#include "io/buf.h"

#define LINGER_MS 10000	/* to send what is left of a stream that was shut, then closed */

struct v2_stream {
	struct stream		 s;
	struct stream		*conn;	/* NULL once closed or broken */
	struct v2_set		*set;	/* with conn */
	bool			 clear;	/* what was in conn's out before us is gone */
	TAILQ_ENTRY(v2_stream)	 entry;
};

static struct v2_stream *
of(struct stream *s)
{
	return (struct v2_stream *)s;
}

/* Its session has nothing to do with it any more. */
static struct stream *
detach(struct v2_stream *v)
{
	struct stream *conn = v->conn;

	TAILQ_REMOVE(&v->set->all, v, entry);
	v->set->n--;
	v->conn = NULL;
	return conn;
}

/* --- bytes ------------------------------------------------------------------------ */

static void
pull(struct v2_stream *v, size_t room)
{
	struct evbuffer	*from = stream_in(v->conn);
	size_t		 n = buf_move(v->s.in, from, room);

	if (n > 0) {
		stream_consumed(v->conn);
		stream_bottom_readable(&v->s, n);
	}
	if (stream_at_eof(v->conn))
		stream_bottom_eof(&v->s);
}

static void
v2_consumed(struct stream *s)
{
	struct v2_stream *v = of(s);

	if (v->conn != NULL)
		pull(v, stream_room(s));
}

/* Also to bring `below` up to date: what conn has not sent is unsent. */
static void
v2_flush(struct stream *s)
{
	struct v2_stream	*v = of(s);
	size_t			 n = 0, below = s->below;

	if (v->conn == NULL)
		return;
	v->clear = v->clear || stream_unsent(v->conn) == 0;
	if (!v->clear)
		return;
	if (!stream_full(v->conn)) {
		n = buf_move(stream_out(v->conn), s->out,
		    STREAM_OUT_HIGH - buf_len(stream_out(v->conn)));
		stream_wrote(v->conn);
	}
	s->below = stream_unsent(v->conn);
	if (n > 0 || s->below < below)
		stream_bottom_wrote(s, n);
	if (s->shut_wanted && !s->shut_done && buf_len(s->out) == 0) {
		stream_shut(v->conn);
		stream_bottom_shut(s);
	}
}

/* --- the connection's events -------------------------------------------------------- */

static void
on_read(struct stream *conn, void *arg)
{
	struct v2_stream *v = arg;

	(void)conn;
	v->set->heard(v->set->arg);
	pull(v, stream_room(&v->s));
}

static void
on_drained(struct stream *conn, void *arg)
{
	struct v2_stream *v = arg;

	(void)conn;
	v2_flush(&v->s);
}

static void
on_eof(struct stream *conn, void *arg)
{
	struct v2_stream *v = arg;

	(void)conn;
	pull(v, stream_room(&v->s));
}

static void
on_error(struct stream *conn, const struct err *e, void *arg)
{
	struct v2_stream	*v = arg;
	struct v2_set		*set = v->set;
	enum stream_err		 code = (enum stream_err)e->code;

	pull(v, buf_len(stream_in(conn)));
	detach(v);
	stream_bottom_error(&v->s, code, "%s", e->msg);
	stream_close(conn);
	set->left(set->arg);
}

static const struct stream_cb conn_cb = {
	.read = on_read,
	.drained = on_drained,
	.eof = on_eof,
	.error = on_error,
};

/* --- life -------------------------------------------------------------------------- */

static void
v2_fill(struct stream *s)
{
	(void)s;
}

static void
v2_close(struct stream *s)
{
	struct v2_stream	*v = of(s);
	struct v2_set		*set = v->set;
	struct stream		*conn;

	if (v->conn == NULL)
		return;
	conn = detach(v);
	if (s->shut_done)
		stream_close_soft(conn, LINGER_MS);
	else
		stream_close(conn);
	set->left(set->arg);
}

static void
v2_destroy(struct stream *s)
{
	free(of(s));
}

static const struct stream_ops v2_ops = {
	.name = "v2",
	.fill = v2_fill,
	.flush = v2_flush,
	.consumed = v2_consumed,
	.close = v2_close,
	.destroy = v2_destroy,
};

struct stream *
v2_stream_new(struct v2_set *set, struct stream *conn, const char *peer)
{
	struct v2_stream *v = xcalloc(1, sizeof *v);

	stream_init(&v->s, stream_loop(conn), &v2_ops, peer);
	v->conn = conn;
	v->set = set;
	TAILQ_INSERT_TAIL(&set->all, v, entry);
	set->n++;
	stream_bottom_open(&v->s);
	stream_set_cb(conn, &conn_cb, v);
	return &v->s;
}

void
v2_set_init(struct v2_set *set, void (*heard)(void *), void (*left)(void *), void *arg)
{
	TAILQ_INIT(&set->all);
	set->n = 0;
	set->heard = heard;
	set->left = left;
	set->arg = arg;
}

void
v2_set_cut(struct v2_set *set, const char *why)
{
	struct v2_stream *v;

	while ((v = TAILQ_FIRST(&set->all)) != NULL) {
		stream_close(detach(v));
		stream_bottom_error(&v->s, STREAM_GONE, "%s", why);
	}
}
