/*
 * muxout.c - what we say in a yamux session: which frame goes next.
 *
 * Control frames go first. Streams with data take turns, a slice each, so
 * that a bulk transfer delays nobody for long. Payloads leave in whole blocks:
 * a frame ends where a block ends. FIN goes in a frame of its own: HashiCorp's
 * reader may see a FIN before the payload of the same frame, and lose that.
 */
#include "revdial/muxstate.h"

#define SLICE		(64 * 1024)	/* of one stream before the next has its turn */
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

void
mux_queue_data(struct mux_stream *s)
{
	if (s->in_ready || s->send_window == 0 || s->fin_sent ||
	    evbuffer_get_length(s->out) == 0)
		return;
	s->in_ready = true;
	TAILQ_INSERT_TAIL(&s->m->ready, s, ready_entry);
	s->m->ops->want_output(s->m->arg);
}

void
mux_unqueue(struct mux_stream *s)
{
	if (s->in_control)
		TAILQ_REMOVE(&s->m->control, s, control_entry);
	if (s->in_ready)
		TAILQ_REMOVE(&s->m->ready, s, ready_entry);
	s->in_control = s->in_ready = false;
}

bool
mux_has_output(const struct mux *m)
{
	return evbuffer_get_length(m->head) > 0 || (!m->failed &&
	    (!TAILQ_EMPTY(&m->control) || !TAILQ_EMPTY(&m->ready)));
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
	pieces = evbuffer_peek(s->out, SLICE, NULL, v, PIECES);
	for (i = 0; i < pieces && i < PIECES; i++) {
		if (n > 0 && n + v[i].iov_len > SLICE)
			break;
		n += v[i].iov_len;
	}
	if (n > FRAME_MAX)
		n = SLICE;
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

static void
send_data(struct mux *m, struct evbuffer *out)
{
	struct mux_stream	*s = TAILQ_FIRST(&m->ready);
	size_t			 n = frame_size(s);

	TAILQ_REMOVE(&m->ready, s, ready_entry);
	s->in_ready = false;
	s->send_window -= (uint32_t)n;
	mux_queue_frame(m, FRAME_DATA, take_flags(s), s->id, (uint32_t)n);
	if (m->starved || !put_data(m, s, n, out)) {
		m->starved = true;
		return;
	}
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
	if (TAILQ_EMPTY(&m->ready) ||
	    evbuffer_get_length(out) + evbuffer_get_length(m->head) >= end)
		return false;
	send_data(m, out);
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
