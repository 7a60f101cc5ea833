/* splice.c - unit tests of io/splice.h: user = near | far = user, where near
 * and far are spliced. */
#include "unit.h"
#include "lib_two.h"

#include <stdlib.h>
#include <string.h>

#include "io/splice.h"

static struct splice	*sp;
static int		 done, alive;
static uint64_t		 a_to_b, b_to_a;
static bool		 failed;
static struct err	 why;

static void
on_done(uint64_t there, uint64_t back, const struct err *e, void *arg)
{
	ck_assert_ptr_eq(arg, &done);
	done++;
	a_to_b = there;
	b_to_a = back;
	failed = e != NULL;
	if (failed)
		why = *e;
	sp = NULL;
}

static void
on_alive(void *arg)
{
	ck_assert_ptr_eq(arg, &done);
	alive++;
}

static void
start(int64_t idle_ms)
{
	struct stream *left[2], *right[2];

	stream_pair(l, left);
	stream_pair(l, right);
	rec_init(&a, left[0]);
	rec_init(&b, right[1]);
	done = alive = 0;
	failed = false;
	/* What came before the splice is passed on too. */
	stream_write(a.s, "early ", 6);
	loop_turn(l, 0);
	sp = stream_splice(left[1], right[0], idle_ms, on_alive, on_done, &done);
}

static void
teardown(void)
{
	if (sp != NULL) {
		splice_cut(sp, "end of test");
		loop_turn(l, 0);
	}
	two_teardown();
}

START_TEST(passes_bytes_and_half_closes)
{
	start(0);
	stream_write(a.s, "question", 8);
	stream_shut(a.s);
	WAIT(l, b.eofs == 1);
	rec_expect(&b, "early question");
	ck_assert_int_eq(a.eofs, 0);
	ck_assert_int_eq(done, 0);
	stream_write(b.s, "answer", 6);
	stream_shut(b.s);
	WAIT(l, a.eofs == 1 && done == 1);
	rec_expect(&a, "answer");
	ck_assert(!failed);
	ck_assert_uint_eq(a_to_b, 14);
	ck_assert_uint_eq(b_to_a, 6);
	ck_assert_int_eq(a.errors + b.errors, 0);
	ck_assert_int_ge(alive, 1);
	ck_assert_int_le(alive, 5);
}
END_TEST

START_TEST(much_through_a_slow_reader)
{
	size_t want = 8 * 1024 * 1024, at;

	start(0);
	WAIT(l, buf_len(b.got) == 6);
	buf_drain(b.got, 6);
	b.keep = true;
	fill_pattern(stream_out(a.s), 0, want);
	stream_wrote(a.s);
	stream_shut(a.s);
	WAIT(l, buf_len(stream_in(b.s)) == STREAM_IN_HIGH);
	loop_turn(l, 10);
	loop_turn(l, 10);
	/* Four buffers on the way, not the whole. */
	ck_assert_uint_gt(stream_unsent(a.s), want - 2 * 1024 * 1024);
	b.keep = false;
	stream_read_again(b.s);
	for (at = 0; at < want; ) {
		WAIT(l, buf_len(b.got) > 0);
		at += check_pattern(b.got, at);
		ck_assert_uint_eq(buf_len(b.got), 0);
	}
	WAIT(l, b.eofs == 1);
}
END_TEST

/* One side goes away: the other is closed, and done says why. */
START_TEST(an_error_closes_the_other)
{
	start(0);
	WAIT(l, buf_len(b.got) == 6);
	stream_close(b.s);
	b.s = NULL;
	stream_write(a.s, "nobody there", 12);
	WAIT(l, done == 1);
	ck_assert(failed);
	ck_assert_int_eq(why.code, STREAM_RESET);
	WAIT(l, a.eofs + a.errors > 0);
}
END_TEST

START_TEST(idle_is_cut)
{
	start(60000);
	WAIT(l, buf_len(b.got) == 6);
	clock_advance(loop_clock(l), 40000);
	stream_write(b.s, "still here", 10);
	WAIT(l, buf_len(a.got) == 10);
	clock_advance(loop_clock(l), 40000);
	loop_turn(l, 5);
	loop_turn(l, 5);
	ck_assert_int_eq(done, 0);
	clock_advance(loop_clock(l), 30000);
	WAIT(l, done == 1);
	ck_assert(failed);
	ck_assert_int_eq(why.code, STREAM_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(why.msg, "idle"));
	WAIT(l, a.eofs + a.errors > 0 && b.eofs + b.errors > 0);
}
END_TEST

START_TEST(cut)
{
	start(0);
	splice_cut(sp, "the lease ended");
	splice_cut(sp, "again");
	ck_assert_int_eq(done, 0);	/* not inside the call */
	WAIT(l, done == 1);
	ck_assert(failed);
	ck_assert_str_eq(why.msg, "the lease ended");
	WAIT(l, a.eofs + a.errors > 0 && b.eofs + b.errors > 0);
}
END_TEST

/* The streams are given back alive, and what comes now is not passed on. */
START_TEST(released)
{
	struct stream	*left[2], *right[2];
	uint64_t	 there, back;

	stream_pair(l, left);
	stream_pair(l, right);
	rec_init(&a, left[0]);
	rec_init(&b, right[1]);
	done = 0;
	sp = stream_splice(left[1], right[0], 60000, NULL, on_done, &done);
	stream_write(a.s, "through", 7);
	stream_write(b.s, "back", 4);
	WAIT(l, buf_len(b.got) == 7 && buf_len(a.got) == 4);
	splice_moved(sp, &there, &back);
	ck_assert_uint_eq(there, 7);
	ck_assert_uint_eq(back, 4);
	ck_assert(splice_release(sp));
	sp = NULL;
	stream_write(a.s, "not", 3);
	WAIT(l, buf_len(stream_in(left[1])) == 3);
	ck_assert(stream_is_open(right[0]));
	stream_write(right[0], "!", 1);
	WAIT(l, buf_len(b.got) == 8);
	stream_close(left[1]);
	stream_close(right[0]);
	loop_turn(l, 0);
	ck_assert_int_eq(done, 0);
}
END_TEST

START_TEST(released_too_late)
{
	start(0);
	splice_cut(sp, "the lease ended");
	ck_assert(!splice_release(sp));
	WAIT(l, done == 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("splice");
	TCase	*t = tcase_create("splice");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, two_setup, teardown);
	tcase_add_test(t, passes_bytes_and_half_closes);
	tcase_add_test(t, much_through_a_slow_reader);
	tcase_add_test(t, an_error_closes_the_other);
	tcase_add_test(t, idle_is_cut);
	tcase_add_test(t, cut);
	tcase_add_test(t, released);
	tcase_add_test(t, released_too_late);
	suite_add_tcase(s, t);
	return s;
}
