/*
 * mux.c - the rules of yamux, one by one: how streams begin and end.
 */
#include "unit.h"

#include <string.h>

#include "io/buf.h"
#include "lib_mux.h"

/* --- opening ------------------------------------------------------------------------ */

START_TEST(opened_by_window_update)
{
	struct end *x = opened(1);

	ck_assert_uint_eq(mux_stream_id(x->ms), 1);
	feed_data(0, 1, "hello");
	ck_assert_uint_eq(x->received, 5);
	send_text(x, "world");
	expect_data(0, 1, "world");
	ck_assert_uint_eq(x->sent, 5);
}
END_TEST

START_TEST(opened_by_data)
{
	feed_data(SYN, 1, "hello");
	ck_assert_uint_eq(ends[0].received, 5);
	mux_stream_accept(ends[0].ms);
	send_text(&ends[0], "yes");
	expect_data(ACK, 1, "yes");	/* rides along */
	expect_nothing();
}
END_TEST

START_TEST(opened_with_more_window)
{
	feed(FRAME_WINDOW_UPDATE, SYN, 1, 100);
	send_bulk(&ends[0], 400000);
	flush(1 << 20);
	ck_assert_uint_eq(ends[0].sent, WINDOW + 100);
}
END_TEST

START_TEST(opened_and_finished)
{
	feed_data(SYN | FIN, 1, "all");
	ck_assert(ends[0].eof);
	ck_assert_uint_eq(ends[0].received, 3);
	feed(FRAME_WINDOW_UPDATE, SYN | FIN, 3, 0);
	ck_assert(ends[1].eof);
	feed(FRAME_DATA, SYN | FIN, 5, 0);
	ck_assert(ends[2].eof);
}
END_TEST

START_TEST(opened_and_reset)
{
	feed_data(SYN | RST, 1, "all");
	ck_assert(ends[0].ended);
	ck_assert_int_eq(ends[0].how, MUX_RESET);
	ck_assert_uint_eq(mux_streams(m), 0);
	expect_nothing();
}
END_TEST

START_TEST(we_open)
{
	struct end *x = end_new(mux_open(m, &e));

	ck_assert_uint_eq(mux_stream_id(x->ms), 2);
	expect(FRAME_WINDOW_UPDATE, SYN, 2, 0);
	send_text(x, "early");
	expect_data(0, 2, "early");
	feed(FRAME_WINDOW_UPDATE, ACK, 2, 0);
	feed_data(ACK, 2, "again");	/* harmless */
	ck_assert_uint_eq(x->received, 5);
	x = end_new(mux_open(m, &e));
	send_text(x, "at once");
	expect_data(SYN, 4, "at once");
	feed_data(0, 4, "no ACK");	/* an answer all the same */
	x = end_new(mux_open(m, &e));
	mux_stream_finish(x->ms);
	expect(FRAME_WINDOW_UPDATE, SYN | FIN, 6, 0);
	feed(FRAME_WINDOW_UPDATE, ACK | FIN, 6, 0);
	ck_assert(x->eof);
}
END_TEST

START_TEST(peer_refuses)
{
	struct end *x = end_new(mux_open(m, &e));

	expect(FRAME_WINDOW_UPDATE, SYN, 2, 0);
	feed(FRAME_WINDOW_UPDATE, RST, 2, 0);
	ck_assert_int_eq(x->how, MUX_REFUSED);
	x = end_new(mux_open(m, &e));
	expect(FRAME_WINDOW_UPDATE, SYN, 4, 0);
	feed(FRAME_WINDOW_UPDATE, ACK | RST, 4, 0);
	ck_assert(x->ended);
}
END_TEST

START_TEST(we_refuse)
{
	refuse_all = true;
	feed_data(SYN, 1, "drop this");
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	feed_data(0, 1, "and this");
	feed(FRAME_WINDOW_UPDATE, FIN, 1, 0);
	feed(FRAME_WINDOW_UPDATE, SYN | RST, 3, 0);	/* needs no answer */
	expect_nothing();
	ck_assert_uint_eq(mux_streams(m), 0);
}
END_TEST

START_TEST(ids_in_any_order)
{
	uint32_t id;

	/* SYNs of concurrent opens overtake one another. */
	for (id = 401; id > 300; id -= 2)
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	ck_assert_uint_eq(mux_streams(m), 51);
	feed(FRAME_WINDOW_UPDATE, SYN, 0xfffffff1, 0);
	ck_assert_uint_eq(mux_streams(m), 52);
}
END_TEST

START_TEST(id_twice)
{
	opened(1);
	put_fails(FRAME_WINDOW_UPDATE, SYN, 1, 0, "SYN for stream 1 again");
}
END_TEST

START_TEST(id_again_after_its_end)
{
	struct end *x = opened(7);

	feed(FRAME_WINDOW_UPDATE, FIN, 7, 0);
	mux_stream_finish(x->ms);
	expect(FRAME_WINDOW_UPDATE, FIN, 7, 0);
	close_end(x);
	put_fails(FRAME_DATA, SYN, 7, 0, "SYN for stream 7 again");
}
END_TEST

START_TEST(id_far_back)
{
	opened(100001);
	put_fails(FRAME_WINDOW_UPDATE, SYN, 1, 0, "again");
}
END_TEST

START_TEST(id_of_ours)
{
	put_fails(FRAME_WINDOW_UPDATE, SYN, 2, 0, "an id of ours");
}
END_TEST

START_TEST(ack_by_opener)
{
	opened(1);
	put_fails(FRAME_WINDOW_UPDATE, ACK, 1, 0, "ACK for stream 1");
}
END_TEST

START_TEST(never_opened)
{
	static const struct { enum frame_type type; unsigned flags; uint32_t id; } f[] = {
		{ FRAME_DATA, 0, 1 }, { FRAME_WINDOW_UPDATE, 0, 5 },
		{ FRAME_WINDOW_UPDATE, FIN, 1 }, { FRAME_DATA, RST, 3 },
		{ FRAME_WINDOW_UPDATE, ACK, 2 }, { FRAME_DATA, 0, 2 },
		{ FRAME_WINDOW_UPDATE, RST, 0xfffffffe },
	};
	struct mux_config c = config();
	size_t i;

	for (i = 0; i < sizeof f / sizeof f[0]; i++) {
		put_fails(f[i].type, f[i].flags, f[i].id, 0, "never opened");
		buf_drain(wire, buf_len(wire));
		begin(&c);
	}
	feed(FRAME_WINDOW_UPDATE, SYN, 5, 0);
	put_fails(FRAME_DATA, 0, 3, 0, "never opened");	/* between */
}
END_TEST

/* Our SYN has not left yet, so nobody can know of the stream. */
START_TEST(answered_before_it_was_sent)
{
	end_new(mux_open(m, &e));
	put_fails(FRAME_WINDOW_UPDATE, ACK, 2, 0, "never opened");
}
END_TEST

/* With some left the session takes leave, so that another one is made in time. */
START_TEST(ids_nearly_used_up)
{
	struct mux_config c = config();

	c.dialer = true;
	begin(&c);
	m->next_id = UINT32_MAX - (1 << 21) - 2;
	end_new(mux_open(m, &e));
	expect(FRAME_WINDOW_UPDATE, SYN, UINT32_MAX - (1 << 21) - 2, 0);
	ck_assert(!mux_ends(m));
	end_new(mux_open(m, &e));
	end_new(mux_open(m, &e));
	ck_assert(mux_ends(m) && !mux_leaves(m));
	expect(FRAME_GO_AWAY, 0, 0, 0);
	(void)next_frame();
	(void)next_frame();
	/* What the peer opens has no place here any more; what we do has. */
	feed(FRAME_WINDOW_UPDATE, SYN, 2, 0);
	expect(FRAME_WINDOW_UPDATE, RST, 2, 0);
	close_end(&ends[0]);
	close_end(&ends[1]);
	close_end(&ends[2]);
	flush(1 << 20);
	buf_drain(back, buf_len(back));
	ck_assert(!mux_parted(m));
	mux_leave(m);		/* said already */
	expect_nothing();
	ck_assert(!mux_parted(m));
	expect(FRAME_PING, SYN, 0, 1);
	feed(FRAME_PING, ACK, 0, 1);
	ck_assert(mux_parted(m));
}
END_TEST

/* At last no more are opened. */
START_TEST(ids_used_up)
{
	struct mux_config c = config();
	int i;

	for (i = 0; i < 2; i++) {
		c.dialer = i == 1;
		begin(&c);
		m->next_id = UINT32_MAX - !c.dialer;
		end_new(mux_open(m, &e));
		expect(FRAME_GO_AWAY, 0, 0, 0);
		expect(FRAME_WINDOW_UPDATE, SYN, UINT32_MAX - !c.dialer, 0);
		ck_assert(!mux_leaves(m));
		ck_assert_ptr_null(mux_open(m, &e));
		ck_assert_ptr_nonnull(strstr(e.msg, "used up"));
		ck_assert(mux_leaves(m));
		expect_nothing();
		send_text(&ends[i], "the last");
		expect_data(0, UINT32_MAX - !c.dialer, "the last");
	}
}
END_TEST

START_TEST(peers_last_id)
{
	struct end *x = opened(UINT32_MAX);

	feed_data(0, UINT32_MAX, "the last");
	ck_assert_uint_eq(x->received, 8);
	opened(UINT32_MAX - 2);
	put_fails(FRAME_DATA, SYN, UINT32_MAX, 0, "SYN for stream 4294967295 again");
}
END_TEST

/* Lengths that nobody was promised, whatever became of the stream. */
START_TEST(lengths_that_lie)
{
	struct mux_config c = config();
	struct end *x;
	int i;

	for (i = 0; i < 3; i++) {
		begin(&c);
		x = i == 2 ? NULL : opened(1);
		refuse_all = i == 2;
		if (i == 1) {
			close_end(x);
			expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
		}
		put_fails(FRAME_DATA, i == 2 ? SYN : 0, 1, i == 0 ? UINT32_MAX :
		    (4 << 20) + 1, i == 0 ? "4294967295 bytes where 262144" :
		    "4194305 bytes of data for stream 1, which is not there");
		buf_drain(wire, buf_len(wire));
		buf_drain(back, buf_len(back));
	}
}
END_TEST

/* --- ending -------------------------------------------------------------------------- */

START_TEST(fin_comes_after_the_data)
{
	struct end *x = opened(1);

	send_text(x, "last words");
	mux_stream_finish(x->ms);
	ck_assert(!mux_stream_finished(x->ms));
	expect_data(0, 1, "last words");
	ck_assert(mux_stream_finished(x->ms));
	expect(FRAME_WINDOW_UPDATE, FIN, 1, 0);
	feed_data(0, 1, "half open");
	ck_assert_uint_eq(x->received, 9);
	feed(FRAME_DATA, FIN, 1, 0);
	ck_assert(x->eof && !x->ended);
	close_end(x);
	expect_nothing();
	ck_assert_uint_eq(mux_streams(m), 0);
}
END_TEST

START_TEST(fin_waits_for_window)
{
	struct end *x = opened(1);

	send_bulk(x, WINDOW + 10);
	mux_stream_finish(x->ms);
	flush(10 << 20);
	buf_drain(back, buf_len(back));
	ck_assert_uint_eq(x->sent, WINDOW);
	ck_assert(!mux_stream_finished(x->ms));
	feed(FRAME_WINDOW_UPDATE, 0, 1, 9);
	flush(1 << 20);
	ck_assert_uint_eq(buf_len(back), FRAME_HEADER + 9);
	buf_drain(back, FRAME_HEADER + 9);
	feed(FRAME_WINDOW_UPDATE, 0, 1, 500);
	expect(FRAME_DATA, 0, 1, 1);
	buf_drain(back, 1);
	expect(FRAME_WINDOW_UPDATE, FIN, 1, 0);
}
END_TEST

START_TEST(close_resets)
{
	struct end *x = opened(1);

	send_text(x, "never sent");
	close_end(x);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	expect_nothing();
	x = opened(3);
	mux_stream_finish(x->ms);
	expect(FRAME_WINDOW_UPDATE, FIN, 3, 0);
	close_end(x);	/* the peer is still sending */
	expect(FRAME_WINDOW_UPDATE, RST, 3, 0);
	x = opened(5);
	feed(FRAME_WINDOW_UPDATE, FIN, 5, 0);
	close_end(x);
	expect(FRAME_WINDOW_UPDATE, RST, 5, 0);
	x = opened(7);	/* all was said, only the FIN is not out yet */
	feed(FRAME_WINDOW_UPDATE, FIN, 7, 0);
	mux_stream_finish(x->ms);
	close_end(x);
	expect(FRAME_WINDOW_UPDATE, FIN, 7, 0);
	x = end_new(mux_open(m, &e));
	close_end(x);	/* nobody heard of it */
	expect_nothing();
}
END_TEST

START_TEST(reset_by_peer)
{
	struct end *x = opened(1);

	feed_data(0, 1, "abc");
	send_text(x, "unsent");
	feed(FRAME_WINDOW_UPDATE, RST, 1, 0);
	ck_assert(x->ended && !x->eof);
	ck_assert_int_eq(x->how, MUX_RESET);
	ck_assert_str_eq(x->why, "reset by the other side");
	expect_nothing();
}
END_TEST

/* What was sent before the peer could know is dropped, to the last byte. */
START_TEST(late_frames)
{
	struct end *x = opened(1);

	close_end(x);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	put(FRAME_DATA, 0, 1, 100000);
	ck_assert_int_eq(mux_input(m, wire, &e), 0);
	feed_bulk(1, 100);	/* inside of the 100,000 */
	buf_drain(wire, buf_len(wire));
	begin(&(struct mux_config){ .streams_max = 9, .accept_max = 9, .memory_max = 1 << 20 });
	x = opened(1);
	close_end(x);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	feed_bulk(1, WINDOW);
	feed(FRAME_WINDOW_UPDATE, 0, 1, 0xffffffff);
	feed(FRAME_DATA, FIN, 1, 0);
	feed(FRAME_DATA, FIN, 1, 0);
	feed(FRAME_WINDOW_UPDATE, RST, 1, 0);
	expect_nothing();
	feed_data(SYN, 3, "fine");
	ck_assert_uint_eq(ends[ends_n - 1].received, 4);
}
END_TEST

/* Closed while a payload is coming. */
START_TEST(closed_in_the_middle)
{
	struct end *x = opened(1);

	put(FRAME_DATA, FIN, 1, 10);
	buf_adds(wire, "1234");
	ck_assert_int_eq(mux_input(m, wire, &e), 0);
	mux_check(m);
	ck_assert_uint_eq(x->received, 4);
	ck_assert(!x->eof);
	close_end(x);
	buf_adds(wire, "567890");
	feed_data(SYN, 3, "next");
	ck_assert_uint_eq(ends[1].received, 4);
	ck_assert(!x->eof);
}
END_TEST

START_TEST(fin_twice)
{
	opened(1);
	feed(FRAME_WINDOW_UPDATE, FIN, 1, 0);
	put_fails(FRAME_DATA, FIN, 1, 0, "second FIN");
}
END_TEST

START_TEST(data_after_fin)
{
	struct end *x = opened(1);

	feed(FRAME_WINDOW_UPDATE, FIN, 1, 0);
	feed(FRAME_WINDOW_UPDATE, 0, 1, 10);
	feed(FRAME_DATA, 0, 1, 0);
	send_text(x, "still");
	expect_data(0, 1, "still");
	put_fails(FRAME_DATA, 0, 1, 1, "data after FIN");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("mux");
	TCase *t = tcase_create("rules");

	tcase_add_checked_fixture(t, mux_setup, mux_teardown);
	tcase_add_test(t, opened_by_window_update);
	tcase_add_test(t, opened_by_data);
	tcase_add_test(t, opened_with_more_window);
	tcase_add_test(t, opened_and_finished);
	tcase_add_test(t, opened_and_reset);
	tcase_add_test(t, we_open);
	tcase_add_test(t, peer_refuses);
	tcase_add_test(t, we_refuse);
	tcase_add_test(t, ids_in_any_order);
	tcase_add_test(t, id_twice);
	tcase_add_test(t, id_again_after_its_end);
	tcase_add_test(t, id_far_back);
	tcase_add_test(t, id_of_ours);
	tcase_add_test(t, ack_by_opener);
	tcase_add_test(t, never_opened);
	tcase_add_test(t, answered_before_it_was_sent);
	tcase_add_test(t, ids_nearly_used_up);
	tcase_add_test(t, ids_used_up);
	tcase_add_test(t, peers_last_id);
	tcase_add_test(t, lengths_that_lie);
	tcase_add_test(t, fin_comes_after_the_data);
	tcase_add_test(t, fin_waits_for_window);
	tcase_add_test(t, close_resets);
	tcase_add_test(t, reset_by_peer);
	tcase_add_test(t, late_frames);
	tcase_add_test(t, closed_in_the_middle);
	tcase_add_test(t, fin_twice);
	tcase_add_test(t, data_after_fin);
	suite_add_tcase(s, t);
	return s;
}
