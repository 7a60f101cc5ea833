/*
 * mux.c - yamux sessions and their streams: making, finding and ending them.
 */
#include "revdial/mux.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "revdial/budget.h"
#include "revdial/muxstate.h"

#define FIRST_BITS	4
#define IDLE_BURST	10000
#define ID_RESERVE	(1 << 21)	/* of ids: a million streams while another session is made */

static void *
default_alloc(size_t n, size_t size)
{
	return calloc(n, size);
}

static void
default_release(void *p)
{
	free(p);
}

/* --- the table ------------------------------------------------------------ */

static struct mux_stream **
bucket_of(const struct mux *m, uint32_t id)
{
	return &m->buckets[(id * m->seed) >> (64 - m->bits)];
}

struct mux_stream *
mux_stream_find(const struct mux *m, uint32_t id)
{
	struct mux_stream *s;

	for (s = *bucket_of(m, id); s != NULL; s = s->hash_next)
		if (s->id == id)
			return s;
	return NULL;
}

/* Without memory for another table this one goes on, only slower. */
static void
table_resize(struct mux *m, unsigned bits)
{
	struct mux_stream **buckets, *s, **at;

	buckets = m->config.alloc((size_t)1 << bits, sizeof *buckets);
	if (buckets == NULL)
		return;
	m->config.release(m->buckets);
	m->buckets = buckets;
	m->bits = bits;
	TAILQ_FOREACH(s, &m->live, entry) {
		at = bucket_of(m, s->id);
		s->hash_next = *at;
		*at = s;
	}
}

static void
table_insert(struct mux *m, struct mux_stream *s)
{
	struct mux_stream **at;

	if (m->n >= (size_t)1 << m->bits)
		table_resize(m, m->bits + 1);
	at = bucket_of(m, s->id);
	s->hash_next = *at;
	*at = s;
	TAILQ_INSERT_TAIL(&m->live, s, entry);
	m->n++;
}

static void
table_remove(struct mux *m, struct mux_stream *s)
{
	struct mux_stream **at = bucket_of(m, s->id);

	while (*at != s)
		at = &(*at)->hash_next;
	*at = s->hash_next;
	TAILQ_REMOVE(&m->live, s, entry);
	m->n--;
	if (m->bits > FIRST_BITS && m->n < (size_t)1 << m->bits >> 3)
		table_resize(m, m->bits - 1);
}

/* --- sessions --------------------------------------------------------------- */

static struct mux *
mux_fill(struct mux *m)
{
	m->bits = FIRST_BITS;
	m->buckets = m->config.alloc((size_t)1 << m->bits, sizeof *m->buckets);
	m->head = evbuffer_new();
	if (m->buckets == NULL || m->head == NULL) {
		mux_free(m);
		return NULL;
	}
	if (getentropy(&m->seed, sizeof m->seed) == -1)
		fatal("getentropy");
	m->seed |= 1;
	m->next_id = m->config.dialer ? 1 : 2;
	m->rtt_us = -1;
	mux_path_init(&m->path);
	m->idle_left = IDLE_BURST;
	m->idle_us = m->ops->now_us(m->arg);
	return m;
}

struct mux *
mux_new(const struct mux_config *config, const struct mux_ops *ops, void *arg)
{
	void		*(*alloc)(size_t, size_t);
	struct mux	*m;

	alloc = config->alloc != NULL ? config->alloc : default_alloc;
	if ((m = alloc(1, sizeof *m)) == NULL)
		return NULL;
	m->config = *config;
	m->config.alloc = alloc;
	if (m->config.release == NULL)
		m->config.release = default_release;
	if (m->config.window_max < FRAME_WINDOW)
		m->config.window_max = FRAME_WINDOW;
	if (m->config.window_max > INT32_MAX)
		m->config.window_max = INT32_MAX;
	budget_join(m->config.budget);
	m->ops = ops;
	m->arg = arg;
	TAILQ_INIT(&m->live);
	TAILQ_INIT(&m->over);
	TAILQ_INIT(&m->control);
	TAILQ_INIT(&m->ready);
	TAILQ_INIT(&m->fresh);
	return mux_fill(m);
}

void
mux_free(struct mux *m)
{
	struct mux_stream *s;

	if (m == NULL)
		return;
	m->open_blocked = false;
	while ((s = TAILQ_FIRST(&m->live)) != NULL)
		mux_stream_unlink(s);
	while ((s = TAILQ_FIRST(&m->over)) != NULL)
		mux_stream_drop(s);
	if (m->head != NULL)
		evbuffer_free(m->head);
	budget_leave(m->config.budget);
	m->config.release(m->buckets);
	m->config.release(m);
}

void
mux_ping(struct mux *m)
{
	if (m->ping_out || m->failed)
		return;
	m->ping_out = true;
	m->ping_us = m->ops->now_us(m->arg);
	mux_queue_frame(m, FRAME_PING, FRAME_SYN, 0, ++m->ping_value);
}

int64_t
mux_rtt_us(const struct mux *m)
{
	return m->rtt_us;
}

static void
say_leave(struct mux *m)
{
	if (!m->said_leave)
		mux_queue_frame(m, FRAME_GO_AWAY, 0, 0, FRAME_NORMAL);
	m->said_leave = true;
}

void
mux_leave(struct mux *m)
{
	if (m->leaving || m->failed)
		return;
	m->leaving = true;
	say_leave(m);
	m->ops->want_output(m->arg);
}

void
mux_gone(struct mux *m, const char *why)
{
	struct mux_stream *s;

	m->failed = true;
	while ((s = TAILQ_FIRST(&m->live)) != NULL) {
		mux_stream_unlink(s);
		m->ops->ended(s, MUX_GONE, why, m->arg);
	}
}

bool
mux_peer_leaves(const struct mux *m)
{
	return m->peer_leaves;
}

bool
mux_leaves(const struct mux *m)
{
	return m->leaving;
}

bool
mux_ends(const struct mux *m)
{
	return m->said_leave || m->peer_leaves;
}

bool
mux_parted(struct mux *m)
{
	if (!m->leaving || m->failed || m->n > 0 || mux_has_output(m))
		return false;
	if (m->parting)
		return !m->ping_out;
	m->parting = true;
	m->ping_out = false;	/* one that went before the last words tells nothing */
	mux_ping(m);
	return false;
}

int64_t
mux_parting_us(const struct mux *m)
{
	return m->parting && m->ping_out ? m->ops->now_us(m->arg) - m->ping_us : -1;
}

size_t
mux_streams(const struct mux *m)
{
	return m->n;
}

/* --- streams ---------------------------------------------------------------- */

struct mux_stream *
mux_stream_new(struct mux *m, uint32_t id, bool local)
{
	struct mux_stream *s = m->config.alloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->m = m;
	s->id = id;
	s->local = local;
	s->send_window = s->recv_window = s->window = FRAME_WINDOW;
	s->quota = MUX_SLICE;
	s->granted_us = m->ops->now_us(m->arg);
	table_insert(m, s);
	(*(local ? &m->unanswered_ours : &m->unanswered_theirs))++;
	return s;
}

static int
open_check(struct mux *m, struct err *e)
{
	if (m->failed || m->starved)
		return err_set(e, "the session is over");
	if (m->peer_leaves)
		return err_set(e, "the other side takes no new streams");
	if (m->leaving)
		return err_set(e, "the session is being drained");
	if (m->next_id > UINT32_MAX) {
		mux_leave(m);
		return err_set(e, "all stream ids of the session are used up");
	}
	if (m->n >= m->config.streams_max)
		return err_set(e, "%zu streams are open already", m->n);
	if (m->unanswered_ours >= m->config.accept_max) {
		m->open_blocked = true;
		return err_code(e, EAGAIN,
		    "%zu streams wait for their answer", m->unanswered_ours);
	}
	return 0;
}

struct mux_stream *
mux_open(struct mux *m, struct err *e)
{
	struct mux_stream *s;

	if (open_check(m, e) == -1)
		return NULL;
	if ((s = mux_stream_new(m, (uint32_t)m->next_id, true)) == NULL) {
		err_code(e, ENOMEM, "out of memory");
		return NULL;
	}
	m->next_id += 2;
	if (m->next_id > UINT32_MAX - ID_RESERVE)
		say_leave(m);
	s->syn_due = true;
	mux_queue_control(s);
	return s;
}

void
mux_stream_bind(struct mux_stream *s, struct evbuffer *in, struct evbuffer *out,
    void *user)
{
	s->in = in;
	s->out = out;
	s->user = user;
}

void *
mux_stream_user(const struct mux_stream *s)
{
	return s->user;
}

uint32_t
mux_stream_id(const struct mux_stream *s)
{
	return s->id;
}

bool
mux_stream_finished(const struct mux_stream *s)
{
	return s->fin_sent;
}

/* Its SYN is no longer one of those that wait. */
void
mux_stream_answered(struct mux_stream *s)
{
	struct mux *m = s->m;

	if (s->answered)
		return;
	s->answered = true;
	(*(s->local ? &m->unanswered_ours : &m->unanswered_theirs))--;
	if (s->local && m->open_blocked) {
		m->open_blocked = false;
		m->ops->may_open(m->arg);
	}
}

void
mux_stream_accept(struct mux_stream *s)
{
	if (s->over || s->local || s->answered)
		return;
	mux_stream_answered(s);
	s->ack_due = true;
	mux_queue_control(s);
}

void
mux_stream_wrote(struct mux_stream *s)
{
	if (!s->over)
		mux_queue_data(s);
}

void
mux_stream_finish(struct mux_stream *s)
{
	if (s->over || s->fin_wanted)
		return;
	s->fin_wanted = true;
	mux_queue_control(s);
}

/* From here on no frame is for it. What it held is no longer accounted: its
 * owner closes it soon. */
void
mux_stream_unlink(struct mux_stream *s)
{
	struct mux *m = s->m;

	table_remove(m, s);
	mux_unqueue(s);
	s->over = true;
	TAILQ_INSERT_TAIL(&m->over, s, entry);
	mux_mem_forget(s);
	if (m->sink == s) {
		mux_mem_release(m, m->left);
		m->sink = NULL;
	}
	mux_stream_answered(s);
}

void
mux_stream_drop(struct mux_stream *s)
{
	TAILQ_REMOVE(&s->m->over, s, entry);
	s->m->config.release(s);
}

/* We end it: what the peer has still to say of it, ACK and FIN or RST, finds
 * nobody, and is no fault of the peer. */
void
mux_stream_unsaid(struct mux_stream *s)
{
	s->m->unsaid += (s->local && !s->answered) + !s->fin_seen;
}

void
mux_stream_close(struct mux_stream *s)
{
	struct mux	*m = s->m;
	bool		 quiet, fin;

	if (!s->over) {
		/* A SYN that was never sent needs no RST. */
		quiet = s->syn_due || (s->fin_sent && s->fin_seen);
		fin = s->fin_seen && s->fin_wanted && evbuffer_get_length(s->out) == 0;
		if (!quiet)
			mux_stream_unsaid(s);
		mux_stream_unlink(s);
		if (!quiet && !m->failed)
			mux_queue_frame(m, FRAME_WINDOW_UPDATE,
			    fin ? FRAME_FIN : FRAME_RST, s->id, 0);
		m->ops->want_output(m->arg);
	}
	mux_stream_drop(s);
}

void
mux_check(const struct mux *m)
{
	const struct mux_stream	*s;
	size_t			 n = 0, held = 0, grown = 0, way, ours = 0, theirs = 0;
	size_t			 ready = 0;

	TAILQ_FOREACH(s, &m->live, entry) {
		way = m->sink == s ? m->left : 0;
		if (s->over || mux_stream_find(m, s->id) != s)
			fatalx("mux: stream %u is not where it belongs", (unsigned)s->id);
		if (s->recv_window + s->held + s->credit + way != s->window + s->excess ||
		    s->window < FRAME_WINDOW || s->window + s->excess > m->config.window_max)
			fatalx("mux: window of stream %u", (unsigned)s->id);
		n++;
		held += s->held + way;
		grown += s->window - FRAME_WINDOW;
		ours += s->local && !s->answered;
		theirs += !s->local && !s->answered;
		ready += s->in_ready && !s->fresh;
	}
	if (n != m->n || n > m->config.streams_max)
		fatalx("mux: %zu streams", n);
	if (held != m->buffered || held > m->config.memory_max)
		fatalx("mux: %zu bytes held", held);
	if (ready != m->ready_n)
		fatalx("mux: %zu streams ready", ready);
	if (grown != m->grown || ours != m->unanswered_ours ||
	    theirs != m->unanswered_theirs || theirs > m->config.accept_max)
		fatalx("mux: grown %zu, unanswered %zu and %zu", grown, ours, theirs);
}
