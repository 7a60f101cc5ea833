/*
 * muxflow.c - yamux: windows and credit, to the byte.
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

	feed_bulk(1, 100000);
	consume(x, WINDOW / 4 - 1);
	expect_nothing();
	consume(x, 1);
	expect(FRAME_WINDOW_UPDATE, 0, 1, WINDOW / 4);
	consume(x, 100000 - WINDOW / 4);
	expect_nothing();
	/* The peer has that much again, and no more. */
	feed_bulk(1, WINDOW - 100000 + WINDOW / 4);
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

/* As an HTTP chunk comes: its length, and a block that is larger than a slice. */
START_TEST(few_bytes_go_with_the_block)
{
	static const char	 bulk[128 * 1024 - 64];
	struct end		*x = opened(1);
	struct evbuffer		*block = buf_new();
	struct frame		 f;

	buf_add(block, bulk, sizeof bulk);
	buf_adds(x->out, "1ffc0\r\n");
	buf_move(x->out, block, sizeof bulk);
	buf_free(block);
	mux_stream_wrote(x->ms);
	flush(10 << 20);
	f = next_frame();
	ck_assert_int_eq(f.type, FRAME_DATA);
	ck_assert_uint_eq(f.length, 7 + sizeof bulk);
	ck_assert_uint_eq(buf_len(back), 7 + sizeof bulk);
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
	tcase_add_test(t, sends_within_the_window);
	tcase_add_test(t, few_bytes_go_with_the_block);
	tcase_add_test(t, byte_by_byte);
	suite_add_tcase(s, t);
	return s;
}
