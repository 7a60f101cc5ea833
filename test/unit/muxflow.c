/*
 * muxflow.c - yamux: windows, credit, memory, and whose turn it is.
 */
#include "unit.h"

#include <string.h>

#include "io/buf.h"
#include "lib_mux.h"

/* --- windows --------------------------------------------------------------------------- */

START_TEST(window_to_the_byte)
{
	opened(1);
	feed_bulk(1, WINDOW - 1);
	feed_bulk(1, 1);
	put_fails(FRAME_DATA, 0, 1, 1, "1 bytes where 0 are allowed");
}
END_TEST

START_TEST(window_overrun_at_once)
{
	opened(1);
	put_fails(FRAME_DATA, 0, 1, WINDOW + 1, "262145 bytes where 262144");
}
END_TEST

START_TEST(window_update_overflow)
{
	opened(1);
	feed(FRAME_WINDOW_UPDATE, 0, 1, UINT32_MAX - WINDOW);
	put_fails(FRAME_WINDOW_UPDATE, 0, 1, 1, "window overflows");
}
END_TEST

START_TEST(credit_in_batches)
{
	struct end *x = opened(1);

	feed_bulk(1, 200000);
	consume(x, WINDOW / 2 - 1);
	expect_nothing();
	consume(x, 1);
	expect(FRAME_WINDOW_UPDATE, 0, 1, WINDOW / 2);
	consume(x, 200000 - WINDOW / 2);
	expect_nothing();
	/* The peer has that much again, and no more. */
	feed_bulk(1, WINDOW - 200000 + WINDOW / 2);
	put_fails(FRAME_DATA, 0, 1, 1, "where 0 are allowed");
}
END_TEST

START_TEST(no_credit_after_fin)
{
	struct end *x = opened(1);

	feed_bulk(1, WINDOW);
	feed(FRAME_WINDOW_UPDATE, FIN, 1, 0);
	consume(x, WINDOW);
	expect_nothing();
}
END_TEST

/* One window's worth is sent and consumed `after` us; the credit for it. */
static uint32_t
use_window(struct end *x, size_t n, int64_t after)
{
	struct frame f;

	feed_bulk(mux_stream_id(x->ms), n);
	now_us += after;
	consume(x, n);
	flush(1 << 20);
	f = next_frame();
	ck_assert_int_eq(f.type, FRAME_WINDOW_UPDATE);
	return f.length;
}

START_TEST(window_grows_with_the_line)
{
	struct mux_config c = config();
	struct end *x;

	c.window_max = 1 << 20;
	begin(&c);
	x = opened(1);
	/* Without a measurement it does not. */
	ck_assert_uint_eq(use_window(x, WINDOW, 1000), WINDOW);
	measure_rtt(1000);
	ck_assert_uint_eq(use_window(x, WINDOW, 4000), WINDOW);	/* slow enough */
	ck_assert_uint_eq(use_window(x, WINDOW, 3999), 2 * WINDOW);
	ck_assert_uint_eq(use_window(x, 2 * WINDOW, 10), 4 * WINDOW);
	ck_assert_uint_eq(use_window(x, 4 * WINDOW, 10), 4 * WINDOW);	/* window_max */
}
END_TEST

START_TEST(window_grows_within_memory)
{
	struct mux_config c = config();
	struct end *x, *y;

	c.memory_max = 5 * FRAME_WINDOW;
	begin(&c);
	measure_rtt(1000);
	x = opened(1);
	y = opened(3);
	ck_assert_uint_eq(use_window(x, WINDOW, 10), 2 * WINDOW);
	ck_assert_uint_eq(use_window(x, 2 * WINDOW, 10), 4 * WINDOW);
	ck_assert_uint_eq(use_window(y, WINDOW, 10), WINDOW);
	close_end(x);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	ck_assert_uint_eq(use_window(y, WINDOW, 10), 2 * WINDOW);
}
END_TEST

/* Unread bytes of all streams together have a bound: one stream pays for it. */
START_TEST(memory_is_bounded)
{
	struct mux_config c = config();
	uint32_t id;

	c.memory_max = 10 * FRAME_WINDOW;
	begin(&c);
	for (id = 1; id < 22; id += 2) {
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		if (id < 21)
			feed_bulk(id, WINDOW);
	}
	feed_data(0, 21, "x");
	ck_assert(ends[10].ended);
	ck_assert_ptr_nonnull(strstr(ends[10].why, "unread"));
	expect(FRAME_WINDOW_UPDATE, RST, 21, 0);
	consume(&ends[0], WINDOW);
	expect(FRAME_WINDOW_UPDATE, 0, 1, WINDOW);
	feed_data(SYN, 23, "y");
	ck_assert(!ends[11].ended);
}
END_TEST

/* What was read of streams that have ended does not count, told or not. */
START_TEST(memory_of_finished_streams)
{
	struct mux_config c = config();
	uint32_t id;

	c.memory_max = 4 * FRAME_WINDOW;
	begin(&c);
	for (id = 1; id < 100; id += 2) {
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		feed_bulk(id, WINDOW);
		feed(FRAME_WINDOW_UPDATE, FIN, id, 0);
		buf_drain(ends[ends_n - 1].in, WINDOW);	/* without a word */
	}
	for (id = 0; id < ends_n; id++)
		ck_assert(!ends[id].ended);
}
END_TEST

START_TEST(sends_within_the_window)
{
	struct end *x = opened(1);

	send_bulk(x, 1 << 20);
	flush(10 << 20);
	ck_assert_uint_eq(x->sent, WINDOW);
	flush(10 << 20);
	ck_assert_uint_eq(x->sent, WINDOW);
	feed(FRAME_WINDOW_UPDATE, 0, 1, 1);
	flush(10 << 20);
	ck_assert_uint_eq(x->sent, WINDOW + 1);
	feed(FRAME_WINDOW_UPDATE, 0, 1, 1 << 30);
	flush(10 << 20);
	ck_assert_uint_eq(x->sent, 1 << 20);
}
END_TEST

/* --- turns -------------------------------------------------------------------------------- */

START_TEST(streams_take_turns)
{
	struct end *x = opened(1), *y = opened(3), *z = opened(5);
	uint32_t ids[64], n = 0, i;

	send_bulk(x, WINDOW);
	send_bulk(y, WINDOW);
	send_text(z, "short");
	flush(10 << 20);
	while (buf_len(back) > 0) {
		struct frame f = next_frame();

		ck_assert_int_eq(f.type, FRAME_DATA);
		ck_assert_uint_le(f.length, 128 * 1024);
		buf_drain(back, f.length);
		ids[n++] = f.id;
	}
	for (i = 0; i < n && ids[i] != 5; i++)
		;
	ck_assert_uint_eq(i, 2);
	for (i = 4; i < n; i++)
		ck_assert_uint_ne(ids[i], ids[i - 1]);
}
END_TEST

START_TEST(control_goes_first)
{
	struct end *x = opened(1);

	send_bulk(x, WINDOW);
	feed(FRAME_PING, SYN, 0, 7);
	expect(FRAME_PING, ACK, 0, 7);
}
END_TEST

START_TEST(output_stops_at_max)
{
	struct end *x = opened(1);

	send_bulk(x, WINDOW);
	flush(1000);
	ck_assert_uint_gt(buf_len(back), 1000);
	ck_assert_uint_lt(buf_len(back), 130000);
	ck_assert(mux_has_output(m));
	flush(0);
	ck_assert_uint_lt(buf_len(back), 130000);
}
END_TEST

START_TEST(byte_by_byte)
{
	struct evbuffer *all = buf_new();
	char c;

	put(FRAME_WINDOW_UPDATE, SYN, 1, 5);
	put(FRAME_DATA, FIN, 1, 3);
	buf_adds(wire, "abc");
	put(FRAME_PING, SYN, 0, 9);
	buf_move(all, wire, SIZE_MAX);
	while (buf_take(all, &c, 1) == 1) {
		buf_add(wire, &c, 1);
		ck_assert_int_eq(mux_input(m, wire, &e), 0);
		mux_check(m);
	}
	ck_assert(ends[0].eof);
	ck_assert_uint_eq(buf_len(ends[0].in), 3);
	expect(FRAME_PING, ACK, 0, 9);
	buf_free(all);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxflow");
	TCase *t = tcase_create("rules");

	tcase_add_checked_fixture(t, mux_setup, mux_teardown);
	tcase_add_test(t, window_to_the_byte);
	tcase_add_test(t, window_overrun_at_once);
	tcase_add_test(t, window_update_overflow);
	tcase_add_test(t, credit_in_batches);
	tcase_add_test(t, no_credit_after_fin);
	tcase_add_test(t, window_grows_with_the_line);
	tcase_add_test(t, window_grows_within_memory);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, memory_of_finished_streams);
	tcase_add_test(t, sends_within_the_window);
	tcase_add_test(t, streams_take_turns);
	tcase_add_test(t, control_goes_first);
	tcase_add_test(t, output_stops_at_max);
	tcase_add_test(t, byte_by_byte);
	suite_add_tcase(s, t);
	return s;
}
