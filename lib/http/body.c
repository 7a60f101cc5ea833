/* body.c - a message body under way: a bounded pipe inside the program. */
#include "http/body.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/loop.h"

#define ALIVE_MS	1000

/* Callbacks that wait for their turn. */
#define TELL_DATA	1u
#define TELL_ROOM	2u
#define TELL_ALIVE	4u

struct body {
	struct loop	*loop;
	struct evbuffer	*buf;
	int64_t		 length;
	bool		 writer_gone;	/* after body_end or body_fail */
	bool		 reader_gone;
	bool		 ended;
	bool		 failed;
	bool		 above;		/* was full, room not told yet */
	bool		 wanted;
	bool		 telling;	/* in body_tell */
	bool		 deferred;
	unsigned	 tell;
	struct err	*err;
	struct headers	*trailers;
	body_fn		 on_data, on_room;
	void		*data_arg, *room_arg;
	void		(*on_alive)(void *);
	void		*alive_arg;
	int64_t		 alive_at;
};

static void	body_tell(void *);

struct body *
body_new(struct loop *loop, int64_t length)
{
	struct body	*b = xcalloc(1, sizeof *b);

	b->loop = loop;
	b->buf = buf_new();
	b->length = length;
	return b;
}

struct body *
body_of(struct loop *loop, struct evbuffer *bytes)
{
	struct body	*b;

	b = body_new(loop, bytes != NULL ? (int64_t)buf_len(bytes) : 0);
	if (bytes != NULL)
		buf_move(b->buf, bytes, buf_len(bytes));
	body_end(b, NULL);
	return b;
}

static void
body_free(struct body *b)
{
	if (b->deferred)
		loop_undefer(b->loop, body_tell, b);
	buf_free(b->buf);
	headers_free(b->trailers);
	free(b->err);
	free(b);
}

static void
body_try_free(struct body *b)
{
	if (b->writer_gone && b->reader_gone && !b->telling)
		body_free(b);
}

static void
body_will_tell(struct body *b, unsigned what)
{
	b->tell |= what;
	if (b->deferred || b->telling)
		return;
	b->deferred = true;
	loop_defer(b->loop, body_tell, b);
}

static void
body_tell(void *arg)
{
	struct body	*b = arg;
	unsigned	 now = b->tell;

	b->deferred = false;
	b->telling = true;
	b->tell = 0;
	if ((now & TELL_ALIVE) != 0 && b->on_alive != NULL)
		b->on_alive(b->alive_arg);
	if ((now & TELL_DATA) != 0 && b->on_data != NULL)
		b->on_data(b, b->data_arg);
	/* Room that was just made is told in the same go. */
	now |= b->tell & TELL_ROOM;
	b->tell &= ~TELL_ROOM;
	if ((now & TELL_ROOM) != 0 && b->on_room != NULL)
		b->on_room(b, b->room_arg);
	b->telling = false;
	if (b->writer_gone && b->reader_gone)
		body_free(b);
	else if (b->tell != 0)
		body_will_tell(b, 0);
}

int64_t
body_length(const struct body *b)
{
	return b->length;
}

struct evbuffer *
body_buf(struct body *b)
{
	return b->buf;
}

/* --- the writer's side ------------------------------------------------------- */

bool
body_full(const struct body *b)
{
	return buf_len(b->buf) >= BODY_HIGH;
}

void
body_wrote(struct body *b)
{
	int64_t	 now;

	if (b->writer_gone)
		fatalx("body: written to after its end");
	if (b->reader_gone) {
		buf_drain(b->buf, buf_len(b->buf));
		return;
	}
	if (body_full(b))
		b->above = true;
	if (b->on_data != NULL)
		body_will_tell(b, TELL_DATA);
	if (b->on_alive == NULL)
		return;
	now = loop_now(b->loop);
	if (now - b->alive_at >= ALIVE_MS) {
		b->alive_at = now;
		body_will_tell(b, TELL_ALIVE);
	}
}

void
body_on_room(struct body *b, body_fn fn, void *arg)
{
	b->on_room = fn;
	b->room_arg = arg;
	if (fn != NULL && (b->reader_gone || b->wanted))
		body_will_tell(b, TELL_ROOM);
}

bool
body_closed(const struct body *b)
{
	return b->reader_gone;
}

static void
body_writer_done(struct body *b)
{
	b->writer_gone = true;
	b->on_room = NULL;
	if (b->on_data != NULL)
		body_will_tell(b, TELL_DATA);
	body_try_free(b);
}

void
body_end(struct body *b, const struct headers *trailers)
{
	if (b->writer_gone)
		fatalx("body: ended twice");
	b->trailers = headers_copy(trailers);
	b->ended = true;
	body_writer_done(b);
}

void
body_fail(struct body *b, const struct err *why)
{
	if (b->writer_gone)
		fatalx("body: failed after its end");
	b->err = xmemdup(why, sizeof *why);
	b->failed = true;
	body_writer_done(b);
}

/* --- the reader's side ------------------------------------------------------- */

void
body_on_data(struct body *b, body_fn fn, void *arg)
{
	bool	 first = !b->wanted && fn != NULL;

	b->on_data = fn;
	b->data_arg = arg;
	if (first) {
		b->wanted = true;
		if (b->on_room != NULL)
			body_will_tell(b, TELL_ROOM);
	}
	body_read_again(b);
}

void
body_read_again(struct body *b)
{
	if (b->on_data != NULL && (buf_len(b->buf) > 0 || b->writer_gone))
		body_will_tell(b, TELL_DATA);
}

void
body_took(struct body *b)
{
	if (!b->above || buf_len(b->buf) > BODY_LOW)
		return;
	b->above = false;
	if (b->on_room != NULL)
		body_will_tell(b, TELL_ROOM);
}

bool
body_done(const struct body *b)
{
	return b->ended && buf_len(b->buf) == 0;
}

const struct err *
body_error(const struct body *b)
{
	return b->err;
}

const struct headers *
body_trailers(const struct body *b)
{
	return b->trailers;
}

bool
body_wanted(const struct body *b)
{
	return b->wanted;
}

void
body_close(struct body *b)
{
	if (b->reader_gone)
		fatalx("body: closed twice");
	b->reader_gone = true;
	b->on_data = NULL;
	buf_drain(b->buf, buf_len(b->buf));
	if (b->on_room != NULL)
		body_will_tell(b, TELL_ROOM);
	body_try_free(b);
}

void
body_on_alive(struct body *b, void (*alive)(void *), void *arg)
{
	b->on_alive = alive;
	b->alive_arg = arg;
}
