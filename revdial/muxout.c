/*
 * muxout.c - what we say in a yamux session: which frame goes next.
 *
 * Control frames go first. Streams with data take turns, a slice each, so
 * that a bulk transfer delays nobody for long; payloads leave in whole blocks,
 * a frame ends where a block ends, and who took more than a slice by that has
 * less later. One with little to say that had no turn for a whole round goes
 * before all of them, so that a small request need not wait for many bulk
 * transfers; but only once a round, so that these go on. FIN goes in a frame of its own: HashiCorp's
 * reader may see a FIN before the payload of the same frame, and lose that.
 */
#include "revdial/muxstate.h"

#define SMALL		(16 * 1024)	/* who has no more may pass the others */
#define FRAME_MAX	(128 * 1024)	/* a larger block is cut */
#define MOVE_MIN	(8 * 1024)	/* smaller pieces are copied, see mux_move */
#define PIECES		64		/* blocks looked at for one frame */

/* Moves n bytes. Whole blocks change hands, small pieces are copied together:
 * a peer could otherwise make us keep a large block for each byte it sends. */
bool
mux_move(struct evbuffer *to, struct evbuffer *from, size_t n)
{
	struct evbuffer_iovec	v;
	size_t			len;

	while (n > 0) {
		if (evbuffer_peek(from, -1, NULL, &v, 1) < 1 || v.iov_len == 0)
			return false;
		len = v.iov_len < n ? v.iov_len : n;
		if (len == v.iov_len && len >= MOVE_MIN) {
			if (evbuffer_remove_buffer(from, to, len) != (int)len)
				return false;
		} else {
			/* evbuffer_add alone would take a block as large as
			 * the last one for whatever is left over. */
			if (evbuffer_expand(to, len) == -1 ||
			    evbuffer_add(to, v.iov_base, len) == -1)
				return false;
			evbuffer_drain(from, len);
		}
		n -= len;
	}
	return true;
}

/* --- queues ------------------------------------------------------------------- */

void
mux_queue_frame(struct mux *m, enum frame_type type, unsigned flags, uint32_t id,
    uint32_t length)
{
	struct frame	f = { type, (uint16_t)flags, id, length };
	uint8_t		raw[FRAME_HEADER];

	frame_encode(&f, raw);
	if (evbuffer_add(m->head, raw, sizeof raw) == -1)
		m->starved = true;
	m->ops->want_output(m->arg);
}

void
mux_queue_control(struct mux_stream *s)
{
	if (!s->in_control) {
		s->in_control = true;
		TAILQ_INSERT_TAIL(&s->m->control, s, control_entry);
	}
	s->m->ops->want_output(s->m->arg);
}

static void
ready_enter(struct mux_stream *s, bool fresh)
{
	struct mux *m = s->m;

	s->in_ready = true;
	s->fresh = fresh;
	TAILQ_INSERT_TAIL(fresh ? &m->fresh : &m->ready, s, ready_entry);
	m->ready_n += !fresh;
}

static void
ready_leave(struct mux_stream *s)
{
	struct mux *m = s->m;

	if (!s->in_ready)
		return;
	s->in_ready = false;
	TAILQ_REMOVE(s->fresh ? &m->fresh : &m->ready, s, ready_entry);
	m->ready_n -= !s->fresh;
}

static bool
has_data(const struct mux_stream *s)
{
	return s->send_window > 0 && !s->fin_sent && evbuffer_get_length(s->out) > 0;
}

void
mux_queue_data(struct mux_stream *s)
{
	if (s->in_ready || !has_data(s))
		return;
	ready_enter(s, evbuffer_get_length(s->out) <= SMALL &&
	    s->m->turns >= s->fresh_from);
	s->m->ops->want_output(s->m->arg);
}

void
mux_unqueue(struct mux_stream *s)
{
	if (s->in_control)
		TAILQ_REMOVE(&s->m->control, s, control_entry);
	s->in_control = false;
	ready_leave(s);
}

bool
mux_has_output(const struct mux *m)
{
	return evbuffer_get_length(m->head) > 0 || (!m->failed &&
	    (m->starved || !TAILQ_EMPTY(&m->control) || !TAILQ_EMPTY(&m->fresh) ||
	    !TAILQ_EMPTY(&m->ready)));
}

/* --- frames ------------------------------------------------------------------- */

static unsigned
take_flags(struct mux_stream *s)
{
	unsigned flags = 0;

	if (s->syn_due)
		flags |= FRAME_SYN;
	if (s->ack_due)
		flags |= FRAME_ACK;
	s->syn_due = s->ack_due = false;
	return flags;
}

static unsigned
take_fin(struct mux_stream *s)
{
	if (!s->fin_wanted || s->fin_sent || evbuffer_get_length(s->out) > 0)
		return 0;
	s->fin_sent = true;
	return FRAME_FIN;
}

/* Flags and credit. SYN and ACK alone wait for data that goes out anyway. */
static void
send_control(struct mux_stream *s)
{
	struct mux	*m = s->m;
	unsigned	 flags;
	uint32_t	 credit;

	TAILQ_REMOVE(&m->control, s, control_entry);
	s->in_control = false;
	if (s->in_ready && !s->grant_due)
		return;
	flags = take_flags(s) | take_fin(s);
	credit = mux_mem_credit(s);
	if (flags == 0 && credit == 0)
		return;
	mux_queue_frame(m, FRAME_WINDOW_UPDATE, flags, s->id, credit);
	if (flags & FRAME_FIN)
		m->ops->sent(s, 0, m->arg);
}

/* How many bytes the next frame of s takes. */
static size_t
frame_size(const struct mux_stream *s)
{
	struct evbuffer_iovec	v[PIECES];
	size_t			limit = evbuffer_get_length(s->out), n = 0;
	int			i, pieces;

	if (limit > s->send_window)
		limit = s->send_window;
	if (limit <= MOVE_MIN)
		return limit;
	pieces = evbuffer_peek(s->out, MUX_SLICE, NULL, v, PIECES);
	for (i = 0; i < pieces && i < PIECES; i++) {
		/* The few bytes before a large block need no frame of their own. */
		if (n + v[i].iov_len > MUX_SLICE &&
		    (n >= MOVE_MIN || (n > 0 && n + v[i].iov_len > FRAME_MAX)))
			break;
		n += v[i].iov_len;
	}
	if (n > FRAME_MAX)
		n = MUX_SLICE;
	return n < limit ? n : limit;
}

/* Headers and small payloads gather in head, for as few blocks as possible;
 * before a large payload head goes out, to keep the order. */
static bool
put_data(struct mux *m, struct mux_stream *s, size_t n, struct evbuffer *out)
{
	struct evbuffer *to = m->head;

	if (n >= MOVE_MIN) {
		if (evbuffer_add_buffer(out, m->head) == -1)
			return false;
		to = out;
	}
	return mux_move(to, s->out, n);
}

/* The others in ready have theirs before it may pass again. */
static void
turn_ends(struct mux_stream *s)
{
	struct mux	*m = s->m;
	bool		 fresh = s->fresh;

	ready_leave(s);
	if (!fresh) {
		m->turns++;
		s->quota = s->quota > 0 ? MUX_SLICE : s->quota + MUX_SLICE;
	}
	s->fresh_from = m->turns + m->ready_n;
}

static struct mux_stream *
whose_turn(struct mux *m)
{
	struct mux_stream *s;

	/* While it waited it may have got more. */
	while ((s = TAILQ_FIRST(&m->fresh)) != NULL) {
		if (evbuffer_get_length(s->out) <= SMALL)
			return s;
		ready_leave(s);
		ready_enter(s, false);
	}
	while ((s = TAILQ_FIRST(&m->ready)) != NULL && s->quota <= 0) {
		turn_ends(s);
		ready_enter(s, false);
	}
	return s;
}

static void
send_data(struct mux *m, struct mux_stream *s, struct evbuffer *out)
{
	size_t n = frame_size(s);

	s->send_window -= (uint32_t)n;
	mux_queue_frame(m, FRAME_DATA, take_flags(s), s->id, (uint32_t)n);
	if (m->starved || !put_data(m, s, n, out)) {
		m->starved = true;
		return;
	}
	if (!s->fresh)
		s->quota -= (int32_t)n;
	if (s->fresh || s->quota <= 0 || !has_data(s))
		turn_ends(s);
	mux_queue_data(s);
	if (s->fin_wanted && evbuffer_get_length(s->out) == 0)
		mux_queue_control(s);
	m->ops->sent(s, n, m->arg);
}

/* One step; false: nothing is left, or no room. */
static bool
send_next(struct mux *m, struct evbuffer *out, size_t end)
{
	struct mux_stream *s;

	if (m->failed || m->starved)
		return false;
	if ((s = TAILQ_FIRST(&m->control)) != NULL) {
		send_control(s);
		return true;
	}
	if (evbuffer_get_length(out) + evbuffer_get_length(m->head) >= end ||
	    (s = whose_turn(m)) == NULL)
		return false;
	send_data(m, s, out);
	return true;
}

int
mux_output(struct mux *m, struct evbuffer *out, size_t max, struct err *e)
{
	size_t end = evbuffer_get_length(out) + max;

	while (send_next(m, out, end))
		;
	if (evbuffer_add_buffer(out, m->head) == -1)
		m->starved = true;
	if (m->starved && !m->failed) {
		mux_starved(m, e);
		(void)evbuffer_add_buffer(out, m->head);
		return -1;
	}
	return 0;
}
