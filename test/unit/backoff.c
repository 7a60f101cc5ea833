/* backoff.c - when to try again: at once, then in growing random intervals. */
#include "unit.h"

#include "base/backoff.h"

START_TEST(first_at_once)
{
	struct backoff b = BACKOFF_INIT(100, 1000);

	ck_assert_int_eq(backoff_next(&b), 0);
	ck_assert_int_gt(backoff_next(&b), 0);
	backoff_reset(&b);
	ck_assert_int_eq(backoff_next(&b), 0);
}
END_TEST

START_TEST(doubles_to_the_ceiling)
{
	static const int64_t ceilings[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
	int round;
	size_t i;

	for (round = 0; round < 200; round++) {
		struct backoff b = BACKOFF_INIT(100, 1000);

		ck_assert_int_eq(backoff_next(&b), 0);
		for (i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
			int64_t ms = backoff_next(&b);

			ck_assert_int_ge(ms, ceilings[i] / 2);
			ck_assert_int_le(ms, ceilings[i]);
		}
	}
}
END_TEST

START_TEST(knows_the_most)
{
	struct backoff	b = BACKOFF_INIT(100, 1000);
	int		i;

	ck_assert_int_eq(backoff_most(&b), 0);
	for (i = 0; i < 70; i++) {
		int64_t	most = backoff_most(&b);

		ck_assert_int_le(backoff_next(&b), most);
	}
	ck_assert_int_eq(backoff_most(&b), 1000);
	backoff_reset(&b);
	ck_assert_int_eq(backoff_most(&b), 0);
}
END_TEST

START_TEST(jitter_spreads)
{
	int64_t lo = INT64_MAX, hi = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		struct backoff b = BACKOFF_INIT(10000, 10000);
		int64_t ms;

		ck_assert_int_eq(backoff_next(&b), 0);
		ms = backoff_next(&b);
		lo = ms < lo ? ms : lo;
		hi = ms > hi ? ms : hi;
	}
	ck_assert_int_lt(lo, 5500);
	ck_assert_int_gt(hi, 9500);
}
END_TEST

START_TEST(never_overflows)
{
	struct backoff b = BACKOFF_INIT(INT64_MAX / 3, INT64_MAX);
	int i;

	for (i = 0; i < 10000; i++)
		ck_assert_int_ge(backoff_next(&b), 0);
	ck_assert_int_ge(backoff_next(&b), INT64_MAX / 2);
}
END_TEST

START_TEST(odd_limits)
{
	struct backoff none = BACKOFF_INIT(0, 0);
	struct backoff low = BACKOFF_INIT(500, 100);	/* first over max */

	ck_assert_int_eq(backoff_next(&none), 0);
	ck_assert_int_eq(backoff_next(&none), 0);
	ck_assert_int_eq(backoff_next(&low), 0);
	ck_assert_int_le(backoff_next(&low), 100);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("backoff");
	TCase *t = tcase_create("all");

	tcase_add_test(t, first_at_once);
	tcase_add_test(t, doubles_to_the_ceiling);
	tcase_add_test(t, jitter_spreads);
	tcase_add_test(t, knows_the_most);
	tcase_add_test(t, never_overflows);
	tcase_add_test(t, odd_limits);
	suite_add_tcase(s, t);
	return s;
}
