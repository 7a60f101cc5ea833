/*
 * muxlimits.c - yamux: frames of the session, and what a peer cannot make us do.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "io/buf.h"
#include "lib_mux.h"

/* --- session -------------------------------------------------------------------------------- */

START_TEST(pings)
{
	measure_rtt(1234);
	ck_assert_int_eq(pongs, 1);
	feed(FRAME_PING, ACK, 0, 12345);	/* of nothing */
	ck_assert_int_eq(pongs, 1);
	mux_ping(m);
	mux_ping(m);	/* one is enough */
	expect(FRAME_PING, SYN, 0, 2);
	expect_nothing();
}
END_TEST

START_TEST(peer_leaves)
{
	struct end *x = opened(1);

	feed(FRAME_GO_AWAY, 0, 0, 0);
	ck_assert_int_eq(leaves, 1);
	ck_assert_ptr_null(mux_open(m, &e));
	feed_data(0, 1, "on");
	send_text(x, "and on");
	expect_data(0, 1, "and on");
	feed(FRAME_WINDOW_UPDATE, SYN, 3, 0);	/* it may still open */
	ck_assert_uint_eq(mux_streams(m), 2);
	feed(FRAME_GO_AWAY, 0, 0, 0);
	ck_assert_int_eq(leaves, 1);
}
END_TEST

START_TEST(peer_fails)
{
	static const struct { uint32_t code; const char *why; } r[] = {
		{ 1, "protocol error" }, { 2, "internal error" }, { 3, "unknown reason" },
	};
	struct mux_config c = config();
	size_t i;

	for (i = 0; i < 3; i++) {
		put(FRAME_GO_AWAY, 0, 0, r[i].code);
		ck_assert_int_eq(mux_input(m, wire, &e), -1);
		ck_assert_ptr_nonnull(strstr(e.msg, "the other side ended"));
		ck_assert_ptr_nonnull(strstr(e.msg, r[i].why));
		expect_nothing();	/* no use to answer */
		begin(&c);
	}
}
END_TEST

START_TEST(we_leave)
{
	struct end *x = opened(1);

	mux_leave(m);
	expect(FRAME_GO_AWAY, 0, 0, 0);
	feed_data(SYN, 3, "too late");
	expect(FRAME_WINDOW_UPDATE, RST, 3, 0);
	ck_assert_ptr_null(mux_open(m, &e));
	feed_data(0, 1, "go on");
	ck_assert_uint_eq(x->received, 5);
}
END_TEST

static uint32_t
asked(void)
{
	struct frame f;

	flush(1 << 20);
	f = next_frame();
	ck_assert_int_eq(f.type, FRAME_PING);
	ck_assert_int_eq(f.flags, SYN);
	expect_nothing();
	return f.length;
}

/* An answer to what was asked before the last words tells nothing of them. */
START_TEST(we_part)
{
	struct end *x = opened(1);
	uint32_t value;

	mux_ping(m);
	value = asked();
	ck_assert(!mux_parted(m));		/* we never said that we leave */
	mux_leave(m);
	ck_assert(!mux_parted(m));		/* x */
	expect(FRAME_GO_AWAY, 0, 0, 0);
	close_end(x);
	ck_assert(!mux_parted(m));		/* its reset is not out */
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	expect_nothing();
	ck_assert_int_eq(mux_parting_us(m), -1);
	ck_assert(!mux_parted(m));
	feed(FRAME_PING, ACK, 0, value);
	value = asked();
	now_us += 7 * MS;
	ck_assert(!mux_parted(m));
	ck_assert_int_eq(mux_parting_us(m), 7 * MS);
	feed(FRAME_PING, ACK, 0, value);
	ck_assert_int_eq(pongs, 1);
	ck_assert(mux_parted(m));
	ck_assert_int_eq(mux_parting_us(m), -1);
	expect_nothing();
}
END_TEST

START_TEST(gone)
{
	struct end *x = opened(1), *y = end_new(mux_open(m, &e));

	mux_gone(m, "cable cut");
	ck_assert(x->ended && y->ended);
	ck_assert_int_eq(x->how, MUX_GONE);
	ck_assert_str_eq(y->why, "cable cut");
	ck_assert_uint_eq(mux_streams(m), 0);
}
END_TEST

START_TEST(bad_headers)
{
	struct mux_config c = config();

	buf_add(wire, "\1\0\0\0\0\0\0\1\0\0\0\0", 12);
	expect_failure("unknown version 1", FRAME_PROTOCOL_ERROR);
	buf_drain(wire, buf_len(wire));
	begin(&c);
	put_fails((enum frame_type)4, 0, 0, 0, "unknown type 4");
	buf_drain(wire, buf_len(wire));
	begin(&c);
	put_fails(FRAME_DATA, 16, 1, 0, "unknown flags");
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

START_TEST(backlog)
{
	struct mux_config c = config();
	uint32_t id;

	c.accept_max = 3;
	begin(&c);
	for (id = 1; id < 9; id += 2)
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	expect(FRAME_WINDOW_UPDATE, RST, 7, 0);
	ck_assert_uint_eq(mux_streams(m), 3);
	ck_assert_int_eq(refused, 1);
	ck_assert_str_eq(refused_why, "too many wait for their answer");
	mux_stream_accept(ends[0].ms);
	expect(FRAME_WINDOW_UPDATE, ACK, 1, 0);
	feed(FRAME_WINDOW_UPDATE, SYN, 9, 0);
	ck_assert_uint_eq(mux_streams(m), 4);
}
END_TEST

START_TEST(our_backlog)
{
	struct mux_config c = config();
	int i;

	c.accept_max = 2;
	begin(&c);
	for (i = 0; i < 2; i++)
		end_new(mux_open(m, &e));
	ck_assert_ptr_null(mux_open(m, &e));
	ck_assert_int_eq(e.code, EAGAIN);
	flush(1 << 20);
	ck_assert_int_eq(may_opens, 0);
	feed(FRAME_WINDOW_UPDATE, ACK, 2, 0);
	ck_assert_int_eq(may_opens, 1);
	end_new(mux_open(m, &e));
	ck_assert_ptr_null(mux_open(m, &e));
	close_end(&ends[1]);
	ck_assert_int_eq(may_opens, 2);
}
END_TEST

START_TEST(too_many_streams)
{
	struct mux_config c = config();
	uint32_t id;

	c.streams_max = 4;
	begin(&c);
	for (id = 1; id < 11; id += 2)
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	expect(FRAME_WINDOW_UPDATE, RST, 9, 0);
	ck_assert_str_eq(refused_why, "too many are open already");
	ck_assert_ptr_null(mux_open(m, &e));
	ck_assert_int_eq(e.code, 0);
	close_end(&ends[2]);
	ck_assert_ptr_nonnull(end_new(mux_open(m, &e)));
}
END_TEST

/* Of many streams at once nothing is left in the session. */
START_TEST(streams_leave_nothing)
{
	unsigned bits = m->bits;
	uint32_t id;

	for (id = 1; id < 200; id += 2)
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	ck_assert_uint_gt(m->bits, bits);
	for (id = 0; id < 100; id++)
		close_end(&ends[id]);
	ck_assert_uint_eq(m->bits, bits);
	flush(1 << 20);
	ck_assert_uint_eq(buf_len(back), 100 * FRAME_HEADER);
	ck_assert(TAILQ_EMPTY(&m->over) && m->n == 0);
}
END_TEST

/* Nothing but frames that do nothing: so many at once, so many a second. */
static void
flood(enum frame_type type, unsigned flags, uint32_t id)
{
	int i;

	opened(1);
	for (i = 0; i < 10000; i++) {
		put(type, flags, id, 0);
		ck_assert_msg(mux_input(m, wire, &e) == 0, "%d: %s", i, e.msg);
		if (i % 100 == 0)
			flush(1 << 20);
	}
	now_us += 1000000;
	for (i = 0; i < 1000; i++) {
		put(type, flags, id, 0);
		ck_assert_msg(mux_input(m, wire, &e) == 0, "%d: %s", i, e.msg);
	}
	put_fails(type, flags, id, 0, "flood");
}

START_TEST(flood_of_pings)
{
	flood(FRAME_PING, SYN, 0);
}
END_TEST

START_TEST(flood_of_pongs)
{
	flood(FRAME_PING, ACK, 0);
}
END_TEST

START_TEST(flood_of_empty_data)
{
	flood(FRAME_DATA, 0, 1);
}
END_TEST

START_TEST(flood_of_empty_updates)
{
	flood(FRAME_WINDOW_UPDATE, 0, 1);
}
END_TEST

/* The same answer over and over. */
START_TEST(flood_of_acks)
{
	int i;

	end_new(mux_open(m, &e));
	expect(FRAME_WINDOW_UPDATE, SYN, 2, 0);
	for (i = 0; i < 10001; i++)
		feed(FRAME_WINDOW_UPDATE, ACK, 2, 0);
	put_fails(FRAME_DATA, ACK, 2, 0, "flood");
}
END_TEST

/* More than there is place for: refused, and then the end. */
START_TEST(flood_of_syns)
{
	struct mux_config c = config();
	uint32_t id;

	c.accept_max = 1;
	begin(&c);
	for (id = 1; id < 20003; id += 2) {
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		flush(1 << 20);
	}
	ck_assert_int_eq(refused, 10000);
	ck_assert_uint_eq(mux_streams(m), 1);
	buf_drain(back, buf_len(back));
	put_fails(FRAME_WINDOW_UPDATE, SYN, id, 0, "flood");
}
END_TEST

START_TEST(flood_of_resets)
{
	uint32_t id;

	for (id = 1; id < 20000; id += 2) {
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		feed(FRAME_WINDOW_UPDATE, RST, id, 0);
		forget_end();
	}
	feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	put_fails(FRAME_WINDOW_UPDATE, RST, id, 0, "flood");
}
END_TEST

/* What the peer says of streams that are gone, once it has had its say. */
static void
flood_of_last_words(enum frame_type type, unsigned flags)
{
	int i;

	close_end(opened(1));
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	for (i = 0; i < 10001; i++)
		feed(type, flags, 1, 0);
	put_fails(type, flags, 1, 0, "flood");
}

START_TEST(flood_of_late_resets)
{
	flood_of_last_words(FRAME_WINDOW_UPDATE, RST);
}
END_TEST

START_TEST(flood_of_late_fins)
{
	flood_of_last_words(FRAME_DATA, FIN);
}
END_TEST

START_TEST(flood_of_late_acks)
{
	flood_of_last_words(FRAME_WINDOW_UPDATE, ACK);
}
END_TEST

/* We give up many streams at once: each may have its ACK and FIN on the way. */
START_TEST(last_words_are_no_flood)
{
	struct end *x;
	uint32_t id;

	for (id = 2; id < 40000; id += 2) {
		x = end_new(mux_open(m, &e));
		expect(FRAME_WINDOW_UPDATE, SYN, id, 0);
		close_end(x);
		expect(FRAME_WINDOW_UPDATE, RST, id, 0);
		forget_end();
	}
	for (id = 2; id < 40000; id += 2) {
		feed(FRAME_WINDOW_UPDATE, ACK, id, 0);
		feed(FRAME_WINDOW_UPDATE, FIN, id, 0);
	}
}
END_TEST

START_TEST(answers_left_unread)
{
	int i;

	for (i = 0; i < 10000; i++)
		put(FRAME_PING, SYN, 0, 1);
	for (; i < 12000; i++) {
		now_us += 1000000;
		put(FRAME_PING, SYN, 0, 1);
	}
	now_us += 100000000;
	expect_failure("does not read our answers", FRAME_PROTOCOL_ERROR);
}
END_TEST

/* A byte at a time must not cost a block each. */
START_TEST(tiny_frames_share_memory)
{
	int i;

	opened(1);
	for (i = 0; i < 100000; i++) {
		put(FRAME_DATA, 0, 1, 1);
		buf_adds(wire, "x");
		ck_assert_int_eq(mux_input(m, wire, &e), 0);
	}
	ck_assert_uint_eq(buf_len(ends[0].in), 100000);
	ck_assert_int_lt(evbuffer_peek(ends[0].in, -1, NULL, NULL, 0), 200);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxlimits");
	TCase *t = tcase_create("rules");

	tcase_add_checked_fixture(t, mux_setup, mux_teardown);
	tcase_add_test(t, pings);
	tcase_add_test(t, peer_leaves);
	tcase_add_test(t, peer_fails);
	tcase_add_test(t, we_leave);
	tcase_add_test(t, we_part);
	tcase_add_test(t, gone);
	tcase_add_test(t, bad_headers);
	tcase_add_test(t, backlog);
	tcase_add_test(t, our_backlog);
	tcase_add_test(t, too_many_streams);
	tcase_add_test(t, streams_leave_nothing);
	tcase_add_test(t, flood_of_pings);
	tcase_add_test(t, flood_of_pongs);
	tcase_add_test(t, flood_of_empty_data);
	tcase_add_test(t, flood_of_empty_updates);
	tcase_add_test(t, flood_of_acks);
	tcase_add_test(t, flood_of_syns);
	tcase_add_test(t, flood_of_resets);
	tcase_add_test(t, flood_of_late_resets);
	tcase_add_test(t, flood_of_late_fins);
	tcase_add_test(t, flood_of_late_acks);
	tcase_add_test(t, last_words_are_no_flood);
	tcase_add_test(t, answers_left_unread);
	tcase_add_test(t, tiny_frames_share_memory);
	suite_add_tcase(s, t);
	return s;
}
