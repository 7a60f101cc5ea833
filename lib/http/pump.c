/* pump.c - between bodies and streams. */
#include "http/pump.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "http/bytes.h"
#include "io/buf.h"

#define PIECE	(64 * 1024)

struct pump {
	struct stream	*stream;
	struct body	*body;
	bool		 to_stream;
	bool		 ended;		/* the body is in the stream, which was shut */
	bool		 eof;
	bool		 finished;
	struct err	*err;		/* of the stream; told after what came before */
	pump_done_fn	 done;
	void		*arg;
};

/* Takes the pump's hands off both sides. */
static void
pump_release(struct pump *p)
{
	if (p->finished)
		return;
	p->finished = true;
	stream_set_cb(p->stream, NULL, NULL);
	if (p->to_stream)
		body_close(p->body);
	else
		body_on_room(p->body, NULL, NULL);
}

static void
pump_finish(struct pump *p, const struct err *why)
{
	struct err	 copy = ERR_INIT;

	if (why != NULL)
		copy = *why;	/* it may die with the body */
	pump_release(p);
	p->done(why != NULL ? &copy : NULL, p->arg);
}

void
pump_free(struct pump *p)
{
	if (p == NULL)
		return;
	pump_release(p);
	free(p->err);
	free(p);
}

/* --- body to stream ---------------------------------------------------------- */

static void
pump_push(struct pump *p)
{
	struct evbuffer	*from = body_buf(p->body);
	bool		 moved = false;

	while (buf_len(from) > 0 && !stream_full(p->stream)) {
		bytes_move(stream_out(p->stream), from, bytes_whole(from, PIECE));
		moved = true;
	}
	if (moved) {
		stream_wrote(p->stream);
		body_took(p->body);
	}
	if (buf_len(from) > 0)
		return;
	if (body_error(p->body) != NULL)
		pump_finish(p, body_error(p->body));
	else if (body_done(p->body)) {
		if (!p->ended)
			stream_shut(p->stream);
		p->ended = true;
		if (stream_unsent(p->stream) == 0)
			pump_finish(p, NULL);
	}
}

static void
on_data(struct body *b, void *arg)
{
	(void)b;
	pump_push(arg);
}

static void
on_drained(struct stream *s, void *arg)
{
	(void)s;
	pump_push(arg);
}

static void
on_push_error(struct stream *s, const struct err *why, void *arg)
{
	(void)s;
	pump_finish(arg, why);
}

static const struct stream_cb push_cb = {
	.drained = on_drained,
	.error = on_push_error,
};

/* --- stream to body ---------------------------------------------------------- */

static void
pump_pull(struct pump *p)
{
	struct evbuffer	*in = stream_in(p->stream), *to = body_buf(p->body);
	struct err	 e = ERR_INIT;
	size_t		 room;

	if (body_closed(p->body)) {
		err_set(&e, "nobody reads it any more");
		pump_finish(p, &e);
		return;
	}
	room = buf_len(to) < BODY_HIGH ? BODY_HIGH - buf_len(to) : 0;
	if (room > 0 && bytes_move(to, in, room) > 0) {
		stream_consumed(p->stream);
		body_wrote(p->body);
	}
	if (buf_len(in) > 0)
		return;
	if (p->err != NULL)
		pump_finish(p, p->err);
	else if (p->eof)
		pump_finish(p, NULL);
}

static void
on_room(struct body *b, void *arg)
{
	(void)b;
	pump_pull(arg);
}

static void
on_read(struct stream *s, void *arg)
{
	(void)s;
	pump_pull(arg);
}

static void
on_eof(struct stream *s, void *arg)
{
	struct pump	*p = arg;

	(void)s;
	p->eof = true;
	pump_pull(p);
}

static void
on_pull_error(struct stream *s, const struct err *why, void *arg)
{
	struct pump	*p = arg;

	(void)s;
	if (!p->eof)	/* after its end it has nothing more to say */
		p->err = xmemdup(why, sizeof *why);
	pump_pull(p);
}

static const struct stream_cb pull_cb = {
	.read = on_read,
	.eof = on_eof,
	.error = on_pull_error,
};

/* ------------------------------------------------------------------------------- */

static struct pump *
pump_new(struct body *b, struct stream *s, bool to_stream, pump_done_fn done,
    void *arg)
{
	struct pump	*p = xcalloc(1, sizeof *p);

	p->body = b;
	p->stream = s;
	p->to_stream = to_stream;
	p->done = done;
	p->arg = arg;
	return p;
}

struct pump *
pump_to_stream(struct body *b, struct stream *s, pump_done_fn done, void *arg)
{
	struct pump	*p = pump_new(b, s, true, done, arg);

	stream_set_cb(s, &push_cb, p);
	body_on_data(b, on_data, p);
	return p;
}

struct pump *
pump_from_stream(struct stream *s, struct body *b, pump_done_fn done, void *arg)
{
	struct pump	*p = pump_new(b, s, false, done, arg);

	stream_set_cb(s, &pull_cb, p);
	body_on_room(b, on_room, p);
	return p;
}
