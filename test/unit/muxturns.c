/*
 * muxturns.c - yamux: which stream sends next, seen by the order of the bytes
 * that leave.
 */
#include "unit.h"

#include "io/buf.h"
#include "lib_mux.h"

#define STREAMS		10
#define FRAME_MAX	(128 * 1024)

/* Opened by the peer, with a window that is no limit. */
static struct end *
wide(uint32_t id)
{
	struct end *x = opened(id);

	feed(FRAME_WINDOW_UPDATE, 0, id, 1 << 30);
	return x;
}

static void
many(uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		wide(2 * i + 1);
}

/* The next frame, without its payload; id 0 at the end. */
static struct frame
next_sent(size_t max)
{
	struct frame f = { FRAME_PING, 0, 0, 0 };

	flush(max);
	if (buf_len(back) == 0)
		return f;
	f = next_frame();
	if (f.type == FRAME_DATA)
		buf_drain(back, f.length);
	return f;
}

static void
send_pieces(struct end *x, size_t total, size_t piece)
{
	static const char block[500000];
	struct evbuffer *b;

	for (; total > 0; total -= piece) {
		b = buf_new();
		piece = piece < total ? piece : total;
		buf_add(b, block, piece);
		buf_move(x->out, b, SIZE_MAX);
		buf_free(b);
	}
	mux_stream_wrote(x->ms);
}

START_TEST(streams_take_turns)
{
	struct end *x = opened(1), *y = opened(3);
	uint32_t last = 0;
	struct frame f;

	send_bulk(x, WINDOW);
	send_bulk(y, WINDOW);
	while ((f = next_sent(1)).id != 0) {
		ck_assert_int_eq(f.type, FRAME_DATA);
		ck_assert_uint_le(f.length, FRAME_MAX);
		ck_assert_uint_ne(f.id, last);
		last = f.id;
	}
	ck_assert_uint_eq(x->sent + y->sent, 2 * WINDOW);
}
END_TEST

/* However many bulk transfers wait, and wherever they are. */
START_TEST(small_ones_pass)
{
	struct end *small = opened(101), *late;
	struct frame f;
	uint32_t i, k;

	many(STREAMS);
	for (i = 1; i <= STREAMS; i++)
		send_bulk(&ends[i], 1 << 20);
	for (k = 0; k < 3; k++) {
		send_text(small, "short");
		f = next_sent(1);
		ck_assert_uint_eq(f.id, 101);
		ck_assert_uint_eq(f.length, 5);
		for (i = 0; i < STREAMS; i++)
			ck_assert_uint_lt(next_sent(1).id, 101);
	}
	/* Two of them, one of which is new. */
	late = end_new(mux_open(m, &e));
	send_text(late, "question");
	send_text(small, "short");
	f = next_sent(1);
	ck_assert_uint_eq(f.id, mux_stream_id(late->ms));
	ck_assert_uint_eq(f.flags, SYN);
	ck_assert_uint_eq(next_sent(1).id, 101);
	ck_assert_uint_lt(next_sent(1).id, 101);
}
END_TEST

/* Who writes a little all the time is no small one. */
START_TEST(small_ones_stop_nobody)
{
	struct end *chatty[3];
	size_t said = 0, bulk = 0, i;
	struct frame f;

	many(4);
	for (i = 0; i < 3; i++)
		chatty[i] = wide(101 + 2 * (uint32_t)i);
	for (i = 0; i < 4; i++)
		send_bulk(&ends[i], 8 << 20);
	while (bulk < 40 && said < 1000) {
		for (i = 0; i < 3; i++)
			send_text(chatty[i], "and another thing");
		f = next_sent(1);
		if (f.id < 101)
			bulk++;
		else
			said++;
	}
	/* 10 rounds: each twice in each, once before the others and once in line. */
	ck_assert_uint_le(said, 3 * 2 * 11);
	ck_assert_uint_ge(said, 3 * 10);
}
END_TEST

/* It grew while it waited: no bulk passes as a small one. */
START_TEST(small_ones_that_grow)
{
	struct end *x = wide(1), *y = wide(3);

	send_bulk(x, 1 << 20);
	send_text(y, "now ");
	send_bulk(y, 1 << 20);
	ck_assert_uint_eq(next_sent(1).id, 1);
	ck_assert_uint_eq(next_sent(1).id, 3);
}
END_TEST

/* Whatever the blocks in which they write, in every prefix of the output all
 * have had the same, give or take a slice and a frame. */
START_TEST(turns_are_fair_by_bytes)
{
	static const size_t piece[STREAMS] = {
		50, 700, 5000, 9000, 16384, 40000, 65536, 65537, 131072, 500000,
	};
	size_t sent[STREAMS] = { 0 }, total = 1500000, i, k;
	struct frame f;

	many(STREAMS);
	for (i = 0; i < STREAMS; i++)
		send_pieces(&ends[i], total, piece[i]);
	for (;;) {
		f = next_sent(1);
		i = f.id / 2;
		sent[i] += f.length;
		if (sent[i] == total)
			break;
		for (k = 0; k < STREAMS; k++)
			ck_assert_msg(sent[k] + MUX_SLICE + FRAME_MAX >= sent[i],
			    "%zu by %zu, %zu by %zu", sent[i], i, sent[k], k);
	}
	for (k = 0; k < STREAMS; k++)
		ck_assert_uint_ge(sent[k] + MUX_SLICE + FRAME_MAX, total);
}
END_TEST

/* A stream whose window is used up holds nobody up. */
START_TEST(no_window_no_turn)
{
	struct end *x = opened(1), *y = wide(3);
	uint32_t last = 0;
	struct frame f;

	send_bulk(x, 2 << 20);
	send_bulk(y, 1 << 20);
	while ((f = next_sent(1)).id != 0)
		last = f.id;
	ck_assert_uint_eq(x->sent, WINDOW);
	ck_assert_uint_eq(y->sent, 1 << 20);
	ck_assert_uint_eq(last, 3);
	feed(FRAME_WINDOW_UPDATE, 0, 1, UINT32_MAX);
	while ((f = next_sent(1)).id != 0)
		ck_assert_uint_eq(f.id, 1);
	ck_assert_uint_eq(x->sent, 2 << 20);
}
END_TEST

START_TEST(control_goes_first)
{
	struct end *x = wide(1), *y = opened(3), *z = opened(5);

	feed_bulk(3, WINDOW);
	send_bulk(x, 1 << 20);
	ck_assert_uint_eq(next_sent(1).id, 1);
	consume(y, WINDOW);
	close_end(z);
	end_new(mux_open(m, &e));
	feed(FRAME_PING, SYN, 0, 7);
	mux_leave(m);
	expect(FRAME_WINDOW_UPDATE, RST, 5, 0);
	expect(FRAME_PING, ACK, 0, 7);
	expect(FRAME_GO_AWAY, 0, 0, 0);
	expect(FRAME_WINDOW_UPDATE, 0, 3, WINDOW);
	expect(FRAME_WINDOW_UPDATE, SYN, 2, 0);
	ck_assert_uint_eq(next_sent(1).id, 1);
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

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxturns");
	TCase *t = tcase_create("order");

	tcase_add_checked_fixture(t, mux_setup, mux_teardown);
	tcase_add_test(t, streams_take_turns);
	tcase_add_test(t, small_ones_pass);
	tcase_add_test(t, small_ones_stop_nobody);
	tcase_add_test(t, small_ones_that_grow);
	tcase_add_test(t, turns_are_fair_by_bytes);
	tcase_add_test(t, no_window_no_turn);
	tcase_add_test(t, control_goes_first);
	tcase_add_test(t, output_stops_at_max);
	suite_add_tcase(s, t);
	return s;
}
