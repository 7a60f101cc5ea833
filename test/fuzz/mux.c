/*
 * mux.c - fuzzes a whole yamux session against a model of it.
 *
 * Exercises mux_input with frames as they come, in pieces, mux_output with
 * what it answers, and all that an owner of streams does in between: accept,
 * refuse, write, finish, consume, close (also from inside of an event), open,
 * ping, leave, part, tick. The model knows of each stream, from the wire alone, what
 * each side may send, and the bytes themselves. After every step:
 *	- what came is with the stream that it was for, all of it, in order, once
 *	- what is sent are whole frames, of streams that may say that, within the
 *	  peer's window, and are the bytes that were written, in order
 *	- the peer may send what it was promised, and not a byte more
 *	- no event comes for a stream that ended or was closed
 *	- what lies unread is within the session's bound and the budget's
 *	- nobody parts before the peer answered a ping that went after the last word
 *	- the mux's own accounts add up (mux_check)
 *
 * Input: operations of a byte, with what follows. Below 0x40: so many raw bytes
 * and one. Below 0x80: a frame of the type in the low bits; flags, id, mantissa
 * and exponent of the length follow, the payload does not. Else the owner does
 * something, on the stream that the low bits name, as the next byte says.
 */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "revdial/budget.h"
#include "revdial/muxstate.h"
#include "revdial/carriers.h"

#define PAYLOAD_MAX	(1 << 19)
#define WINDOW_MAX	(1 << 20)
#define MEMORY_MAX	(3 << 19)
#define BUDGET_MAX	(1 << 20)

/* A trap of its own each, so that a report names the line. */
#define must(what) do {							\
	if (!(what))							\
		__builtin_trap();					\
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stream: as its owner has it, and as the wire shows it. */
struct flow {
	struct mux_stream	*ms;		/* NULL: ended or closed */
	uint32_t		 id;
	bool			 local;
	struct evbuffer		*in, *out;
	struct evbuffer		*expected;	/* fed, and not yet in `in` */
	int64_t			 peer_may, we_may;	/* send so many bytes */
	uint64_t		 written, sent;
	bool			 finished;	/* by its owner */
	bool			 eof;
	bool			 fin_in, fin_out, syn_out, ack_out, last_out;
	struct flow		*next;
};

static struct flow *flows;
static struct mux *m;
static struct evbuffer *wire, *out;
static int64_t now_us;
static uint64_t fed;
static bool by_peer;		/* its go away ended the session */
static bool close_inside;	/* the next event closes its stream */

/* Frames said, counted: up to which is one of a stream; the last ping; up to which
 * the peer has read, as its answer tells (or its lie, before it was asked). */
static uint64_t said, last_word, asked, known;
static uint32_t question;

/* The peer's bytes as the model parses them. */
static uint8_t header[FRAME_HEADER];
static size_t header_n;
static uint32_t left;
static struct flow *sink;

static uint8_t
pattern(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15;
	return (uint8_t)(x >> 56);
}

static uint64_t
place(const struct flow *f, uint64_t offset)
{
	return (uint64_t)f->id << 32 ^ offset;
}

/* --- streams -------------------------------------------------------------------- */

static struct flow *
flow_find(uint32_t id)
{
	struct flow *f;

	for (f = flows; f != NULL && f->id != id; f = f->next)
		;
	return f;
}

static struct flow *
flow_live(unsigned n)
{
	struct flow *f;

	for (f = flows; f != NULL; f = f->next)
		if (f->ms != NULL && n-- == 0)
			return f;
	return NULL;
}

static void
flow_new(struct mux_stream *ms, bool local)
{
	struct flow *f = calloc(1, sizeof *f);

	must(flow_find(mux_stream_id(ms)) == NULL);
	f->ms = ms;
	f->id = mux_stream_id(ms);
	f->local = local;
	f->in = evbuffer_new();
	f->out = evbuffer_new();
	f->expected = evbuffer_new();
	f->peer_may = f->we_may = FRAME_WINDOW;
	f->next = flows;
	flows = f;
	mux_stream_bind(ms, f->in, f->out, f);
}

/* Nothing may come for it from here on; what is still said of it is checked. */
static void
flow_over(struct flow *f)
{
	struct mux_stream *ms = f->ms;

	f->ms = NULL;
	mux_stream_close(ms);
	evbuffer_free(f->in);
	evbuffer_free(f->out);
	evbuffer_free(f->expected);
	if (sink == f)
		sink = NULL;
}

/* --- events --------------------------------------------------------------------- */

static int64_t on_now(void *arg) { (void)arg; return now_us; }
static void on_nothing(void *arg) { (void)arg; }

static struct flow *
flow_of(struct mux_stream *ms)
{
	struct flow *f = mux_stream_user(ms);

	must(f->ms == ms);
	return f;
}

static void
perhaps_close(struct flow *f)
{
	if (!close_inside)
		return;
	close_inside = false;
	flow_over(f);
}

static void
on_refused(const char *why, void *arg)
{
	(void)arg;
	must(*why != '\0');
}

static bool
on_opened(struct mux_stream *ms, void *arg)
{
	(void)arg;
	if (mux_stream_id(ms) % 16 == 15)
		return false;
	flow_new(ms, false);
	return true;
}

static void
on_received(struct mux_stream *ms, size_t n, void *arg)
{
	static uint8_t		 got[PAYLOAD_MAX], was[PAYLOAD_MAX];
	struct flow		*f = flow_of(ms);
	size_t			 len = evbuffer_get_length(f->in);
	struct evbuffer_ptr	 at;

	(void)arg;
	must(!f->eof && n > 0 && n <= len && n <= sizeof got);
	must(evbuffer_ptr_set(f->in, &at, len - n, EVBUFFER_PTR_SET) == 0);
	must(evbuffer_copyout_from(f->in, &at, got, n) == (ev_ssize_t)n);
	must(evbuffer_remove(f->expected, was, n) == (int)n);
	must(memcmp(got, was, n) == 0);
	perhaps_close(f);
}

static void
on_sent(struct mux_stream *ms, size_t n, void *arg)
{
	(void)n;
	(void)arg;
	perhaps_close(flow_of(ms));
}

static void
on_eof(struct mux_stream *ms, void *arg)
{
	struct flow *f = flow_of(ms);

	(void)arg;
	must(!f->eof && evbuffer_get_length(f->expected) == 0);
	f->eof = true;
	perhaps_close(f);
}

static void
on_ended(struct mux_stream *ms, enum mux_end how, const char *why, void *arg)
{
	struct flow *f = flow_of(ms);

	(void)arg;
	must(*why != '\0');
	/* The peer knows; only what we cut is told. */
	f->last_out = how != MUX_RESET || strstr(why, "unread") == NULL;
	flow_over(f);
}

static const struct mux_ops ops = {
	.now_us = on_now, .want_output = on_nothing, .opened = on_opened,
	.refused = on_refused, .may_open = on_nothing, .received = on_received, .sent = on_sent,
	.eof = on_eof, .ended = on_ended, .pong = on_nothing,
	.peer_leaves = on_nothing,
};

/* --- what we say ------------------------------------------------------------------ */

static void
check_payload(struct flow *f, uint32_t n)
{
	unsigned char	*p = evbuffer_pullup(out, (ev_ssize_t)n);
	uint32_t	 i;

	f->we_may -= n;
	must(f->we_may >= 0 && f->sent + n <= f->written);
	for (i = 0; i < n; i++)
		must(p[i] == pattern(place(f, f->sent + i)));
	f->sent += n;
}

static void
check_stream_frame(const struct frame *h)
{
	struct flow *f = flow_find(h->id);

	if (f == NULL) {	/* refused */
		must(h->flags == FRAME_RST && h->type == FRAME_WINDOW_UPDATE &&
		    h->length == 0 && (h->id % 2 == 1) != m->config.dialer);
		return;
	}
	last_word = said;
	/* Each at most once, and nothing after the last. */
	must(!f->last_out);
	must(!(h->flags & FRAME_SYN) == !(f->local && !f->syn_out));
	must(!(h->flags & FRAME_ACK) || (!f->local && !f->ack_out));
	must(!(h->flags & FRAME_FIN) || (f->finished && !f->fin_out &&
	    f->sent == f->written));
	f->syn_out = true;
	f->ack_out |= (h->flags & FRAME_ACK) != 0;
	f->fin_out |= (h->flags & FRAME_FIN) != 0;
	f->last_out = (h->flags & FRAME_RST) != 0;
	if (h->type == FRAME_DATA) {
		must(h->length > 0 && !f->fin_out && !f->last_out);
		check_payload(f, h->length);
	} else
		f->peer_may += h->length;
	must(f->peer_may <= WINDOW_MAX);
}

/* All of it; the last frame in h. */
static void
check_output(struct frame *h)
{
	uint8_t raw[FRAME_HEADER];

	while (evbuffer_get_length(out) > 0) {
		must(evbuffer_remove(out, raw, sizeof raw) == (int)sizeof raw);
		must(frame_parse(h, raw, NULL) == 0);
		said++;
		if (h->type == FRAME_PING && h->flags == FRAME_SYN) {
			asked = said;
			question = h->length;
		}
		if (h->type == FRAME_DATA)
			must(evbuffer_get_length(out) >= h->length);
		if (h->id != 0)
			check_stream_frame(h);
		if (h->type == FRAME_DATA)
			evbuffer_drain(out, h->length);
	}
}

/* --- what the peer says ------------------------------------------------------------- */

/* A header was taken (r == 0) or refused: rightly? */
static void
check_header(int r, const struct err *e)
{
	struct frame	 h;
	struct flow	*f;

	header_n = 0;
	if (frame_parse(&h, header, NULL) == -1) {
		must(r == -1);
		return;
	}
	f = flow_find(h.id);
	if (f != NULL && f->ms == NULL)
		f = NULL;
	if (r == -1) {
		if (strstr(e->msg, "are allowed") != NULL)
			must(f != NULL && h.length > f->peer_may);
		return;
	}
	if (h.type == FRAME_DATA)
		left = h.length;
	if (h.type == FRAME_PING && h.flags == FRAME_ACK && h.length >= question)
		known = h.length == question ? asked : UINT64_MAX;
	sink = h.type == FRAME_DATA ? f : NULL;
	if (f == NULL || h.id == 0)
		return;
	must(!f->fin_in || !((h.flags & FRAME_FIN) || (h.type == FRAME_DATA && h.length > 0)));
	f->fin_in |= (h.flags & FRAME_FIN) != 0;
	if (h.type == FRAME_DATA)
		f->peer_may -= h.length;
	else
		f->we_may += h.length;
	must(f->peer_may >= 0 && f->we_may <= UINT32_MAX);
}

/* Up to the end of the next header, so that the model knows what the mux knew
 * when it saw that one. False: the session is over. */
static bool
feed_some(const uint8_t **p, size_t *n)
{
	struct err	e = ERR_INIT;
	size_t		k = left < *n ? left : *n, rest;
	int		r;

	if (sink != NULL)
		evbuffer_add(sink->expected, *p, k);
	left -= (uint32_t)k;
	rest = *n - k < FRAME_HEADER - header_n ? *n - k : FRAME_HEADER - header_n;
	memcpy(header + header_n, *p + k, rest);
	header_n += rest;
	evbuffer_add(wire, *p, k + rest);
	*p += k + rest;
	*n -= k + rest;
	r = mux_input(m, wire, &e);
	must(r == 0 ? evbuffer_get_length(wire) == header_n % FRAME_HEADER :
	    e.msg[0] != '\0');
	by_peer = r == -1 && strstr(e.msg, "the other side ended") != NULL;
	must(sink == NULL || evbuffer_get_length(sink->expected) == 0);
	if (header_n == FRAME_HEADER)
		check_header(r, &e);
	mux_check(m);
	return r == 0;
}

static bool
feed(const uint8_t *p, size_t n)
{
	while (n > 0)
		if (!feed_some(&p, &n))
			return false;
	return true;
}

static bool
feed_frame(unsigned type, const uint8_t arg[4])
{
	static uint8_t	raw[FRAME_HEADER + PAYLOAD_MAX];
	struct frame	h = { (enum frame_type)type, arg[0] & 15, arg[1], arg[2] };
	size_t		n = 0, i;

	h.length <<= arg[3] & 31;
	if (type >= FRAME_PING && arg[0] < 0xf0)
		h.id = 0;
	frame_encode(&h, raw);
	if (type == FRAME_DATA && h.length <= PAYLOAD_MAX)
		n = arg[3] & 0x80 ? h.length / 2 : h.length;
	for (i = 0; i < n; i++)
		raw[FRAME_HEADER + i] = pattern(fed++);
	return feed(raw, FRAME_HEADER + n);
}

/* --- what the owner does --------------------------------------------------------------- */

static void
write_some(struct flow *f, size_t n)
{
	static uint8_t	block[255 << 8];
	size_t		i;

	if (f->finished || n == 0)
		return;
	for (i = 0; i < n; i++)
		block[i] = pattern(place(f, f->written++));
	evbuffer_add(f->out, block, n);
	mux_stream_wrote(f->ms);
}

static void
take_some(struct flow *f, unsigned p)
{
	evbuffer_drain(f->in, evbuffer_get_length(f->in) * (p / 2) / 127);
	if (p & 1)
		mux_stream_consumed(f->ms);
}

static void
session_operation(unsigned op, unsigned p)
{
	struct mux_stream *ms;

	if (op < 8) {
		if ((ms = mux_open(m, NULL)) != NULL)
			flow_new(ms, true);
	} else if (op == 8)
		mux_leave(m);
	else if (op == 9)
		close_inside = true;
	else if (op < 12)
		mux_ping(m);
	else if (op < 15)
		mux_tick(m);
	else if (mux_parted(m))
		must(m->leaving && mux_streams(m) == 0 && known > last_word);
	now_us += (int64_t)p * p * 1000;
}

static void
operate(unsigned op, unsigned p)
{
	struct frame	 h;
	struct flow	*f = flow_live(op & 15);

	now_us += p;
	if (op >> 4 == 6) {
		session_operation(op & 15, p);
		return;
	}
	if (op >> 4 == 7) {
		must(mux_output(m, out, (size_t)p << 10, NULL) == 0);
		check_output(&h);
		return;
	}
	if (f == NULL)
		return;
	switch (op >> 4) {
	case 0:
		mux_stream_accept(f->ms);
		break;
	case 1:
		write_some(f, (size_t)p << (p & 8));
		break;
	case 2:
		f->finished = true;
		mux_stream_finish(f->ms);
		break;
	case 4:
		flow_over(f);
		break;
	default:
		take_some(f, p);
		break;
	}
}

static void
check_unread(void)
{
	struct flow	*f;
	size_t		 n = 0;

	for (f = flows; f != NULL; f = f->next)
		if (f->ms != NULL)
			n += evbuffer_get_length(f->in);
	must(n <= MEMORY_MAX);
	must(m->config.budget == NULL ||
	    (n <= BUDGET_MAX && m->buffered == m->config.budget->held &&
	    m->grown == m->config.budget->grown));
}

/* False: the peer broke the rules. */
static bool
run(const uint8_t *data, size_t size)
{
	uint8_t	arg[4] = { 0 };
	size_t	n;
	bool	good = true;

	while (size > 0 && good) {
		n = *data++;
		size--;
		if (n < 0x40) {
			n = n + 1 < size ? n + 1 : size;
			good = feed(data, n);
		} else {
			size_t args = n < 0x80 ? sizeof arg : 1;

			memset(arg, 0, sizeof arg);
			memcpy(arg, data, args < size ? args : size);
			if (n < 0x80)
				good = feed_frame(n & 3, arg);
			else
				operate((unsigned)n & 0x7f, arg[0]);
			n = args < size ? args : size;
		}
		data += n;
		size -= n;
		mux_check(m);
		check_unread();
	}
	return good;
}

static void
finish(bool good)
{
	struct frame	 h = { FRAME_PING, 0, 0, 0 };
	struct flow	*f;

	must(mux_output(m, out, 1 << 20, NULL) == 0);
	check_output(&h);
	/* Who breaks the rules is told so, at last. */
	if (!good && !by_peer)
		must(h.type == FRAME_GO_AWAY && h.length == FRAME_PROTOCOL_ERROR);
	mux_gone(m, "over");
	must(mux_streams(m) == 0);
	while ((f = flows) != NULL) {
		must(f->ms == NULL);
		flows = f->next;
		free(f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mux_config	 c = { .streams_max = 12, .accept_max = 4,
	    .window_max = WINDOW_MAX, .memory_max = MEMORY_MAX };
	unsigned		 kind = size > 0 ? *data : 0;

	now_us = 0;
	fed = header_n = left = 0;
	said = last_word = asked = known = question = 0;
	sink = NULL;
	close_inside = by_peer = false;
	wire = evbuffer_new();
	out = evbuffer_new();
	c.dialer = kind & 1;
	if (kind & 2)
		c.budget = revdial_budget_new(BUDGET_MAX);
	m = mux_new(&c, &ops, NULL);
	finish(run(data + (size > 0), size - (size > 0)));
	mux_free(m);
	revdial_budget_free(c.budget);
	evbuffer_free(wire);
	evbuffer_free(out);
	return 0;
}
