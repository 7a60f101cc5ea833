/*
 * public.c - sessions of the public library (revdial.h): what comes goes to the
 * mux, what the mux gives goes out; heartbeats and deadlines; the end.
 *
 * All happens in `work`, on the stack of the event loop, and so do all calls
 * of the user's. Whoever makes one looks at `freed` after it.
 */
#include "revdial/public.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OUT_HIGH	(256 * 1024)	/* bytes waiting for the link */
#define TURN_BUDGET	(1024 * 1024)	/* bytes in one turn each way, then others */
#define ROUNDS		8		/* of work in one turn */

int64_t
pub_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t
now_ms(void)
{
	return pub_now_us() / 1000;
}

void
pub_post(struct revdial_session *s)
{
	if (s->working)
		s->again = true;
	else if (!s->freed)
		event_active(s->work, EV_TIMEOUT, 0);
}

/* --- the end ------------------------------------------------------------------ */

/* What the mux still has to say goes out if it can at once. */
static void
cut(struct revdial_session *s, const char *why)
{
	s->over = true;
	mux_gone(s->m, why);
	if (!s->freed && !s->stuck && s->end != REVDIAL_IO && s->end != REVDIAL_RESET &&
	    mux_output(s->m, s->out, OUT_HIGH, NULL) == 0 &&
	    evbuffer_get_length(s->out) > 0)
		pub_link_write(&s->link, s->out);
	event_del(s->beat);
	pub_link_close(&s->link);
	pub_post(s);
}

static void PRINTF(3, 4)
finish(struct revdial_session *s, enum revdial_end end, const char *fmt, ...)
{
	va_list ap;

	if (s->over)
		return;
	s->end = end;
	va_start(ap, fmt);
	vsnprintf(s->why.msg, sizeof s->why.msg, fmt, ap);
	va_end(ap);
	cut(s, s->why.msg);
}

/* One side has taken leave, and no stream is left. */
static bool
all_ended(const struct revdial_session *s)
{
	return (mux_leaves(s->m) || mux_peer_leaves(s->m)) && mux_streams(s->m) == 0;
}

static void
take_eof(struct revdial_session *s)
{
	if (mux_leaves(s->m) && mux_streams(s->m) == 0 &&
	    evbuffer_get_length(s->out) == 0)
		finish(s, REVDIAL_PEACE, "drained");
	else if (mux_peer_leaves(s->m))
		finish(s, REVDIAL_PEACE, "the other side left");
	else
		finish(s, REVDIAL_RESET, "the other side closed the connection");
}

/* doing: "read" or "write"; errno is why. */
static void
link_failed(struct revdial_session *s, const char *doing)
{
	enum revdial_end end = REVDIAL_IO;

	if ((errno == ECONNRESET || errno == EPIPE) && all_ended(s)) {
		take_eof(s);
		return;
	}
	if (errno == ENOMEM)
		end = REVDIAL_NO_MEMORY;
	else if (errno == ECONNRESET || errno == EPIPE)
		end = REVDIAL_RESET;
	else if (errno == ETIMEDOUT)
		end = REVDIAL_TIMEOUT;
	finish(s, end, "%s: %s", doing, strerror(errno));
}

static void
mux_failed(struct revdial_session *s, const struct err *e)
{
	finish(s, e->code == ENOMEM ? REVDIAL_NO_MEMORY : REVDIAL_PROTOCOL, "%s", e->msg);
}

/* --- bytes ---------------------------------------------------------------------- */

static void
feed(struct revdial_session *s)
{
	struct err e = ERR_INIT;

	s->early = false;
	if (mux_input(s->m, s->in, &e) == -1)
		mux_failed(s, &e);
}

/* From the link into the mux, until it is dry or the budget spent. */
static void
fill(struct revdial_session *s)
{
	size_t	done = 0;
	ssize_t	n;

	if (s->early && !s->over)
		feed(s);
	while (s->readable && !s->over && done < TURN_BUDGET) {
		n = pub_link_read(&s->link, s->in);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			s->readable = false;
		} else if (n == -1) {
			link_failed(s, "read");
		} else if (n == 0) {
			take_eof(s);
		} else {
			done += (size_t)n;
			s->heard_ms = now_ms();
			feed(s);
		}
	}
	if (s->readable && !s->over)
		s->again = true;
}

static int
fetch(struct revdial_session *s)
{
	size_t		len = evbuffer_get_length(s->out);
	struct err	e = ERR_INIT;
	int		r;

	if (len >= OUT_HIGH || !mux_has_output(s->m))
		return 0;
	s->pumping = true;
	r = mux_output(s->m, s->out, OUT_HIGH - len, &e);
	s->pumping = false;
	if (r == -1)
		mux_failed(s, &e);
	return r;
}

/* What the peer said before it took no more is still worth reading. */
static void
write_failed(struct revdial_session *s)
{
	int error = errno;

	s->readable = true;
	fill(s);
	errno = error;
	link_failed(s, "write");
}

static void
became_stuck(struct revdial_session *s)
{
	if (!s->waiting)
		s->wrote_ms = now_ms();
	s->stuck = s->waiting = true;
	pub_beat_soon(s);
}

/* From the mux to the link. */
static void
pump(struct revdial_session *s)
{
	size_t	done = 0;
	ssize_t	n;

	while (!s->over && !s->stuck && fetch(s) == 0 &&
	    evbuffer_get_length(s->out) > 0) {
		if (done >= TURN_BUDGET) {
			s->again = true;
			return;
		}
		n = pub_link_write(&s->link, s->out);
		if (n > 0) {
			done += (size_t)n;
			s->wrote_ms = now_ms();
		} else if (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK) {
			write_failed(s);
		} else
			became_stuck(s);
	}
	if (evbuffer_get_length(s->out) == 0)
		s->waiting = false;
}

/* --- heartbeats --------------------------------------------------------------------- */

/* Sets the one timer for whatever is due first. */
void
pub_beat_soon(struct revdial_session *s)
{
	const struct revdial_options	*o = &s->options;
	int64_t		 now = now_ms(), due = s->heard_ms + o->dead_ms, n;
	struct timeval	 tv;

	if (s->over)
		return;
	/* Bytes that come do not touch the timer, so it looks again. */
	n = now - s->heard_ms < o->ping_ms ? s->heard_ms : now;
	if (n + o->ping_ms < due)
		due = n + o->ping_ms;
	if (s->waiting && s->wrote_ms + o->write_ms < due)
		due = s->wrote_ms + o->write_ms;
	if ((n = pub_streams_linger_by(s)) < due)
		due = n;
	if ((n = mux_parting_us(s->m)) >= 0 && now - n / 1000 + o->dead_ms < due)
		due = now - n / 1000 + o->dead_ms;
	n = due > now ? due - now : 0;
	tv.tv_sec = (time_t)(n / 1000);
	tv.tv_usec = (suseconds_t)(n % 1000) * 1000;
	if (event_add(s->beat, &tv) == -1)
		finish(s, REVDIAL_NO_MEMORY, "out of memory");
}

/* What is late, or should be asked for. */
static void
beat(struct revdial_session *s)
{
	const struct revdial_options	*o = &s->options;
	int64_t				 now = now_ms();

	/* If it was us who were late, the answer may be there already. */
	if (now - s->heard_ms >= o->dead_ms) {
		s->readable = true;
		fill(s);
	}
	if (now - s->heard_ms >= o->dead_ms)
		finish(s, REVDIAL_TIMEOUT, "nothing was heard for %lld ms",
		    (long long)(now - s->heard_ms));
	else if (s->waiting && now - s->wrote_ms >= o->write_ms)
		finish(s, REVDIAL_TIMEOUT, "nothing could be sent for %lld ms",
		    (long long)(now - s->wrote_ms));
	else if (mux_parting_us(s->m) / 1000 >= o->dead_ms)
		finish(s, REVDIAL_TIMEOUT, "the other side never answered the last ping");
	else if (now - s->heard_ms >= o->ping_ms)
		mux_ping(s->m);
	if (!s->over) {
		mux_tick(s->m);
		pub_streams_late(s, now);
	}
	pub_beat_soon(s);
}

/* --- work ------------------------------------------------------------------------- */

static void
check_drained(struct revdial_session *s)
{
	if (!s->over && evbuffer_get_length(s->out) == 0 && mux_parted(s->m))
		finish(s, REVDIAL_PEACE, "drained");
}

static void
tell(struct revdial_session *s)
{
	pub_streams_tell(s);
	if (!s->freed && !s->over && s->may_open) {
		s->may_open = false;
		if (s->events->may_open != NULL)
			s->events->may_open(s, s->arg);
	}
}

static void
one_round(struct revdial_session *s)
{
	s->again = false;
	if (s->beat_due && !s->over)
		beat(s);
	s->beat_due = false;
	fill(s);
	tell(s);
	if (s->freed)
		return;
	pump(s);
	check_drained(s);
	if (!s->over && pub_link_want(&s->link,
	    REVDIAL_READ | (s->stuck ? REVDIAL_WRITE : 0)) == -1)
		link_failed(s, "wait");
}

void
pub_destroy(struct revdial_session *s)
{
	void (*release)(void *) = s->options.release;

	pub_streams_orphan(s);
	mux_free(s->m);
	pub_link_release(&s->link);
	if (s->work != NULL)
		event_free(s->work);
	if (s->beat != NULL)
		event_free(s->beat);
	if (s->in != NULL)
		evbuffer_free(s->in);
	if (s->out != NULL)
		evbuffer_free(s->out);
	release(s);
}

static void
work(struct revdial_session *s)
{
	static const struct timeval	at_once = { 0, 0 };
	int				i;

	s->working = true;
	s->again = true;
	for (i = 0; i < ROUNDS && s->again && !s->freed; i++)
		one_round(s);
	if (!s->freed && s->over && s->pending_n == 0 && !s->told) {
		s->told = true;
		s->again = false;
		if (s->events->over != NULL)
			s->events->over(s, s->end, s->why.msg, s->arg);
	}
	s->working = false;
	if (s->freed)
		pub_destroy(s);
	else if (s->again && event_add(s->work, &at_once) == -1)
		event_active(s->work, EV_TIMEOUT, 0);
}

void
pub_on_work(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	work(arg);
}

void
pub_on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct revdial_session *s = arg;

	(void)fd;
	(void)what;
	s->beat_due = true;
	work(s);
}

static void
note_ready(struct revdial_session *s, int what)
{
	if (what & REVDIAL_READ)
		s->readable = true;
	if (what & REVDIAL_WRITE)
		s->stuck = false;
}

void
pub_ready(struct revdial_session *s, int what)
{
	if (s->over)
		return;
	note_ready(s, what);
	work(s);
}

/* --- the mux's events ------------------------------------------------------------------ */

static int64_t
on_now_us(void *arg)
{
	(void)arg;
	return pub_now_us();
}

/* From inside mux_output nobody needs to be told that there is output. */
static void
on_want_output(void *arg)
{
	struct revdial_session *s = arg;

	if (!s->pumping)
		pub_post(s);
}

static void
on_may_open(void *arg)
{
	struct revdial_session *s = arg;

	s->may_open = true;
	pub_post(s);
}

static void
on_refused(const char *why, void *arg)
{
	(void)why;
	(void)arg;
}

static void
on_pong(void *arg)
{
	(void)arg;
}

static void
on_peer_leaves(void *arg)
{
	(void)arg;
}

const struct mux_ops pub_mux_ops = {
	.now_us = on_now_us,
	.want_output = on_want_output,
	.opened = pub_stream_opened,
	.refused = on_refused,
	.may_open = on_may_open,
	.received = pub_stream_received,
	.sent = pub_stream_sent,
	.eof = pub_stream_eof,
	.ended = pub_stream_ended,
	.pong = on_pong,
	.peer_leaves = on_peer_leaves,
};

/* --- the interface ----------------------------------------------------------------------------- */

void
revdial_session_free(struct revdial_session *s)
{
	if (s == NULL || s->freed)
		return;
	s->freed = true;
	if (!s->over)
		cut(s, "the session was closed");
	if (!s->working)
		pub_destroy(s);
}

void
revdial_session_ready(struct revdial_session *s, int what)
{
	if (s->over)
		return;
	note_ready(s, what);
	pub_post(s);
}

int
revdial_session_early(struct revdial_session *s, const void *p, size_t len)
{
	if (evbuffer_add(s->in, p, len) == -1) {
		errno = ENOMEM;
		return -1;
	}
	s->early = true;
	pub_post(s);
	return 0;
}

void
revdial_session_drain(struct revdial_session *s)
{
	if (s->over || s->draining)
		return;
	s->draining = true;
	mux_leave(s->m);
	pub_post(s);
}

size_t
revdial_session_streams(const struct revdial_session *s)
{
	return s->over ? 0 : mux_streams(s->m);
}

int64_t
revdial_session_rtt_us(const struct revdial_session *s)
{
	return mux_rtt_us(s->m);
}

int64_t
revdial_session_silent_ms(const struct revdial_session *s)
{
	return now_ms() - s->heard_ms;
}

const char *
revdial_version(void)
{
	return GOMOTE_VERSION;
}
