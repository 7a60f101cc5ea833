/*
 * muxpair.c - two muxes talking to each other: random operations, every byte
 * looked at; then the same with every single allocation failing once.
 */
#include "unit.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "io/buf.h"
#include "revdial/muxstate.h"
#include "revdial/carriers.h"

#define STREAMS		60	/* at once, per side */
#define STEPS		6000

struct side;

/* What goes each way on a stream follows from its id and the sender. */
struct end {
	struct side		*side;
	struct mux_stream	*ms;	/* NULL: ended */
	uint32_t		 id;
	struct evbuffer		*in, *out;
	uint64_t		 tx, rx;	/* generators */
	bool			 finished, eof, cut;
	struct end		*next;
};

struct side {
	struct mux	*m;
	struct evbuffer	*wire;		/* to the other side */
	struct side	*other;
	struct end	*ends;
	size_t		 n;
	uint64_t	 got;		/* bytes that were right */
	size_t		 eofs, resets;
	bool		 failed;
};

static struct side sides[2];
static struct revdial_budget *budget;	/* of both */
static int64_t now_us;
static uint64_t rnd_state;

static uint64_t
rnd(uint64_t below)
{
	rnd_state = rnd_state * 6364136223846793005U + 1442695040888963407U;
	return (rnd_state >> 33) % below;
}

static unsigned char
next_byte(uint64_t *x)
{
	*x = *x * 6364136223846793005U + 1442695040888963407U;
	return (unsigned char)(*x >> 56);
}

/* --- failing allocations -------------------------------------------------------- */

static bool armed;		/* inside of a call to the mux */
static long alloc_count, alloc_fail;	/* the one to fail; 0: none */

static bool
alloc_fails(void)
{
	return armed && ++alloc_count == alloc_fail;
}

static void *
test_malloc(size_t n)
{
	return alloc_fails() ? NULL : malloc(n);
}

static void *
test_realloc(void *p, size_t n)
{
	return alloc_fails() ? NULL : realloc(p, n);
}

static void *
test_calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : calloc(n, size);
}

/* --- events ------------------------------------------------------------------------ */

static struct end *
end_new(struct side *side, struct mux_stream *ms)
{
	struct end *x;
	bool was = armed;

	armed = false;
	x = calloc(1, sizeof *x);
	x->side = side;
	x->ms = ms;
	x->id = mux_stream_id(ms);
	x->in = buf_new();
	x->out = buf_new();
	x->tx = x->id * 2 + (side == &sides[0]);
	x->rx = x->id * 2 + (side == &sides[1]);
	x->next = side->ends;
	side->ends = x;
	side->n++;
	mux_stream_bind(ms, x->in, x->out, x);
	armed = was;
	return x;
}

static int64_t
on_now(void *arg)
{
	(void)arg;
	return now_us;
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

static bool
on_opened(struct mux_stream *ms, void *arg)
{
	end_new(arg, ms);
	return true;
}

static void
on_refused(const char *why, void *arg)
{
	(void)why;
	(void)arg;
}

static void
on_bytes(struct mux_stream *ms, size_t n, void *arg)
{
	(void)ms;
	(void)n;
	(void)arg;
}

static void
on_eof(struct mux_stream *ms, void *arg)
{
	struct end *x = mux_stream_user(ms);

	x->eof = true;
	((struct side *)arg)->eofs++;
}

static void
on_ended(struct mux_stream *ms, enum mux_end how, const char *why, void *arg)
{
	struct end *x = mux_stream_user(ms);

	(void)why;
	x->ms = NULL;
	x->cut = true;
	((struct side *)arg)->resets += how == MUX_RESET;
	mux_stream_close(ms);
}

static const struct mux_ops ops = {
	.now_us = on_now, .want_output = on_nothing, .opened = on_opened,
	.refused = on_refused, .may_open = on_nothing, .received = on_bytes, .sent = on_bytes,
	.eof = on_eof, .ended = on_ended, .pong = on_nothing,
	.peer_leaves = on_nothing,
};

/* --- operations --------------------------------------------------------------------- */

static void
check_bytes(struct end *x, size_t max)
{
	unsigned char buf[4096];
	size_t n, i, wrong = 0;

	while (max > 0 && (n = buf_take(x->in, buf, max < sizeof buf ? max : sizeof buf)) > 0) {
		for (i = 0; i < n; i++)
			wrong += buf[i] != next_byte(&x->rx);
		x->side->got += n;
		max -= n;
	}
	ck_assert_uint_eq(wrong, 0);
	if (x->ms != NULL)
		mux_stream_consumed(x->ms);
}

static void
write_bytes(struct end *x, size_t n)
{
	unsigned char *p = malloc(n + 1);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = next_byte(&x->tx);
	buf_add(x->out, p, n);
	free(p);
	mux_stream_wrote(x->ms);
}

static void
end_drop(struct end *x)
{
	struct end **at = &x->side->ends;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->side->n--;
	armed = true;
	if (x->ms != NULL)
		mux_stream_close(x->ms);
	armed = false;
	buf_free(x->in);
	buf_free(x->out);
	free(x);
}

static struct end *
some_end(struct side *s)
{
	struct end *x = s->ends;
	size_t i = s->n == 0 ? 0 : rnd(s->n);

	while (i-- > 0)
		x = x->next;
	return x;
}

static void
open_one(struct side *s)
{
	struct mux_stream *ms;

	armed = true;
	ms = s->failed || s->n >= STREAMS ? NULL : mux_open(s->m, NULL);
	armed = false;
	if (ms != NULL)
		end_new(s, ms);
}

/* Output, and a piece of it to the other side. False: the session failed. */
static bool
carry(struct side *s, size_t max, size_t piece)
{
	struct evbuffer *part = buf_new();
	struct side *to = s->other;
	int r = 0;

	armed = true;
	if (!s->failed && mux_output(s->m, s->wire, max, NULL) == -1)
		s->failed = true;
	armed = false;
	mux_check(s->m);
	buf_move(part, s->wire, piece);
	if (!to->failed) {
		armed = true;
		r = mux_input(to->m, part, NULL);
		armed = false;
		mux_check(to->m);
	}
	if (r == -1)
		to->failed = true;
	/* What it left is the beginning of a header. */
	buf_move(part, s->wire, SIZE_MAX);
	buf_move(s->wire, part, SIZE_MAX);
	buf_free(part);
	return !s->failed && !to->failed;
}

static void
some_operation(struct side *s)
{
	struct end *x;

	now_us += (int64_t)rnd(500);
	if (rnd(12) == 0)
		open_one(s);
	if ((x = some_end(s)) == NULL)
		return;
	if (x->ms == NULL || (x->eof && x->finished && buf_len(x->in) == 0)) {
		end_drop(x);
		return;
	}
	armed = true;
	mux_stream_accept(x->ms);
	armed = false;
	switch (rnd(8)) {
	case 0:
	case 1:
	case 2:
		if (!x->finished && buf_len(x->out) < 500000)
			write_bytes(x, rnd(4) == 0 ? rnd(300000) : rnd(3000));
		break;
	case 3:
	case 4:
	case 5:
		check_bytes(x, rnd(3) == 0 ? SIZE_MAX : rnd(100000));
		break;
	case 6:
		if (rnd(10) == 0) {
			x->finished = true;
			mux_stream_finish(x->ms);
		} else if (rnd(60) == 0)
			end_drop(x);
		break;
	default:
		if (rnd(20) == 0)
			mux_ping(s->m);
		if (rnd(40) == 0) {
			now_us += 11000000;
			mux_tick(s->m);
		}
		break;
	}
}

/* Both finish and read all; true when every stream is gone. */
static bool
wind_down(struct side *s)
{
	struct end *x, *next;

	for (x = s->ends; x != NULL; x = next) {
		next = x->next;
		if (x->ms == NULL) {
			end_drop(x);
			continue;
		}
		mux_stream_accept(x->ms);
		x->finished = true;
		mux_stream_finish(x->ms);
		check_bytes(x, SIZE_MAX);
		if (x->eof && mux_stream_finished(x->ms))
			end_drop(x);
	}
	return s->ends == NULL;
}

static bool
begin(void)
{
	struct mux_config c = { .streams_max = 2 * STREAMS + 50, .accept_max = 20,
	    .window_max = 2 << 20, .memory_max = 64 << 20, .alloc = test_calloc };
	int i;

	now_us = 1000;
	c.budget = budget = revdial_budget_new(32 << 20);
	for (i = 0; i < 2; i++) {
		memset(&sides[i], 0, sizeof sides[i]);
		sides[i].other = &sides[1 - i];
		sides[i].wire = buf_new();
		c.dialer = i == 0;
		armed = true;
		sides[i].m = mux_new(&c, &ops, &sides[i]);
		armed = false;
	}
	return sides[0].m != NULL && sides[1].m != NULL;
}

static void
end_all(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (sides[i].m != NULL)
			mux_gone(sides[i].m, "over");
		while (sides[i].ends != NULL)
			end_drop(sides[i].ends);
		mux_free(sides[i].m);
		buf_free(sides[i].wire);
	}
	revdial_budget_free(budget);	/* which dies if anything is left in it */
}

/* --- tests ---------------------------------------------------------------------------- */

static void
run_random(uint64_t seed, int steps)
{
	int i, left = 20000;

	rnd_state = seed;
	ck_assert(begin());
	for (i = 0; i < steps; i++) {
		some_operation(&sides[rnd(2)]);
		if (rnd(3) == 0)
			ck_assert(carry(&sides[rnd(2)], rnd(200000), rnd(3) == 0 ?
			    rnd(50) : rnd(200000)));
	}
	/* Both must look, not the first alone. */
	while (left-- > 0) {
		bool done = wind_down(&sides[0]);

		if (wind_down(&sides[1]) && done)
			break;
		ck_assert(carry(&sides[0], 1 << 20, SIZE_MAX));
		ck_assert(carry(&sides[1], 1 << 20, SIZE_MAX));
	}
	ck_assert_int_gt(left, 0);
	ck_assert_uint_eq(mux_streams(sides[0].m), 0);
	ck_assert_uint_eq(mux_streams(sides[1].m), 0);
}

START_TEST(random_operations)
{
	uint64_t bytes;

	alloc_fail = 0;
	run_random((uint64_t)_i * 977 + 5, STEPS);
	bytes = sides[0].got + sides[1].got;
	ck_assert_uint_gt(bytes, 1000000);
	ck_assert_uint_gt(sides[0].eofs + sides[1].eofs, 20);
	end_all();
}
END_TEST

/* A short session: opens, both directions, finishes, a reset, a ping. */
static bool
scenario(void)
{
	struct end *x;
	int i;

	rnd_state = 1;
	if (!begin())
		return false;
	for (i = 0; i < 30; i++) {
		open_one(&sides[i % 2]);
		x = sides[i % 2].ends;
		if (x != NULL && x->ms != NULL && !sides[i % 2].failed)
			write_bytes(x, 20000 * (size_t)(i % 3) + 100);
		if (!carry(&sides[0], 1 << 20, SIZE_MAX) ||
		    !carry(&sides[1], 1 << 20, 12345))
			return false;
	}
	armed = true;
	mux_ping(sides[0].m);
	armed = false;
	if (sides[1].ends != NULL)
		end_drop(sides[1].ends);
	for (i = 0; i < 100; i++) {
		bool done = wind_down(&sides[0]);

		if (wind_down(&sides[1]) && done)
			return true;
		if (!carry(&sides[0], 1 << 20, SIZE_MAX) ||
		    !carry(&sides[1], 1 << 20, SIZE_MAX))
			return false;
	}
	return false;
}

/* Whichever allocation fails, the session ends with an error or goes on; it
 * never crashes, loses memory or gets its accounts wrong. */
START_TEST(every_allocation_fails_once)
{
	long failures = 0;

	event_set_mem_functions(test_malloc, test_realloc, free);
	for (alloc_fail = 1; alloc_fail < 100000; alloc_fail++) {
		bool went_well;

		alloc_count = 0;
		went_well = scenario();
		end_all();
		if (went_well && alloc_count < alloc_fail)
			break;
		failures += !went_well;
	}
	ck_assert_int_lt(alloc_fail, 100000);
	ck_assert_int_gt(failures, 50);
	alloc_fail = 0;
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxpair");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, random_operations, 0, 12);
	tcase_add_test(t, every_allocation_fails_once);
	suite_add_tcase(s, t);
	return s;
}
