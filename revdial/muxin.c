/*
 * muxin.c - what the peer of a yamux session says: frames in, checked against
 * the state of their stream.
 *
 * A frame for a stream that was never opened breaks the protocol; one for a
 * stream that has ended was sent before the peer could know, and is dropped.
 */
#include "revdial/muxstate.h"

#include <errno.h>
#include <string.h>

#define CONTROL_MAX	(128 * 1024)	/* bytes of answers that the peer leaves unread */
#define IDLE_BURST	10000		/* frames that do nothing: at once */
#define IDLE_SECOND	1000		/* and a second */

/* Ends the session: with a go away, since the peer may still listen. */
static int
fail(struct mux *m, enum frame_reason reason)
{
	m->failed = true;
	mux_queue_frame(m, FRAME_GO_AWAY, 0, 0, reason);
	return -1;
}

int
mux_starved(struct mux *m, struct err *e)
{
	err_code(e, ENOMEM, "out of memory");
	return m->failed ? -1 : fail(m, FRAME_INTERNAL_ERROR);
}

/* Pings, resets, empty frames: cheap to send, so they are counted. */
static int
charge(struct mux *m, struct err *e)
{
	int64_t now;

	if (m->idle_left == 0) {
		now = m->ops->now_us(m->arg);
		m->idle_left = (now - m->idle_us) * IDLE_SECOND / 1000000;
		if (m->idle_left > IDLE_BURST)
			m->idle_left = IDLE_BURST;
		if (m->idle_left <= 0) {
			m->idle_left = 0;
			return err_set(e, "flood of frames that do nothing");
		}
		m->idle_us = now;
	}
	m->idle_left--;
	return 0;
}

/* --- ids of the peer's streams ------------------------------------------------ */

static bool
is_ours(const struct mux *m, uint32_t id)
{
	return (id % 2 == 1) == m->config.dialer;
}

/* Has the peer opened id before? What lies far below the newest counts as
 * opened: SYNs overtake one another, but not by that much. */
static bool
seen_has(const struct mux *m, uint32_t id)
{
	uint64_t i = id / 2;

	if (i >= m->seen_end)
		return false;
	if (m->seen_end - i > SEEN_BITS)
		return true;
	i %= SEEN_BITS;
	return m->seen[i / 8] >> (i % 8) & 1;
}

static void
seen_add(struct mux *m, uint32_t id)
{
	uint64_t i = id / 2;

	if (i >= m->seen_end && i - m->seen_end >= SEEN_BITS) {
		memset(m->seen, 0, sizeof m->seen);
		m->seen_end = i;
	}
	for (; m->seen_end <= i; m->seen_end++)
		m->seen[m->seen_end % SEEN_BITS / 8] &=
		    (uint8_t)~(1U << (m->seen_end % 8));
	i %= SEEN_BITS;
	m->seen[i / 8] |= (uint8_t)(1U << (i % 8));
}

/* Flags for a stream that has ended. Of one that we ended they may still be on
 * their way, see mux_stream_unsaid; beyond that they do nothing. */
static int
charge_gone(struct mux *m, const struct frame *f, struct err *e)
{
	if (f->flags == 0)
		return 0;
	if (m->unsaid == 0)
		return charge(m, e);
	m->unsaid--;
	return 0;
}

static bool
was_opened(const struct mux *m, uint32_t id)
{
	return is_ours(m, id) ? id < m->next_id : seen_has(m, id);
}

/* --- stream frames ------------------------------------------------------------ */

static void
end_stream(struct mux_stream *s, enum mux_end how, const char *why)
{
	mux_stream_unlink(s);
	s->m->ops->ended(s, how, why, s->m->arg);
}

static void
see_fin(struct mux_stream *s)
{
	s->fin_seen = true;
	s->m->ops->eof(s, s->m->arg);
}

static void
refuse(struct mux *m, const struct frame *f)
{
	if (f->flags & FRAME_RST)
		return;
	m->unsaid++;
	mux_queue_frame(m, FRAME_WINDOW_UPDATE, FRAME_RST, f->id, 0);
}

static const char *
no_place(const struct mux *m)
{
	if (m->said_leave)
		return "this side takes no new ones";
	if (m->n >= m->config.streams_max)
		return "too many are open already";
	if (m->unanswered_theirs >= m->config.accept_max)
		return "too many wait for their answer";
	return NULL;
}

/* A SYN. *out is NULL where the stream was refused. */
static int
handle_syn(struct mux *m, const struct frame *f, struct mux_stream **out,
    struct err *e)
{
	struct mux_stream	*s;
	const char		*why;

	if (is_ours(m, f->id))
		return err_set(e, "SYN for stream %u, an id of ours", (unsigned)f->id);
	if (seen_has(m, f->id))
		return err_set(e, "SYN for stream %u again", (unsigned)f->id);
	seen_add(m, f->id);
	if ((why = no_place(m)) != NULL) {
		m->ops->refused(why, m->arg);
		refuse(m, f);
		return charge(m, e);
	}
	if ((s = mux_stream_new(m, f->id, false)) == NULL) {
		m->starved = true;
		return err_code(e, ENOMEM, "out of memory");
	}
	if (m->ops->opened(s, m->arg)) {
		*out = mux_stream_find(m, f->id);
		return 0;
	}
	mux_stream_unlink(s);
	mux_stream_drop(s);
	refuse(m, f);
	return charge(m, e);
}

/* The stream that a frame is for; NULL where it has ended. */
static int
stream_for(struct mux *m, const struct frame *f, struct mux_stream **out,
    struct err *e)
{
	*out = NULL;
	if (f->flags & FRAME_SYN)
		return handle_syn(m, f, out, e);
	*out = mux_stream_find(m, f->id);
	if ((*out == NULL && !was_opened(m, f->id)) ||
	    (*out != NULL && (*out)->syn_due)) {
		*out = NULL;
		return err_set(e, "%s frame for stream %u, which was never opened",
		    frame_type_name(f->type), (unsigned)f->id);
	}
	return *out == NULL ? charge_gone(m, f, e) : 0;
}

/* ACK and RST, and an answer without either. *s becomes NULL if that was its
 * end. */
static int
handle_flags(struct mux *m, const struct frame *f, struct mux_stream **sp,
    struct err *e)
{
	struct mux_stream	*s = *sp;
	bool			 answered = s->answered;

	if ((f->flags & FRAME_ACK) && !s->local)
		return err_set(e, "ACK for stream %u by the side that opened it",
		    (unsigned)f->id);
	if (f->flags & FRAME_RST) {
		*sp = NULL;
		if (s->local && !answered)
			end_stream(s, MUX_REFUSED, "refused by the other side");
		else
			end_stream(s, MUX_RESET, "reset by the other side");
		return charge(m, e);
	}
	if (s->fin_seen && (f->flags & FRAME_FIN))
		return err_set(e, "second FIN for stream %u", (unsigned)f->id);
	if (s->local)
		mux_stream_answered(s);
	/* The same answer once more does nothing. */
	return answered && f->flags == FRAME_ACK && f->length == 0 ? charge(m, e) : 0;
}

static int
data_check(const struct mux_stream *s, uint32_t length, struct err *e)
{
	if (s->fin_seen && length > 0)
		return err_set(e, "data after FIN for stream %u", (unsigned)s->id);
	if (length > s->recv_window)
		return err_set(e, "stream %u: %u bytes where %u are allowed",
		    (unsigned)s->id, (unsigned)length, (unsigned)s->recv_window);
	return 0;
}

/* Room for n more bytes of stream id: those whose readers have been idle for the
 * longest pay for it. What is left of the stream: NULL if it had to go. */
static struct mux_stream *
make_room(struct mux *m, uint32_t id, uint32_t n)
{
	struct mux_stream *s, *t;

	while ((s = mux_stream_find(m, id)) != NULL &&
	    (t = mux_mem_too_much(s, n)) != NULL) {
		mux_stream_unsaid(t);
		mux_queue_frame(m, FRAME_WINDOW_UPDATE, FRAME_RST, t->id, 0);
		end_stream(t, MUX_RESET, "cut since too much lies unread in the "
		    "streams of this session");
	}
	return s;
}

/* s may be NULL: the payload is dropped. */
static int
expect_payload(struct mux *m, struct mux_stream *s, const struct frame *f,
    struct err *e)
{
	size_t before = m->n;

	if (s != NULL)
		s = make_room(m, s->id, f->length);
	m->left = f->length;
	m->sink = s;
	m->sink_fin = f->flags & FRAME_FIN;
	if (s != NULL) {
		s->recv_window -= f->length;
		mux_mem_hold(s, f->length);
	}
	return m->n < before ? charge(m, e) : 0;
}

static int
handle_data(struct mux *m, const struct frame *f, struct err *e)
{
	struct mux_stream *s;

	if (stream_for(m, f, &s, e) == -1)
		return -1;
	if (s != NULL && handle_flags(m, f, &s, e) == -1)
		return -1;
	if (s != NULL && data_check(s, f->length, e) == -1)
		return -1;
	/* Nobody was ever promised that much. */
	if (s == NULL && f->length > m->config.window_max)
		return err_set(e, "%u bytes of data for stream %u, which is not there",
		    (unsigned)f->length, (unsigned)f->id);
	if (f->length > 0)
		return expect_payload(m, s, f, e);
	if (s != NULL && (f->flags & FRAME_FIN))
		see_fin(s);
	return f->flags == 0 ? charge(m, e) : 0;
}

static int
handle_window_update(struct mux *m, const struct frame *f, struct err *e)
{
	struct mux_stream *s;

	if (stream_for(m, f, &s, e) == -1)
		return -1;
	if (s != NULL && handle_flags(m, f, &s, e) == -1)
		return -1;
	if (s != NULL) {
		if (f->length > UINT32_MAX - s->send_window)
			return err_set(e, "stream %u: window overflows",
			    (unsigned)f->id);
		s->send_window += f->length;
		mux_queue_data(s);
		if (f->flags & FRAME_FIN)
			see_fin(s);
	}
	return f->flags == 0 && (s == NULL || f->length == 0) ? charge(m, e) : 0;
}

/* --- session frames ------------------------------------------------------------- */

static int
handle_ping(struct mux *m, const struct frame *f, struct err *e)
{
	if (f->flags == FRAME_SYN)
		mux_queue_frame(m, FRAME_PING, FRAME_ACK, 0, f->length);
	else if (m->ping_out && f->length == m->ping_value) {
		m->ping_out = false;
		m->rtt_us = m->ops->now_us(m->arg) - m->ping_us;
		mux_path_pong(m);
		m->ops->pong(m->arg);
		return 0;
	}
	return charge(m, e);
}

static int
handle_go_away(struct mux *m, const struct frame *f, struct err *e)
{
	if (f->length != FRAME_NORMAL) {
		m->failed = true;
		return err_set(e, "the other side ended the session: %s",
		    frame_reason_name(f->length));
	}
	if (m->peer_leaves)
		return charge(m, e);
	m->peer_leaves = true;
	m->ops->peer_leaves(m->arg);
	return 0;
}

/* --- input ------------------------------------------------------------------------ */

static int (*const handlers[])(struct mux *, const struct frame *, struct err *) = {
	[FRAME_DATA] = handle_data,
	[FRAME_WINDOW_UPDATE] = handle_window_update,
	[FRAME_PING] = handle_ping,
	[FRAME_GO_AWAY] = handle_go_away,
};

/* 1: took something, 0: needs more, -1. */
static int
take_frame(struct mux *m, struct evbuffer *in, struct err *e)
{
	uint8_t		raw[FRAME_HEADER];
	struct frame	f;

	if (evbuffer_get_length(in) < sizeof raw)
		return 0;
	evbuffer_remove(in, raw, sizeof raw);
	if (evbuffer_get_length(m->head) > CONTROL_MAX)
		return err_set(e, "does not read our answers");
	if (frame_parse(&f, raw, e) == -1 || handlers[f.type](m, &f, e) == -1)
		return -1;
	return 1;
}

static int
take_payload(struct mux *m, struct evbuffer *in, struct err *e)
{
	struct mux_stream	*s = m->sink;
	size_t			 n = evbuffer_get_length(in);

	if (n > m->left)
		n = m->left;
	if (n == 0)
		return 0;
	if (s == NULL)
		evbuffer_drain(in, n);
	else if (!mux_move(s->in, in, n)) {
		m->starved = true;
		return err_code(e, ENOMEM, "out of memory");
	}
	m->left -= (uint32_t)n;
	if (s != NULL) {
		s->held += n;
		m->ops->received(s, n, m->arg);
	}
	if (m->left == 0 && m->sink != NULL) {
		s = m->sink;
		m->sink = NULL;
		if (m->sink_fin)
			see_fin(s);
	}
	return 1;
}

int
mux_input(struct mux *m, struct evbuffer *in, struct err *e)
{
	int r;

	if (m->failed)
		return err_set(e, "the session is over");
	do {
		if (m->starved)
			return mux_starved(m, e);
		r = m->left > 0 ? take_payload(m, in, e) : take_frame(m, in, e);
	} while (r == 1);
	if (r == -1 && !m->failed)
		return fail(m, m->starved ? FRAME_INTERNAL_ERROR : FRAME_PROTOCOL_ERROR);
	return r;
}
