/*
 * stream.c - what all streams have in common: the pending callbacks, the
 * ready list from which they run, and the way to the end.
 */
#include "io/stream.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/buf.h"
#include "io/inside.h"

enum pending {
	P_OPEN		= 1 << 0,
	P_READ		= 1 << 1,
	P_EOF		= 1 << 2,
	P_DRAINED	= 1 << 3,
	P_ERROR		= 1 << 4,
	P_FLUSH		= 1 << 5,
	P_FILL		= 1 << 6,
};
#define P_WORK	(P_FLUSH | P_FILL)

/* --- the ready list ------------------------------------------------------ */

static void
defer(struct stream *s)
{
	struct loop_io *io = loop_io(s->loop);

	if (s->ready || s->running)
		return;
	s->ready = true;
	TAILQ_INSERT_TAIL(&io->ready, s, ready_entry);
	io->ready_n++;
	loop_post(s->loop);
}

static void
note(struct stream *s, unsigned what)
{
	s->pending |= what;
	defer(s);
}

static bool
take(struct stream *s, unsigned what)
{
	if (s->closed || (s->pending & what) == 0)
		return false;
	s->pending &= ~what;
	return true;
}

static void
tell_read(struct stream *s)
{
	if (buf_len(s->in) > 0 && s->cb->read != NULL)
		s->cb->read(s, s->cb_arg);
}

/* Last of all, and not before the bytes that came ahead of it were told. */
static void
tell_error(struct stream *s)
{
	if ((s->pending & P_READ) != 0 || !take(s, P_ERROR))
		return;
	if (s->cb->error != NULL)
		s->cb->error(s, s->err, s->cb_arg);
}

static void
tell(struct stream *s)
{
	if (take(s, P_OPEN) && s->cb->open != NULL)
		s->cb->open(s, s->cb_arg);
	/* Each callback may have closed it or changed its owner. */
	if (s->cb != NULL && take(s, P_READ))
		tell_read(s);
	if (s->cb != NULL && (s->pending & P_READ) == 0 && take(s, P_EOF) &&
	    s->cb->eof != NULL)
		s->cb->eof(s, s->cb_arg);
	if (s->cb != NULL && take(s, P_DRAINED) && s->cb->drained != NULL)
		s->cb->drained(s, s->cb_arg);
	if (s->cb != NULL)
		tell_error(s);
}

static void
work(struct stream *s)
{
	if (s->err != NULL || !s->opened) {
		s->pending &= ~(unsigned)P_WORK;
		return;
	}
	if (take(s, P_FILL) && !s->eof)
		s->ops->consumed(s);
	if (take(s, P_FLUSH) && s->err == NULL)
		s->ops->flush(s);
}

/* Both directions have ended, or it is dead: nobody waits for it. */
static bool
soft_done(const struct stream *s)
{
	return s->soft && (s->err != NULL || (s->shut_done &&
	    (s->eof || s->one_way) && stream_unsent(s) == 0));
}

static void
run(struct stream *s)
{
	unsigned again;

	s->running = true;
	if (!s->closed && s->cb != NULL)
		tell(s);
	if (!s->closed)
		work(s);
	if (!s->closed && soft_done(s))
		stream_close(s);
	s->running = false;
	if (s->closed) {
		TAILQ_INSERT_TAIL(&loop_io(s->loop)->dead, s, ready_entry);
		return;
	}
	again = s->cb != NULL ? s->pending : s->pending & P_WORK;
	if (again != 0)
		defer(s);
}

bool
stream_run_ready(struct loop *l)
{
	struct loop_io	*io = loop_io(l);
	struct stream	*s;
	size_t		 n = io->ready_n;
	bool		 any = n > 0;

	while (n-- > 0 && (s = TAILQ_FIRST(&io->ready)) != NULL) {
		TAILQ_REMOVE(&io->ready, s, ready_entry);
		io->ready_n--;
		s->ready = false;
		run(s);
	}
	return any;
}

static void
reap_one(struct stream *s)
{
	buf_free(s->in);
	buf_free(s->out);
	free(s->peer);
	free(s->err);
	free(s->doing);
	s->ops->destroy(s);
}

/* Also those that were closed but did not have their turn yet. */
void
stream_reap(struct loop *l)
{
	struct loop_io	*io = loop_io(l);
	struct stream	*s, *next;

	TAILQ_FOREACH_SAFE(s, &io->ready, ready_entry, next) {
		if (!s->closed)
			continue;
		TAILQ_REMOVE(&io->ready, s, ready_entry);
		io->ready_n--;
		TAILQ_INSERT_TAIL(&io->dead, s, ready_entry);
	}
	while ((s = TAILQ_FIRST(&io->dead)) != NULL) {
		TAILQ_REMOVE(&io->dead, s, ready_entry);
		reap_one(s);
	}
}

/* --- what bottoms call ---------------------------------------------------- */

void
stream_init(struct stream *s, struct loop *l, const struct stream_ops *ops,
    const char *peer)
{
	s->ops = ops;
	s->loop = l;
	s->in = buf_new();
	s->out = buf_new();
	s->peer = xstrdup(peer);
	s->in_high = STREAM_IN_HIGH;
	s->last_in = s->last_out = loop_now(l);
}

static void
settle(struct stream *s)
{
	void (*fn)(void *) = s->settled;

	s->settled = NULL;
	if (fn != NULL)
		fn(s->settled_arg);
}

void
stream_on_settled(struct stream *s, void (*fn)(void *arg), void *arg)
{
	s->settled = fn;
	s->settled_arg = arg;
}

void
stream_bottom_open(struct stream *s)
{
	if (s->opened || s->closed || s->err != NULL)
		return;
	s->opened = true;
	s->open_by = 0;
	free(s->doing);
	s->doing = NULL;
	s->last_in = s->last_out = loop_now(s->loop);
	deadline_update(s);
	note(s, P_OPEN | P_FLUSH);
	settle(s);
}

void
stream_bottom_readable(struct stream *s, size_t added)
{
	s->bytes_in += added;
	s->last_in = loop_now(s->loop);
	s->was_full = stream_room(s) == 0;
	loop_traffic(s->loop, added);
	note(s, P_READ);
}

void
stream_bottom_wrote(struct stream *s, size_t taken)
{
	s->bytes_out += taken;
	s->last_out = loop_now(s->loop);
	loop_traffic(s->loop, taken);
	if (s->above && buf_len(s->out) <= STREAM_OUT_LOW) {
		s->above = false;
		note(s, P_DRAINED);
	}
	if (s->writing && stream_unsent(s) == 0) {
		s->writing = false;
		note(s, P_DRAINED);
	}
}

void
stream_bottom_eof(struct stream *s)
{
	if (s->eof || s->closed || s->err != NULL)
		return;
	s->eof = true;
	note(s, P_EOF);
}

void
stream_bottom_shut(struct stream *s)
{
	s->shut_done = true;
	note(s, 0);
}

void
stream_bottom_error(struct stream *s, enum stream_err code, const char *fmt, ...)
{
	char	text[ERR_MAX];
	va_list	ap;

	if (s->closed || s->err != NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	s->err = xcalloc(1, sizeof *s->err);
	if (!s->opened && s->doing != NULL)
		err_code(s->err, (int)code, "%s: %s", s->doing, text);
	else
		err_code(s->err, (int)code, "%s", text);
	note(s, P_ERROR);
	settle(s);
}

size_t
stream_room(const struct stream *s)
{
	size_t len = buf_len(s->in);

	if (s->closed || s->eof || s->err != NULL || len >= s->in_high)
		return 0;
	return s->in_high - len;
}

void
stream_again(struct stream *s)
{
	note(s, P_FLUSH);
}

/* --- what users call ------------------------------------------------------ */

void
stream_set_cb(struct stream *s, const struct stream_cb *cb, void *arg)
{
	unsigned tell_new = 0;

	if (s->closed || (s->cb == cb && s->cb_arg == arg))
		return;
	s->cb = cb;
	s->cb_arg = arg;
	if (buf_len(s->in) > 0)
		tell_new |= P_READ;
	if (s->eof)
		tell_new |= P_EOF;
	if (s->err != NULL)
		tell_new |= P_ERROR;
	note(s, tell_new);
}

struct evbuffer *
stream_in(struct stream *s)
{
	return s->in;
}

struct evbuffer *
stream_out(struct stream *s)
{
	return s->out;
}

void
stream_consumed(struct stream *s)
{
	if (s->closed || s->err != NULL || s->eof)
		return;
	if (s->was_full && stream_room(s) > 0) {
		s->was_full = false;	/* until now it was ours to be slow */
		s->last_in = loop_now(s->loop);
	}
	note(s, P_FILL);
}

void
stream_wrote(struct stream *s)
{
	size_t len = buf_len(s->out);

	if (s->closed || s->err != NULL || len == 0)
		return;
	if (!s->writing) {
		s->writing = true;
		s->last_out = loop_now(s->loop);
		if (s->write_ms != 0)
			deadline_update(s);
	}
	if (len > STREAM_OUT_LOW)
		s->above = true;
	if (s->opened)
		note(s, P_FLUSH);
}

void
stream_write(struct stream *s, const void *p, size_t len)
{
	if (s->closed || s->err != NULL)
		return;
	buf_add(s->out, p, len);
	stream_wrote(s);
}

bool
stream_full(const struct stream *s)
{
	return buf_len(s->out) >= STREAM_OUT_HIGH;
}

size_t
stream_unsent(const struct stream *s)
{
	return buf_len(s->out) + s->below;
}

void
stream_read_again(struct stream *s)
{
	if (!s->closed && buf_len(s->in) > 0)
		note(s, P_READ);
}

bool
stream_at_eof(const struct stream *s)
{
	return s->eof && buf_len(s->in) == 0;
}

bool
stream_truncated(const struct stream *s)
{
	return s->truncated;
}

bool
stream_is_open(const struct stream *s)
{
	return s->opened && !s->closed && s->err == NULL;
}

void
stream_shut(struct stream *s)
{
	if (s->closed || s->err != NULL || s->shut_wanted)
		return;
	s->shut_wanted = true;
	if (s->opened)
		note(s, P_FLUSH);
}

void
stream_close(struct stream *s)
{
	if (s->closed)
		return;
	s->closed = true;
	s->cb = NULL;
	s->pending = 0;
	deadline_update(s);
	settle(s);
	s->ops->close(s);
	defer(s);
}

static void
soft_read(struct stream *s, void *arg)
{
	(void)arg;
	buf_drain(s->in, buf_len(s->in));
	stream_consumed(s);
}

void
stream_close_soft(struct stream *s, int64_t ms)
{
	static const struct stream_cb soft_cb = { .read = soft_read };

	if (s->closed || s->soft)
		return;
	if (s->err != NULL) {
		stream_close(s);
		return;
	}
	s->soft = true;
	s->soft_by = clock_mono(loop_clock(s->loop)) + (ms > 0 ? ms : 0);
	stream_set_cb(s, &soft_cb, NULL);
	stream_shut(s);
	note(s, P_FLUSH);
	deadline_update(s);
}

const char *
stream_peer(const struct stream *s)
{
	return s->peer;
}

void
stream_set_peer(struct stream *s, const char *name)
{
	char *old = s->peer;	/* name may be part of it */

	s->peer = xstrdup(name);
	free(old);
}

struct loop *
stream_loop(const struct stream *s)
{
	return s->loop;
}

uint64_t
stream_bytes_in(const struct stream *s)
{
	return s->bytes_in;
}

uint64_t
stream_bytes_out(const struct stream *s)
{
	return s->bytes_out;
}
