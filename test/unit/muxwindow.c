/*
 * muxwindow.c - yamux: windows that grow with the path and the rate, and shrink.
 */
#include "unit.h"

#include "io/buf.h"
#include "lib_mux.h"

START_TEST(window_grows_with_the_line)
{
	struct mux_config c = config();
	struct end *x;

	c.window_max = 1 << 20;
	begin(&c);
	m->ping_us = 1000 * SECOND;
	x = opened(1);
	/* Without a measurement it does not. */
	ck_assert_uint_eq(use_window(x, WINDOW, 200 * MS), WINDOW);
	rtt_is(100 * MS);
	ck_assert_uint_eq(use_window(x, WINDOW, 100 * MS), WINDOW);	/* slow enough */
	ck_assert_uint_eq(use_window(x, WINDOW, 100 * MS), 2 * WINDOW);
	ck_assert_uint_eq(use_window(x, 2 * WINDOW, 50 * MS), 2 * WINDOW);	/* half a round */
	ck_assert_uint_eq(use_window(x, 2 * WINDOW, 50 * MS), 4 * WINDOW);	/* not 8 */
	ck_assert_uint_eq(use_window(x, 4 * WINDOW, 100 * MS), 4 * WINDOW);	/* window_max */
}
END_TEST

/* A peer that always sends all that it may, on a line that is faster than the
 * first window, while a batch of credit that is all but full waits here. */
START_TEST(window_leaves_the_first)
{
	struct mux_config c = config();
	struct end *x;
	size_t n, piece;
	int i;

	c.window_max = 16 << 20;
	begin(&c);
	measure_rtt(80 * MS);
	x = opened(1);
	for (i = 0; i < 20; i++) {
		n = x->ms->recv_window;
		feed_bulk(1, n);
		now_us += 90 * MS;
		for (n -= i == 0; n > 0; n -= piece) {
			piece = n < 4096 ? n : 4096;
			consume(x, piece);
			flush(1 << 20);
		}
	}
	ck_assert_uint_ge(x->ms->window, 8 * WINDOW);
}
END_TEST

/* Twice what the path takes, and no more, however long the round trip is with
 * that in the queues. */
START_TEST(window_is_made_for_the_rate)
{
	struct mux_config c = config();
	struct end *x;
	int i;

	c.window_max = 16 << 20;
	begin(&c);
	measure_rtt(80 * MS);
	x = opened(1);
	for (i = 0; i < 100; i++) {
		feed_bulk(1, WINDOW);
		now_us += 20 * MS;
		consume(x, WINDOW);
		flush(1 << 20);
	}
	ck_assert_uint_ge(x->ms->window, 7 * WINDOW);
	ck_assert_uint_le(x->ms->window, 9 * WINDOW);
}
END_TEST

/* A gigabyte a second between hosts side by side, for a second. */
static void
near_bulk(struct end *x)
{
	int i;

	for (i = 0; i < 4000; i++) {
		feed_bulk(1, WINDOW);
		now_us += 250;
		consume(x, WINDOW);
		flush(1 << 20);
	}
	buf_drain(back, buf_len(back));
}

/* There it is little, and nothing for less than a bulk transfer. */
START_TEST(near_path_needs_little)
{
	struct mux_config c = config();
	struct end *x;
	int i;

	c.window_max = 16 << 20;
	begin(&c);
	rtt_is(100);
	x = opened(1);
	for (i = 0; i < 100; i++) {
		feed_bulk(1, WINDOW / 2);
		now_us += 20 * MS;
		consume(x, WINDOW / 2);
		expect(FRAME_WINDOW_UPDATE, 0, 1, WINDOW / 2);
	}
	near_bulk(x);
	ck_assert_uint_eq(x->ms->window, 2 << 20);
}
END_TEST

/* The first ping met with load: what was made by it goes when a later one is
 * as short as the path. */
START_TEST(late_answer_is_made_good)
{
	struct mux_config c = config();
	struct end *x;

	c.window_max = 16 << 20;
	begin(&c);
	rtt_is(50 * MS);
	x = opened(1);
	near_bulk(x);
	ck_assert_uint_eq(x->ms->window, 16 << 20);
	rtt_is(100);
	ck_assert_uint_eq(x->ms->window, WINDOW);
	mux_check(m);
	near_bulk(x);
	ck_assert_uint_eq(x->ms->window, 2 << 20);
	ck_assert_uint_eq(x->ms->excess, 0);
	rtt_is(50);		/* it is near, as before */
	ck_assert_uint_eq(x->ms->window, 2 << 20);
}
END_TEST

/* Each takes at most as much as it leaves, so that a late one has room too. */
START_TEST(window_grows_within_memory)
{
	struct mux_config c = config();
	struct end *x, *y;

	c.memory_max = 10 * FRAME_WINDOW;
	begin(&c);
	measure_rtt(10 * MS);
	x = opened(1);
	y = opened(3);
	/* Of 8 beyond the first two. */
	ck_assert_uint_eq(use_window(x, WINDOW, 10 * MS), 2 * WINDOW);
	ck_assert_uint_eq(use_window(x, 2 * WINDOW, 10 * MS), 4 * WINDOW);
	ck_assert_uint_eq(use_window(x, 4 * WINDOW, 10 * MS), 5 * WINDOW);
	ck_assert_uint_eq(use_window(x, 5 * WINDOW, 10 * MS), 5 * WINDOW);
	ck_assert_uint_eq(use_window(y, WINDOW, 10 * MS), 2 * WINDOW);
	ck_assert_uint_eq(use_window(y, 2 * WINDOW, 10 * MS), 3 * WINDOW);
	close_end(x);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	ck_assert_uint_eq(use_window(y, 3 * WINDOW, 10 * MS), 5 * WINDOW + WINDOW / 2);
}
END_TEST

/* Grown to 16 MiB, as a fast line far away wants it. */
static struct end *
grown(uint32_t id)
{
	struct end *x;
	uint32_t n;

	rtt_is(100 * MS);
	x = opened(id);
	for (n = WINDOW; n < 16 << 20; n *= 2)
		ck_assert_uint_eq(use_window(x, n, 100 * MS), 2 * n);
	ck_assert_uint_eq(x->ms->recv_window, 16 << 20);
	return x;
}

START_TEST(window_shrinks_when_idle)
{
	struct mux_config c = large();
	struct end *x;
	uint32_t left = 16 << 20;

	begin(&c);
	x = grown(1);
	now_us += 10 * SECOND - 1;
	mux_tick(m);
	ck_assert_uint_eq(m->grown, (16 << 20) - WINDOW);
	now_us += 1;
	mux_tick(m);
	mux_check(m);
	ck_assert_uint_eq(m->grown, 0);	/* others may have it */
	/* The peer has what it was promised, and gets nothing for it. */
	for (; left > WINDOW; left -= WINDOW) {
		now_us += SECOND;
		feed_bulk(1, WINDOW);
		consume(x, WINDOW);
		expect_nothing();
	}
	now_us += SECOND;
	ck_assert_uint_eq(use_window(x, WINDOW, 0), WINDOW);
	put_fails(FRAME_DATA, 0, 1, WINDOW + 1, "262145 bytes where 262144");
}
END_TEST

/* While a quarter of a large window is still to be granted, it needs no excess. */
START_TEST(shrinking_takes_credit_first)
{
	struct mux_config c = large();
	struct end *x;

	begin(&c);
	x = grown(1);
	feed_bulk(1, (4 << 20) - 1);
	consume(x, (4 << 20) - 1);
	expect_nothing();
	now_us += 10 * SECOND;
	mux_tick(m);
	mux_check(m);
	ck_assert_uint_eq(x->ms->recv_window, (12 << 20) + 1);
	ck_assert_uint_eq(x->ms->excess, (12 << 20) + 1 - WINDOW);
	ck_assert_uint_eq(x->ms->credit, 0);
}
END_TEST

/* A stream that was left unread, not idle, gets no more than the first window
 * when its reader comes back. */
START_TEST(unread_window_shrinks)
{
	struct mux_config c = large();
	struct end *x;

	begin(&c);
	x = grown(1);
	feed_bulk(1, 16 << 20);
	now_us += 20 * SECOND;
	mux_tick(m);
	expect_nothing();
	consume(x, 16 << 20);
	expect(FRAME_WINDOW_UPDATE, 0, 1, WINDOW);
	ck_assert_uint_eq(m->grown, 0);
}
END_TEST

/* Our reader is what is slow: a window does not grow for it, and a large one
 * becomes smaller. */
START_TEST(slow_reader_needs_no_window)
{
	struct mux_config c = large();
	struct end *x, *y;
	int i;

	begin(&c);
	x = grown(1);
	feed_bulk(1, 16 << 20);
	for (i = 0; i < 4; i++) {
		now_us += SECOND;
		consume(x, 4 << 20);
		flush(1 << 20);
		mux_check(m);
		buf_drain(back, buf_len(back));
		if (i < 3)
			feed_bulk(1, x->ms->recv_window);
	}
	ck_assert_uint_le(x->ms->window, 4 << 20);
	y = opened(3);
	for (i = 0; i < 20; i++) {
		feed_bulk(3, y->ms->recv_window);
		now_us += 100 * MS;
		consume(y, WINDOW / 2);
		expect(FRAME_WINDOW_UPDATE, 0, 3, WINDOW / 2);
	}
	ck_assert_uint_eq(y->ms->window, WINDOW);
}
END_TEST

/* The round trip of a path is the least one of the last minute or two: what
 * bytes wait in queues is no reason to make these longer. */
START_TEST(queues_are_not_the_path)
{
	struct end *x;

	rtt_is(100 * MS);
	rtt_is(1000 * MS);
	x = opened(1);
	ck_assert_uint_eq(use_window(x, WINDOW, 200 * MS), WINDOW);
	now_us += 60 * SECOND;
	rtt_is(1000 * MS);
	ck_assert_uint_eq(use_window(x, WINDOW, 0), WINDOW);
	ck_assert_uint_eq(use_window(x, WINDOW, 200 * MS), WINDOW);
	now_us += 60 * SECOND;
	rtt_is(1000 * MS);		/* it did change */
	ck_assert_uint_eq(use_window(x, WINDOW, 0), WINDOW);
	ck_assert_uint_eq(use_window(x, WINDOW, 1000 * MS), 2 * WINDOW);
}
END_TEST

/* The ping that is on its way comes back. */
static void
pong(int64_t us)
{
	struct frame f;

	do {
		flush(1 << 20);
		f = next_frame();
	} while (f.type != FRAME_PING);
	now_us += us;
	feed(FRAME_PING, ACK, 0, f.length);
}

/* Each minute windows make way for pings that see the path without queues. */
START_TEST(path_is_looked_at_again)
{
	struct mux_config c = large();
	struct end *x;
	int i;

	begin(&c);
	x = grown(1);
	now_us += 60 * SECOND;
	measure_rtt(200 * MS);
	for (i = 0; i < 3; i++) {
		ck_assert_uint_eq(x->ms->window, 8 << 20);
		feed_bulk(1, 8 << 20);
		now_us += 100 * MS;
		consume(x, 8 << 20);
		pong(100 * MS);
	}
	m->ping_us = now_us + 1000 * SECOND;
	flush(1 << 20);
	buf_drain(back, buf_len(back));
	ck_assert_uint_eq(use_window(x, 8 << 20, 0), 16 << 20);
	expect_nothing();
}
END_TEST

/* Busy again, the window grows into what was promised before. */
START_TEST(window_grows_again)
{
	struct mux_config c = large();
	struct end *x;
	int i;

	begin(&c);
	x = grown(1);
	now_us += 10 * SECOND;
	mux_tick(m);
	for (i = 0; i < 1000 && m->grown < (16 << 20) - WINDOW; i++) {
		ck_assert_uint_ge(x->ms->recv_window, WINDOW / 2);
		feed_bulk(1, WINDOW / 2);
		now_us += 1000;
		consume(x, WINDOW / 2);
		flush(1 << 20);
		mux_check(m);
	}
	ck_assert_uint_eq(m->grown, (16 << 20) - WINDOW);
	ck_assert_uint_eq(x->ms->excess, 0);
}
END_TEST

/* A round trip of seconds: so long no credit is no sign of idleness. */
START_TEST(slow_lines_are_not_idle)
{
	struct mux_config c = large();
	struct end *x;

	begin(&c);
	rtt_is(SECOND);
	x = opened(1);
	ck_assert_uint_eq(use_window(x, WINDOW, SECOND), 2 * WINDOW);
	now_us += 31 * SECOND;
	mux_tick(m);
	ck_assert_uint_eq(m->grown, WINDOW);
	now_us += SECOND;
	mux_tick(m);
	ck_assert_uint_eq(m->grown, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxwindow");
	TCase *t = tcase_create("rules");

	tcase_add_checked_fixture(t, mux_setup, mux_teardown);
	tcase_add_test(t, window_grows_with_the_line);
	tcase_add_test(t, window_leaves_the_first);
	tcase_add_test(t, window_is_made_for_the_rate);
	tcase_add_test(t, near_path_needs_little);
	tcase_add_test(t, late_answer_is_made_good);
	tcase_add_test(t, window_grows_within_memory);
	tcase_add_test(t, window_shrinks_when_idle);
	tcase_add_test(t, shrinking_takes_credit_first);
	tcase_add_test(t, unread_window_shrinks);
	tcase_add_test(t, slow_reader_needs_no_window);
	tcase_add_test(t, queues_are_not_the_path);
	tcase_add_test(t, path_is_looked_at_again);
	tcase_add_test(t, window_grows_again);
	tcase_add_test(t, slow_lines_are_not_idle);
	suite_add_tcase(s, t);
	return s;
}
