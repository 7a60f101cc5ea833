/* vigil.c - unit tests of client/vigil.h: when it warns. */
#include "client/vigil.h"

#include <stdlib.h>

#include "unit.h"

#define MIN	(60 * 1000)
#define NOW	((int64_t)1000 * MIN)

static struct vigil_view	view;

static void
look(int64_t expires, int64_t limit, int64_t now, const char *want)
{
	char	*got = vigil_look(&view, "a-0", expires, limit, now);

	if (want == NULL)
		ck_assert_msg(got == NULL, "%s", got);
	else
		ck_assert_str_eq(got, want);
	free(got);
}

static void
setup(void)
{
	view = (struct vigil_view){ 0, 0, 0, 0 };
}

START_TEST(test_limit)
{
	look(NOW + 30 * MIN, NOW + 6 * MIN, NOW, NULL);
	look(NOW + 31 * MIN, NOW + 6 * MIN, NOW + MIN,
	    "a-0 ends in 5m0s: its time is over then");
	look(NOW + 32 * MIN, NOW + 6 * MIN, NOW + 2 * MIN, NULL);	/* once */
	/* Moved, and near again. */
	look(NOW + 33 * MIN, NOW + 60 * MIN, NOW + 3 * MIN, NULL);
	look(NOW + 90 * MIN, NOW + 60 * MIN, NOW + 58 * MIN + 1500,
	    "a-0 ends in 1m58s: its time is over then");
}
END_TEST

START_TEST(test_idle)
{
	/* What is put off by use is no danger, however near. */
	look(NOW + MIN, 0, NOW, NULL);
	look(NOW + 2 * MIN, 0, NOW + MIN, NULL);
	look(NOW + 2 * MIN, 0, NOW + MIN + 1000,
	    "a-0 ends in 59s: unless it is used (see gomote extend)");
	look(NOW + 2 * MIN, 0, NOW + MIN + 2000, NULL);
	/* Past already. */
	look(NOW + 3 * MIN, 0, NOW + 4 * MIN, NULL);
	look(NOW + 3 * MIN, 0, NOW + 4 * MIN,
	    "a-0 ends in 0s: unless it is used (see gomote extend)");
}
END_TEST

START_TEST(test_unknown)
{
	look(0, 0, NOW, NULL);
	look(0, 0, NOW, NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("vigil");
	TCase	*c = tcase_create("vigil");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, test_limit);
	tcase_add_test(c, test_idle);
	tcase_add_test(c, test_unknown);
	suite_add_tcase(s, c);
	return s;
}
