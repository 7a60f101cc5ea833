/*
 * mux.c - fuzzes a whole yamux session.
 *
 * Exercises mux_input with frames as they come, in pieces, mux_output with
 * what it answers, and all that an owner of streams does in between: accept,
 * refuse, write, finish, consume, close, open, ping, leave. After every step
 * the accounts must add up (mux_check), and what is sent must be whole,
 * well-formed frames.
 *
 * Input: pieces, each with a byte that says what to do. Below 0x80: feed so
 * many bytes (those that follow). Else an operation of the owner, on the
 * stream that the low bits name.
 */
#include <event2/buffer.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "revdial/frame.h"
#include "revdial/muxstate.h"

#define ENDS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct end {
	struct mux_stream	*ms;	/* NULL: free */
	struct evbuffer		*in, *out;
	bool			 finished, eof;
};

static struct end ends[ENDS];
static int64_t now_us;

static bool
end_bind(struct mux_stream *ms)
{
	int i;

	for (i = 0; i < ENDS && ends[i].ms != NULL; i++)
		;
	if (i == ENDS)
		return false;
	ends[i].ms = ms;
	ends[i].in = evbuffer_new();
	ends[i].out = evbuffer_new();
	ends[i].finished = ends[i].eof = false;
	mux_stream_bind(ms, ends[i].in, ends[i].out, &ends[i]);
	return true;
}

static void
end_free(struct end *x)
{
	mux_stream_close(x->ms);
	x->ms = NULL;
	evbuffer_free(x->in);
	evbuffer_free(x->out);
}

static int64_t on_now(void *arg) { (void)arg; return now_us; }
static void on_nothing(void *arg) { (void)arg; }
static bool on_opened(struct mux_stream *ms, void *arg) { (void)arg; return end_bind(ms); }

static void
on_received(struct mux_stream *ms, size_t n, void *arg)
{
	struct end *x = mux_stream_user(ms);

	(void)arg;
	if (x->ms != ms || x->eof || n == 0 || evbuffer_get_length(x->in) < n)
		abort();
}

static void
on_sent(struct mux_stream *ms, size_t n, void *arg)
{
	(void)arg;
	if (((struct end *)mux_stream_user(ms))->ms != ms)
		abort();
	(void)n;
}

static void
on_eof(struct mux_stream *ms, void *arg)
{
	struct end *x = mux_stream_user(ms);

	(void)arg;
	if (x->eof)
		abort();
	x->eof = true;
}

static void
on_ended(struct mux_stream *ms, enum mux_end how, const char *why, void *arg)
{
	(void)arg;
	(void)how;
	if (*why == '\0')
		abort();
	end_free(mux_stream_user(ms));
}

static const struct mux_ops ops = {
	.now_us = on_now, .want_output = on_nothing, .opened = on_opened,
	.may_open = on_nothing, .received = on_received, .sent = on_sent,
	.eof = on_eof, .ended = on_ended, .pong = on_nothing,
	.peer_leaves = on_nothing,
};

/* What it says must be frames, whole, that a peer would take. */
static void
check_output(struct evbuffer *out)
{
	uint8_t		raw[FRAME_HEADER];
	struct frame	f;

	while (evbuffer_get_length(out) > 0) {
		if (evbuffer_remove(out, raw, sizeof raw) != (int)sizeof raw ||
		    frame_parse(&f, raw, NULL) == -1)
			abort();
		if (f.type != FRAME_DATA)
			continue;
		if (evbuffer_get_length(out) < f.length)
			abort();
		evbuffer_drain(out, f.length);
	}
}

static void
operate(struct mux *m, unsigned op, struct evbuffer *out)
{
	static const char	 block[40000];
	struct end		*x = &ends[op % ENDS];
	struct mux_stream	*ms;

	now_us += 10000;
	if (x->ms == NULL) {
		if (op & 0x10)
			mux_ping(m);
		else if ((ms = mux_open(m, NULL)) != NULL && !end_bind(ms))
			abort();
		return;
	}
	switch (op >> 4 & 7) {
	case 0:
		mux_stream_accept(x->ms);
		break;
	case 1:
		if (!x->finished) {
			evbuffer_add(x->out, block, sizeof block);
			mux_stream_wrote(x->ms);
		}
		break;
	case 2:
		x->finished = true;
		mux_stream_finish(x->ms);
		break;
	case 3:
		evbuffer_drain(x->in, evbuffer_get_length(x->in) / 2 + 1);
		mux_stream_consumed(x->ms);
		break;
	case 4:
		end_free(x);
		break;
	case 5:
		mux_leave(m);
		break;
	default:
		if (mux_output(m, out, 100000, NULL) == -1)
			abort();
		check_output(out);
		break;
	}
}

static void
run(struct mux *m, const uint8_t *data, size_t size, struct evbuffer *in,
    struct evbuffer *out)
{
	struct err	e = ERR_INIT;
	size_t		n;
	bool		over = false;

	while (size > 0 && !over) {
		n = *data++;
		size--;
		if (n >= 0x80) {
			operate(m, (unsigned)n & 0x7f, out);
			mux_check(m);
			continue;
		}
		n = n > size ? size : n;
		evbuffer_add(in, data, n);
		data += n;
		size -= n;
		over = mux_input(m, in, &e) == -1;
		if (over ? e.msg[0] == '\0' : evbuffer_get_length(in) >= FRAME_HEADER)
			abort();
		mux_check(m);
	}
	if (mux_output(m, out, 1 << 20, NULL) == -1)
		abort();
	check_output(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mux_config	 c = { .streams_max = 12, .accept_max = 4,
	    .window_max = 1 << 20, .memory_max = 1 << 21 };
	struct evbuffer		*in = evbuffer_new(), *out = evbuffer_new();
	struct mux		*m;

	now_us = 0;
	c.dialer = size > 0 && data[0] == 0xff;
	m = mux_new(&c, &ops, NULL);
	run(m, data, size, in, out);
	mux_gone(m, "over");
	if (mux_streams(m) != 0)
		abort();
	mux_free(m);
	evbuffer_free(in);
	evbuffer_free(out);
	return 0;
}
