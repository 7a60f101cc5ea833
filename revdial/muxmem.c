/*
 * muxmem.c - how much the peer of a yamux session may send, and what of it
 * lies here unread: windows that grow and shrink, credit, and the bounds.
 *
 * A window begins at what the specification says. Credit goes back in batches
 * of a quarter: what waits for one is not at the sender's hand, and with batches
 * of a half, as others have them, a sender far away has no more than that half
 * out in each round trip, which looks like a rate that needs no larger window. A
 * window grows to twice what the reader took in one round trip of the bare path
 * (muxpath.c): a far sender needs that much to go on at this rate or a higher
 * one, while queues need nothing. So it at most doubles each round. On a short
 * path it is what both sides may do while the other one waits for a processor:
 * with too little they wake one another for each small piece, with too much that
 * no longer fits a cache. It is halved when half of it lies unread and the rate
 * needs no more. All windows of a session, and of all sessions that share a
 * budget, grow only while more is left than the stream has taken: a late one
 * always finds room too.
 *
 * A stream that stays idle falls back to the first window. What its peer was
 * promised cannot be taken back: that is `excess`, and is withheld from the
 * credit for what it sends from then on.
 */
#include "revdial/budget.h"
#include "revdial/muxstate.h"

#define PARTS		4		/* credit is given in so many of a window */
#define WORTH		4		/* growth by less than such a part is none */
#define NEAR_MAX	(2 * 1024 * 1024)	/* grown only to wait less often */
#define ROUND_US	10000		/* a rate is measured over no less */
#define IDLE_US		10000000	/* no credit for so long: it should shrink, */
#define IDLE_RTTS	32		/* but only if it is so many round trips, too */
#define PING_US		100000		/* measure again after, while data flows */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* --- what is held ------------------------------------------------------------- */

void
mux_mem_hold(struct mux_stream *s, size_t n)
{
	struct mux *m = s->m;

	m->buffered += n;
	if (m->config.budget != NULL)
		m->config.budget->held += n;
	if (s->round_us == 0)
		s->round_us = m->ops->now_us(m->arg);
}

void
mux_mem_release(struct mux *m, size_t n)
{
	m->buffered -= n;
	if (m->config.budget != NULL)
		m->config.budget->held -= n;
}

/* Of a full budget a session still has the part that would be its own if all
 * had the same: others that leave much unread cannot take that from it. */
static bool
fits(const struct mux *m, size_t n)
{
	const struct revdial_budget *b = m->config.budget;

	if (m->buffered + n > m->config.memory_max)
		return false;
	return b == NULL || b->held + n <= b->max ||
	    m->buffered + n <= b->max / b->sessions;
}

/* Whose reader has taken nothing for the longest time; s where no other has
 * anything unread. */
static struct mux_stream *
longest_unread(struct mux_stream *s)
{
	struct mux_stream *t, *worst = s;

	TAILQ_FOREACH(t, &s->m->live, entry)
		if (t->held > 0 && (worst->held == 0 || t->granted_us < worst->granted_us))
			worst = t;
	return worst;
}

/* Owners do not tell what they take after the end of a stream, so before
 * saying yes we look for ourselves. */
struct mux_stream *
mux_mem_too_much(struct mux_stream *s, size_t n)
{
	struct mux		*m = s->m;
	struct mux_stream	*t;

	if (fits(m, n))
		return NULL;
	TAILQ_FOREACH(t, &m->live, entry)
		mux_stream_consumed(t);
	return fits(m, n) ? NULL : longest_unread(s);
}

/* --- windows -------------------------------------------------------------------- */

static void
window_set(struct mux_stream *s, size_t window)
{
	struct mux *m = s->m;

	m->grown += window - s->window;
	if (m->config.budget != NULL)
		m->config.budget->grown += window - s->window;
	s->window = (uint32_t)window;
}

void
mux_mem_forget(struct mux_stream *s)
{
	mux_mem_release(s->m, s->held);
	window_set(s, FRAME_WINDOW);
}

/* How much one that has `grown` may add, so that not less is left than it has. */
static size_t
share(size_t max, size_t used, size_t grown)
{
	size_t left = max > used ? max - used : 0;

	return left > grown ? (left - grown) / 2 : 0;
}

/* Of n bytes in took us, what comes in two times us. */
static size_t
twice(size_t n, int64_t us, int64_t took)
{
	return (size_t)((double)n * 2 * (double)us / (double)took);
}

/* Twice what the reader takes in a round trip of the path, if a round is over
 * by now. 0: it is not. */
static size_t
wanted(struct mux_stream *s, int64_t now)
{
	int64_t	path = mux_path_us(s->m), took = now - s->round_us;
	size_t	far, near;

	if (path < 0 || took < path || took < ROUND_US)
		return 0;
	far = twice(s->round_n, path, took);
	near = least(twice(s->round_n, MUX_NEAR_US, took), NEAR_MAX);
	s->round_us = now;
	s->round_n = 0;
	return far > near ? far : near;
}

static void
narrow(struct mux_stream *s, size_t window)
{
	if (window < FRAME_WINDOW)
		window = FRAME_WINDOW;
	s->excess += s->window - (uint32_t)window;
	window_set(s, window);
}

/* Of n bytes of credit, what is left after the excess. */
static size_t
withhold(struct mux_stream *s, size_t n)
{
	size_t kept = least(s->excess, n);

	s->excess -= (uint32_t)kept;
	return n - kept;
}

/* How much of n more there is for s. */
static size_t
affordable(const struct mux_stream *s, size_t n)
{
	const struct mux		*m = s->m;
	const struct revdial_budget	*b = m->config.budget;
	size_t				 grown = s->window - FRAME_WINDOW;

	n = least(n, m->config.window_max - s->window);
	n = least(n, share(m->config.memory_max,
	    m->n * FRAME_WINDOW + m->grown, grown));
	if (b != NULL)
		n = least(n, share(b->max, b->held > b->grown ? b->held : b->grown,
		    grown));
	return n;
}

/* At the end of a round: by how much the window grows. */
static size_t
adapt(struct mux_stream *s, int64_t now)
{
	size_t want = wanted(s, now);

	if (want == 0 || mux_path_probing(s->m))
		return 0;
	if (want < s->window / 2 && s->held >= s->window / 2)
		narrow(s, s->window / 2);
	if (want < s->window + s->window / WORTH)
		return 0;
	return affordable(s, least(want - s->window, s->window));
}

uint32_t
mux_mem_credit(struct mux_stream *s)
{
	struct mux	*m = s->m;
	int64_t		 now;
	size_t		 more, credit;

	if (!s->grant_due || s->fin_seen)
		return 0;
	s->grant_due = false;
	now = m->ops->now_us(m->arg);
	s->round_n += s->credit;
	more = adapt(s, now);
	window_set(s, s->window + more);
	credit = withhold(s, s->credit + more);
	s->credit = 0;
	s->recv_window += (uint32_t)credit;
	s->granted_us = now;
	if (now - m->ping_us >= PING_US)
		mux_ping(m);
	return (uint32_t)credit;
}

void
mux_stream_consumed(struct mux_stream *s)
{
	size_t left;

	if (s->over)
		return;
	left = least(evbuffer_get_length(s->in), s->held);
	s->credit += s->held - left;
	mux_mem_release(s->m, s->held - left);
	s->held = left;
	if (s->credit < s->window / PARTS || s->fin_seen || s->grant_due)
		return;
	s->grant_due = true;
	mux_queue_control(s);
}

static void
shrink(struct mux_stream *s, size_t window)
{
	narrow(s, window);
	s->credit = withhold(s, s->credit);
	mux_stream_consumed(s);
}

void
mux_mem_scale(struct mux *m, int64_t to, int64_t from)
{
	struct mux_stream *s;

	if (m->failed || m->grown == 0)
		return;
	TAILQ_FOREACH(s, &m->live, entry)
		if (s->window > FRAME_WINDOW)
			shrink(s, (size_t)(s->window * (double)to / (double)from));
}

void
mux_tick(struct mux *m)
{
	struct mux_stream	*s;
	int64_t			 now, idle = IDLE_RTTS * m->rtt_us;

	if (m->failed || m->grown == 0)
		return;
	if (idle < IDLE_US)
		idle = IDLE_US;
	now = m->ops->now_us(m->arg);
	TAILQ_FOREACH(s, &m->live, entry)
		if (s->window > FRAME_WINDOW && now - s->granted_us >= idle)
			shrink(s, FRAME_WINDOW);
}
