/*
 * muxlink.c - yamux over a line with a delay and a rate, in a time of its own:
 * what a stream gets of the line, and what it does to others there.
 */
#include "unit.h"

#include <string.h>

#include "io/buf.h"
#include "revdial/muxstate.h"

#define MIB	((size_t)1 << 20)
#define TICK_US	1000
#define DELAY	40		/* ticks, one way */
#define STREAMS	4

struct side {
	struct mux	*m;
	struct evbuffer	*queue;		/* written, not yet on the line */
	struct evbuffer	*line[DELAY];	/* arrives when its turn comes */
	struct evbuffer	*arrived;
	struct mux_stream *streams[STREAMS];
	struct evbuffer	*in[STREAMS], *out[STREAMS];
	size_t		 got[STREAMS];
	bool		 deaf[STREAMS];	/* nobody reads */
};

static struct side sides[2];
static int64_t now_us;

static int64_t on_now(void *arg) { (void)arg; return now_us; }
static void on_nothing(void *arg) { (void)arg; }
static void on_refused(const char *why, void *arg) { (void)why; (void)arg; }
static void on_sent(struct mux_stream *s, size_t n, void *arg) { (void)s; (void)n; (void)arg; }
static void on_eof(struct mux_stream *s, void *arg) { (void)s; (void)arg; }

static void
adopt(struct side *x, struct mux_stream *s)
{
	size_t i = mux_stream_id(s) / 2;

	x->in[i] = buf_new();
	x->out[i] = buf_new();
	mux_stream_bind(s, x->in[i], x->out[i], x);
	x->streams[i] = s;
	mux_stream_accept(s);
}

static bool
on_opened(struct mux_stream *s, void *arg)
{
	adopt(arg, s);
	return true;
}

static void
on_received(struct mux_stream *s, size_t n, void *arg)
{
	struct side *x = arg;
	size_t i = mux_stream_id(s) / 2;

	if (x->deaf[i])
		return;
	x->got[i] += n;
	buf_drain(x->in[i], buf_len(x->in[i]));
	mux_stream_consumed(s);
}

static void
on_ended(struct mux_stream *s, enum mux_end how, const char *why, void *arg)
{
	(void)s;
	(void)arg;
	ck_abort_msg("ended: %d, %s", how, why);
}

static const struct mux_ops ops = {
	.now_us = on_now, .want_output = on_nothing, .opened = on_opened,
	.refused = on_refused, .may_open = on_nothing, .received = on_received,
	.sent = on_sent, .eof = on_eof, .ended = on_ended, .pong = on_nothing,
	.peer_leaves = on_nothing,
};

static void
begin(size_t window_max)
{
	struct mux_config c = { .streams_max = 100, .accept_max = 100,
	    .window_max = window_max, .memory_max = 64 * MIB };
	size_t i, k;

	now_us = 1;
	for (i = 0; i < 2; i++) {
		memset(&sides[i], 0, sizeof sides[i]);
		c.dialer = i == 0;
		sides[i].m = mux_new(&c, &ops, &sides[i]);
		sides[i].queue = buf_new();
		sides[i].arrived = buf_new();
		for (k = 0; k < DELAY; k++)
			sides[i].line[k] = buf_new();
		mux_ping(sides[i].m);
	}
	for (i = 0; i < STREAMS; i++)
		adopt(&sides[0], mux_open(sides[0].m, NULL));
}

static void
end(void)
{
	size_t i, k;

	for (i = 0; i < 2; i++) {
		mux_free(sides[i].m);
		buf_free(sides[i].queue);
		buf_free(sides[i].arrived);
		for (k = 0; k < DELAY; k++)
			buf_free(sides[i].line[k]);
		for (k = 0; k < STREAMS; k++) {
			buf_free(sides[i].in[k]);
			buf_free(sides[i].out[k]);
		}
	}
}

/* One ms: what arrives on the other side, and what goes on the line here. */
static void
tick(struct side *x, struct side *to, size_t per_tick)
{
	struct evbuffer *slot = x->line[now_us / TICK_US % DELAY];

	buf_move(to->arrived, slot, SIZE_MAX);
	ck_assert_int_eq(mux_input(to->m, to->arrived, NULL), 0);
	if (buf_len(x->queue) < per_tick)
		ck_assert_int_eq(mux_output(x->m, x->queue, per_tick, NULL), 0);
	buf_move(slot, x->queue, per_tick);
}

/* Streams 0 to n-1 send all the time, for so many ms. */
static void
run(size_t n, int ms, size_t per_tick)
{
	static const char block[65536];
	size_t i;

	for (; ms > 0; ms--, now_us += TICK_US) {
		for (i = 0; i < n; i++) {
			while (buf_len(sides[0].out[i]) < 4 * MIB)
				buf_add(sides[0].out[i], block, sizeof block);
			mux_stream_wrote(sides[0].streams[i]);
		}
		tick(&sides[0], &sides[1], per_tick);
		tick(&sides[1], &sides[0], per_tick);
	}
	mux_check(sides[0].m);
	mux_check(sides[1].m);
}

/* Percent of the line that stream 0 gets after two seconds. */
static size_t
percent(size_t window_max, size_t per_tick)
{
	size_t before;

	begin(window_max);
	run(1, 2000, per_tick);
	before = sides[1].got[0];
	run(1, 2000, per_tick);
	before = (sides[1].got[0] - before) * 100 / (2000 * per_tick);
	end();
	return before;
}

/* 80 ms there and back. A window that is no larger than at first is the limit. */
START_TEST(one_stream_fills_the_line)
{
	ck_assert_uint_le(percent(256 * 1024, 12500), 35);	/* 100 Mbit/s */
	ck_assert_uint_ge(percent(16 * MIB, 12500), 95);
	ck_assert_uint_ge(percent(16 * MIB, 125000), 95);	/* 1 Gbit/s */
}
END_TEST

/* Minutes without a pause: each look at the path finds it without the queues, so
 * the window stays at twice what the path takes. */
START_TEST(window_stays_as_it_is)
{
	size_t n = 0;
	int i;

	begin(16 * MIB);
	run(1, 2000, 4000);
	for (i = 0; i < 3; i++) {
		run(1, 60000, 4000);
		ck_assert_uint_le(sides[1].streams[0]->window, 700000);
		n = sides[1].got[0] - n;
		ck_assert_uint_ge(n, (size_t)60000 * 4000 * 95 / 100);
		n = sides[1].got[0];
	}
	end();
}
END_TEST

/* Nobody reads stream 0; the others have the line. */
START_TEST(unread_stream_costs_its_window)
{
	size_t i, sum = 0;

	begin(16 * MIB);
	sides[1].deaf[0] = true;
	run(STREAMS, 4000, 12500);
	ck_assert_uint_eq(sides[1].got[0], 0);
	ck_assert_uint_eq(buf_len(sides[1].in[0]), FRAME_WINDOW);
	for (i = 1; i < STREAMS; i++) {
		ck_assert_uint_ge(sides[1].got[i], 4000 * 12500 / 4);
		sum += sides[1].got[i];
	}
	ck_assert_uint_ge(sum, 4000 * (size_t)12500 * 90 / 100);
	end();
}
END_TEST

/* A question and its answer beside three bulk transfers: no more than what is
 * on its way already stands before it. */
START_TEST(small_one_beside_bulk)
{
	int64_t asked, i;

	begin(16 * MIB);
	run(STREAMS - 1, 3000, 12500);
	for (i = 0; i < 10; i++) {
		size_t before = sides[1].got[STREAMS - 1];

		buf_adds(sides[0].out[STREAMS - 1], "?");
		mux_stream_wrote(sides[0].streams[STREAMS - 1]);
		for (asked = now_us; sides[1].got[STREAMS - 1] == before; )
			run(STREAMS - 1, 1, 12500);
		/* The line, two frames on their way to it, and nothing else. */
		ck_assert_int_le(now_us - asked, (DELAY + 2 * 131072 / 12500 + 2) * TICK_US);
	}
	end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxlink");
	TCase *t = tcase_create("line");

	tcase_add_test(t, one_stream_fills_the_line);
	tcase_add_test(t, window_stays_as_it_is);
	tcase_add_test(t, unread_stream_costs_its_window);
	tcase_add_test(t, small_one_beside_bulk);
	suite_add_tcase(s, t);
	return s;
}
