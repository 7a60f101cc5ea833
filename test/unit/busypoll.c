/* busypoll.c - unit tests of io/busypoll.h: when a loop looks instead of sleeping. */
#include "unit.h"

#include "io/busypoll.h"

static struct busypoll	p;
static int64_t		now;

static void
setup(void)
{
	p = (struct busypoll){ 0 };
	now = 1000;
}

/* A wait that ends us later: for how many of these would it have been awake? */
static int
wait_for(int64_t us)
{
	int64_t	until = now + us;
	int	looked = 0;

	while (now < until && busypoll_awake(&p, now)) {
		looked++;
		now++;
	}
	if (now < until) {
		ck_assert(!busypoll_awake(&p, now));	/* it sleeps: no second try */
		now = until;
	}
	busypoll_came(&p, now);
	return looked;
}

START_TEST(asleep_at_first)
{
	ck_assert_int_eq(wait_for(10), 0);
	ck_assert_int_eq(wait_for(10), 10);
}
END_TEST

START_TEST(long_waits_sleep)
{
	int i;

	for (i = 0; i < 5; i++)
		ck_assert_int_eq(wait_for(BUSYPOLL_NEAR_US), 0);
}
END_TEST

START_TEST(answers_that_are_near)
{
	int i;

	wait_for(80);		/* the other side slept, too */
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(wait_for(12), 12);
}
END_TEST

/* The end of a conversation costs one look. */
START_TEST(one_look_at_the_end)
{
	wait_for(10);
	wait_for(10);
	ck_assert_int_eq(wait_for(100000), BUSYPOLL_US);
	ck_assert_int_eq(wait_for(100000), 0);
	ck_assert_int_eq(wait_for(100000), 0);
}
END_TEST

/* Waits that are just too long to be caught: next to nothing is wasted on them. */
START_TEST(in_vain)
{
	int i, looked = 0;

	for (i = 0; i < 6400; i++)
		looked += wait_for(BUSYPOLL_US + 30);
	ck_assert_int_gt(looked, 0);
	ck_assert_int_lt(looked, 6400 * BUSYPOLL_US / 50);
	while (wait_for(12) == 0)	/* they came nearer: seen soon */
		ck_assert_int_lt(i++, 6400 + BUSYPOLL_DENY_MAX + 1);
	ck_assert_int_eq(wait_for(12), 12);
}
END_TEST

START_TEST(bulk_sleeps)
{
	wait_for(10);
	busypoll_moved(&p, BUSYPOLL_BULK);
	ck_assert_int_eq(wait_for(10), 10);	/* as was decided before */
	busypoll_moved(&p, BUSYPOLL_BULK);
	ck_assert_int_eq(wait_for(10), 0);
	ck_assert_int_eq(wait_for(10), 0);
	ck_assert_int_eq(wait_for(10), 10);	/* it is over */
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("busypoll");
	TCase	*t = tcase_create("all");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, asleep_at_first);
	tcase_add_test(t, long_waits_sleep);
	tcase_add_test(t, answers_that_are_near);
	tcase_add_test(t, one_look_at_the_end);
	tcase_add_test(t, in_vain);
	tcase_add_test(t, bulk_sleeps);
	return s;
}
