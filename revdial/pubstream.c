/*
 * pubstream.c - streams of the public library (revdial.h).
 *
 * The mux notes what happened and puts the stream on its session's list; what
 * is there to be told is told from pub_streams_tell. A stream has two owners:
 * the user until revdial_stream_close, and while it lingers after that, we.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#include "revdial/public.h"

#define OUT_HIGH	(256 * 1024)	/* written, and not yet taken by the mux */
#define OUT_LOW		(64 * 1024)	/* room again */

/* --- life ------------------------------------------------------------------- */

static void
pend(struct revdial_stream *st, unsigned what)
{
	struct revdial_session *s = st->session;

	if (st->pending == 0) {
		TAILQ_INSERT_TAIL(&s->pending, st, pending_entry);
		s->pending_n++;
	}
	st->pending |= what;
	pub_post(s);
}

static unsigned
unpend(struct revdial_stream *st)
{
	unsigned was = st->pending;

	if (was != 0) {
		TAILQ_REMOVE(&st->session->pending, st, pending_entry);
		st->session->pending_n--;
	}
	st->pending = 0;
	return was;
}

/* Leaves what the mux and the session know of it. */
static void
detach(struct revdial_stream *st)
{
	struct revdial_session *s = st->session;

	if (s == NULL)
		return;
	if (st->ms != NULL)
		mux_stream_close(st->ms);
	st->ms = NULL;
	unpend(st);
	if (st->lingering)
		s->lingering_n--;
	st->lingering = false;
	TAILQ_REMOVE(&s->all, st, entry);
	st->session = NULL;
}

static void
destroy(struct revdial_stream *st)
{
	void (*release)(void *) = st->release;

	detach(st);
	if (st->in != NULL)
		evbuffer_free(st->in);
	if (st->out != NULL)
		evbuffer_free(st->out);
	if (st->why != NULL)
		release(st->why);
	release(st);
}

static struct revdial_stream *
stream_new(struct revdial_session *s)
{
	struct revdial_stream *st = s->options.alloc(1, sizeof *st);

	if (st == NULL)
		return NULL;
	st->release = s->options.release;
	st->session = s;
	TAILQ_INSERT_TAIL(&s->all, st, entry);
	st->in = evbuffer_new();
	st->out = evbuffer_new();
	if (st->in == NULL || st->out == NULL) {
		destroy(st);
		return NULL;
	}
	return st;
}

/* Closed by its owner after the finish: when both sides have said all, that
 * was it. Inside a callback of its own it stays until that returns, see tell. */
static void
linger_done(struct revdial_stream *st)
{
	if (st->lingering && !st->running && (st->ms == NULL ||
	    (mux_stream_finished(st->ms) && st->eof)))
		destroy(st);
}

static void
linger_drop(struct revdial_stream *st)
{
	evbuffer_drain(st->in, evbuffer_get_length(st->in));
	mux_stream_consumed(st->ms);
}

static void
linger(struct revdial_stream *st)
{
	struct revdial_session *s = st->session;

	unpend(st);
	st->lingering = true;
	st->linger_by = pub_now_us() / 1000 + s->options.linger_ms;
	s->lingering_n++;
	linger_drop(st);
	pub_beat_soon(s);
}

void
pub_streams_late(struct revdial_session *s, int64_t now_ms)
{
	struct revdial_stream *st, *next;

	if (s->lingering_n == 0)
		return;
	TAILQ_FOREACH_SAFE(st, &s->all, entry, next)
		if (st->lingering && now_ms >= st->linger_by)
			destroy(st);
}

int64_t
pub_streams_linger_by(const struct revdial_session *s)
{
	const struct revdial_stream	*st;
	int64_t				 by = INT64_MAX;

	if (s->lingering_n == 0)
		return by;
	TAILQ_FOREACH(st, &s->all, entry)
		if (st->lingering && st->linger_by < by)
			by = st->linger_by;
	return by;
}

/* Those that were never handed out, and those that were given back, have no
 * owner but us. */
void
pub_streams_orphan(struct revdial_session *s)
{
	struct revdial_stream *st;

	while ((st = TAILQ_FIRST(&s->all)) != NULL) {
		if (st->lingering || (st->pending & PUB_ACCEPT))
			destroy(st);
		else
			detach(st);
	}
}

/* --- what the mux tells ------------------------------------------------------- */

bool
pub_stream_opened(struct mux_stream *ms, void *session)
{
	struct revdial_session	*s = session;
	struct revdial_stream	*st;

	if (s->events->accepted == NULL || (st = stream_new(s)) == NULL)
		return false;
	st->ms = ms;
	mux_stream_bind(ms, st->in, st->out, st);
	pend(st, PUB_ACCEPT);
	return true;
}

void
pub_stream_received(struct mux_stream *ms, size_t n, void *session)
{
	struct revdial_stream *st = mux_stream_user(ms);

	(void)n;
	(void)session;
	if (st->lingering)
		linger_drop(st);
	else
		pend(st, PUB_READABLE);
}

void
pub_stream_sent(struct mux_stream *ms, size_t n, void *session)
{
	struct revdial_stream *st = mux_stream_user(ms);

	(void)n;
	(void)session;
	if (st->wants_room && !st->lingering &&
	    evbuffer_get_length(st->out) <= OUT_LOW) {
		st->wants_room = false;
		pend(st, PUB_WRITABLE);
	}
	linger_done(st);
}

void
pub_stream_eof(struct mux_stream *ms, void *session)
{
	struct revdial_stream *st = mux_stream_user(ms);

	(void)session;
	st->eof = true;
	if (st->lingering)
		linger_done(st);
	else
		pend(st, PUB_READABLE);
}

void
pub_stream_ended(struct mux_stream *ms, enum mux_end how, const char *why,
    void *session)
{
	static const enum revdial_end	 ends[] = {
		[MUX_RESET] = REVDIAL_RESET,
		[MUX_REFUSED] = REVDIAL_REFUSED,
		[MUX_GONE] = REVDIAL_GONE,
	};
	struct revdial_stream		*st = mux_stream_user(ms);
	struct revdial_session		*s = session;
	size_t				 len = strlen(why) + 1;

	st->end = ends[how];
	/* Without memory for it there is a shorter text, see tell_ended. */
	if (!st->lingering && (st->why = s->options.alloc(1, len)) != NULL)
		memcpy(st->why, why, len);
	mux_stream_close(ms);
	st->ms = NULL;
	if (st->lingering)
		linger_done(st);
	else
		pend(st, PUB_ENDED);
}

/* --- what the user is told ------------------------------------------------------ */

static void
tell_ended(struct revdial_stream *st)
{
	st->ended_told = true;
	st->events->ended(st, st->end, st->why != NULL ? st->why : "cut", st->arg);
}

/* false: it ended before anybody saw it. */
static bool
tell_accepted(struct revdial_session *s, struct revdial_stream *st)
{
	if (st->ms == NULL) {
		st->closed = true;
		return false;
	}
	mux_stream_accept(st->ms);
	s->events->accepted(s, st, s->arg);
	return true;
}

#define MAY(st, callback) (!(st)->closed && !s->freed && !(st)->ended_told && \
    (st)->events != NULL && (st)->events->callback != NULL)

/* Each call may close the stream, change its table or free the session. */
static void
tell(struct revdial_session *s, struct revdial_stream *st)
{
	unsigned what = unpend(st);

	st->running = true;
	if ((what & PUB_ACCEPT) && !tell_accepted(s, st))
		what = 0;
	if ((what & PUB_READABLE) && MAY(st, readable))
		st->events->readable(st, st->arg);
	if ((what & PUB_WRITABLE) && MAY(st, writable))
		st->events->writable(st, st->arg);
	if ((what & PUB_ENDED) && MAY(st, ended))
		tell_ended(st);
	st->running = false;
	if (st->closed && !st->lingering)
		destroy(st);
	else
		linger_done(st);
}

/* Those that are put there meanwhile wait for the next time. */
void
pub_streams_tell(struct revdial_session *s)
{
	size_t n = s->pending_n;

	while (n-- > 0 && !s->freed && !TAILQ_EMPTY(&s->pending))
		tell(s, TAILQ_FIRST(&s->pending));
}

/* --- the interface ---------------------------------------------------------------- */

static int
open_errno(const struct revdial_session *s, const struct err *e)
{
	if (e->code == EAGAIN || e->code == ENOMEM)
		return e->code;
	if (!mux_leaves(s->m) && !mux_peer_leaves(s->m) &&
	    mux_streams(s->m) >= s->options.streams_max)
		return EMFILE;
	return ESHUTDOWN;
}

struct revdial_stream *
revdial_stream_open(struct revdial_session *s)
{
	struct revdial_stream	*st;
	struct err		 e = ERR_INIT;

	if (s->over || s->freed) {
		errno = ESHUTDOWN;
		return NULL;
	}
	if ((st = stream_new(s)) == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	if ((st->ms = mux_open(s->m, &e)) == NULL) {
		destroy(st);
		errno = open_errno(s, &e);
		return NULL;
	}
	mux_stream_bind(st->ms, st->in, st->out, st);
	return st;
}

void
revdial_stream_set_events(struct revdial_stream *st,
    const struct revdial_stream_events *events, void *arg)
{
	st->events = events;
	st->arg = arg;
	if (st->session == NULL || st->closed)
		return;
	if (st->eof || evbuffer_get_length(st->in) > 0)
		pend(st, PUB_READABLE);
	if (st->ms == NULL && !st->ended_told)
		pend(st, PUB_ENDED);
}

struct revdial_session *
revdial_stream_session(const struct revdial_stream *st)
{
	return st->session;
}

/* 0: there is nothing, and errno or the end says why. */
static ssize_t
nothing_to_read(const struct revdial_stream *st)
{
	if (st->eof)
		return 0;
	errno = st->ms == NULL ? ECONNRESET : EAGAIN;
	return -1;
}

ssize_t
revdial_stream_read(struct revdial_stream *st, void *buf, size_t len)
{
	int n;

	if (evbuffer_get_length(st->in) == 0)
		return nothing_to_read(st);
	n = evbuffer_remove(st->in, buf, len < INT32_MAX ? len : INT32_MAX);
	if (st->ms != NULL)
		mux_stream_consumed(st->ms);
	return n;
}

/* Moves n bytes of from, or all if there are fewer. */
static ssize_t
move(struct evbuffer *to, struct evbuffer *from, size_t n)
{
	size_t len = evbuffer_get_length(from);

	if (n >= len)
		return evbuffer_add_buffer(to, from) == -1 ? -1 : (ssize_t)len;
	return evbuffer_remove_buffer(from, to, n);
}

ssize_t
revdial_stream_read_buffer(struct revdial_stream *st, struct evbuffer *to, size_t max)
{
	ssize_t n;

	if (evbuffer_get_length(st->in) == 0)
		return nothing_to_read(st);
	if ((n = move(to, st->in, max)) == -1)
		errno = ENOMEM;
	if (st->ms != NULL)
		mux_stream_consumed(st->ms);
	return n;
}

size_t
revdial_stream_room(const struct revdial_stream *st)
{
	size_t len = evbuffer_get_length(st->out);

	return st->ms == NULL || st->finished || len >= OUT_HIGH ? 0 : OUT_HIGH - len;
}

/* How many of len bytes may be written now; -1 and errno. */
static ssize_t
may_write(struct revdial_stream *st, size_t len)
{
	size_t room = revdial_stream_room(st);

	if (st->ms == NULL || st->finished) {
		errno = st->ms == NULL ? ECONNRESET : EPIPE;
		return -1;
	}
	if (len >= room)
		st->wants_room = true;
	if (len > 0 && room == 0) {
		errno = EAGAIN;
		return -1;
	}
	return (ssize_t)(len < room ? len : room);
}

static ssize_t
wrote(struct revdial_stream *st, bool ok, ssize_t n)
{
	mux_stream_wrote(st->ms);
	if (ok)
		return n;
	errno = ENOMEM;
	return -1;
}

ssize_t
revdial_stream_write(struct revdial_stream *st, const void *p, size_t len)
{
	ssize_t n = may_write(st, len);

	if (n < 1)
		return n;
	return wrote(st, evbuffer_add(st->out, p, (size_t)n) == 0, n);
}

ssize_t
revdial_stream_write_buffer(struct revdial_stream *st, struct evbuffer *from)
{
	ssize_t n = may_write(st, evbuffer_get_length(from));

	if (n < 1)
		return n;
	n = move(st->out, from, (size_t)n);
	return wrote(st, n != -1, n);
}

void
revdial_stream_finish(struct revdial_stream *st)
{
	if (st->finished)
		return;
	st->finished = true;
	if (st->ms != NULL)
		mux_stream_finish(st->ms);
}

void
revdial_stream_close(struct revdial_stream *st)
{
	if (st == NULL || st->closed)
		return;
	st->closed = true;
	st->events = NULL;
	if (st->session != NULL && st->ms != NULL && st->finished &&
	    !(mux_stream_finished(st->ms) && st->eof))
		linger(st);
	else if (!st->running)
		destroy(st);
}
