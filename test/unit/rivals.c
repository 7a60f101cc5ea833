/* rivals.c - unit tests of coordinator/rivals.h. */
#include "coordinator/rivals.h"

#include <stddef.h>
#include <string.h>

#include "unit.h"

#define MINUTE	((int64_t)60 * 1000)
#define A	"192.0.2.1:1000"
#define A_LATER	"192.0.2.1:2000"
#define B	"[2001:db8::2]:1000"
#define B_LATER	"[2001:db8::2]:2000"

static struct rivals	r;
static int64_t		now;

static void
setup(void)
{
	memset(&r, 0, sizeof r);
	now = 1000 * MINUTE;
}

static void
teardown(void)
{
	rivals_release(&r);
}

/* From there comes who tells boot, and cuts off who came before, known as that. */
static void
came(const char *boot, const char *peer, const char *cut, const char *cut_peer)
{
	now += 1000;
	rivals_cut(&r, cut, cut_peer, now);
	rivals_came(&r, "m", boot, peer, now);
}

static bool
met(void)
{
	return rivals_text(&r, now) != NULL;
}

START_TEST(test_in_turns)
{
	rivals_came(&r, "m", "a", A, now);
	came("b", B, "a", A);
	ck_assert(!met());
	came("a", A_LATER, "b", B);
	ck_assert(met());
	ck_assert_int_eq(r.told, now);
	came("b", B_LATER, "a", A_LATER);
	ck_assert_int_lt(r.told, now);	/* once is enough */
	ck_assert_int_eq(r.met, now);
	now += 11 * MINUTE;
	ck_assert(!met());
}
END_TEST

/* The same address says nothing where boots are told. */
START_TEST(test_same_address)
{
	came("b", A, "a", A);
	came("c", A, "b", A);
	ck_assert(!met());
	came("b", A, "c", A);
	ck_assert(met());
}
END_TEST

START_TEST(test_itself)
{
	int	i;

	for (i = 0; i < 10; i++)
		came("a", i % 2 == 0 ? A : B, "a", i % 2 == 0 ? B : A);
	ck_assert(!met());
}
END_TEST

START_TEST(test_stock)
{
	came(NULL, A_LATER, NULL, A);
	came(NULL, A, NULL, A_LATER);
	ck_assert(!met());
	came(NULL, B, NULL, A);
	ck_assert(!met());
	came(NULL, A_LATER, NULL, B);
	ck_assert(met());
}
END_TEST

/* One that was cut off long ago has moved, for all we know. */
START_TEST(test_long_ago)
{
	came("b", B, "a", A);
	now += 11 * MINUTE;
	came("a", A, "b", B);
	ck_assert(!met());
}
END_TEST

START_TEST(test_many)
{
	const char	*boots[] = { "1", "2", "3", "4", "5", "6", "7", "8" };
	size_t		 i;

	for (i = 1; i < 8; i++)
		came(boots[i], A, boots[i - 1], A);
	ck_assert(!met());
	ck_assert_uint_eq(r.n, RIVALS_MAX);
	came("6", A, "8", A);
	ck_assert(met());
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("rivals");
	TCase	*tc = tcase_create("rivals");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_in_turns);
	tcase_add_test(tc, test_same_address);
	tcase_add_test(tc, test_itself);
	tcase_add_test(tc, test_stock);
	tcase_add_test(tc, test_long_ago);
	tcase_add_test(tc, test_many);
	suite_add_tcase(s, tc);
	return s;
}
