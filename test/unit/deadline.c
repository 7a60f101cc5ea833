/* deadline.c - unit tests of stream_timeout where deadlines move: the wheel on
 * which streams stand (lib/io/deadline.c). */
#include "unit.h"
#include "lib_two.h"

/* Farther away than the wheel of deadlines reaches, and nearer again. */
START_TEST(move)
{
	two_pair();
	stream_timeout(a.s, 60000, 0);
	stream_timeout(b.s, 60000, 0);
	WAIT(l, a.opens == 1 && b.opens == 1);
	clock_advance(loop_clock(l), 10000);
	loop_turn(l, 300);
	stream_timeout(b.s, 2000, 0);
	clock_advance(loop_clock(l), 3000);
	WAIT(l, b.errors == 1);
	clock_advance(loop_clock(l), 46000);
	loop_turn(l, 300);
	ck_assert_int_eq(a.errors, 0);
	clock_advance(loop_clock(l), 2000);
	WAIT(l, a.errors == 1);
}
END_TEST

/* Its user was slow for longer than the deadline; the peer gets all of it anew. */
START_TEST(read_begins_when_there_is_room)
{
	two_pair();
	b.keep = true;
	stream_timeout(b.s, 30000, 0);
	fill_pattern(stream_out(a.s), 0, STREAM_IN_HIGH);
	stream_wrote(a.s);
	WAIT(l, buf_len(stream_in(b.s)) == STREAM_IN_HIGH);
	clock_advance(loop_clock(l), 29000);
	loop_turn(l, 300);
	buf_drain(stream_in(b.s), STREAM_IN_HIGH);
	stream_consumed(b.s);
	clock_advance(loop_clock(l), 5000);
	loop_turn(l, 300);
	ck_assert_int_eq(b.errors, 0);
	clock_advance(loop_clock(l), 26000);
	WAIT(l, b.errors == 1);
}
END_TEST

/* It stands far off for the sake of what comes when a write begins. */
START_TEST(write_is_nearer_than_read)
{
	two_pair();
	b.keep = true;
	WAIT(l, a.opens == 1);
	stream_timeout(a.s, 3600 * 1000, 2000);
	fill_pattern(stream_out(a.s), 0, 4 * 1024 * 1024);
	stream_wrote(a.s);
	WAIT(l, buf_len(stream_in(b.s)) == STREAM_IN_HIGH);
	loop_turn(l, 5);
	clock_advance(loop_clock(l), 3000);
	WAIT(l, a.errors == 1);
	ck_assert_int_eq(a.err.code, STREAM_TIMEOUT);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("deadline");
	TCase	*t = tcase_create("all");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, two_setup, two_teardown);
	tcase_add_test(t, move);
	tcase_add_test(t, read_begins_when_there_is_room);
	tcase_add_test(t, write_is_nearer_than_read);
	return s;
}
