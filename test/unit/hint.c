/* hint.c - unit tests of client/hint.h. */
#include "client/hint.h"

#include "unit.h"

#define INSTANCE	"user-al-linux-amd64-0"

/* Whose program is too old depends on who did not know the page. */
START_TEST(test_page_not_found)
{
	ck_assert_str_eq(hint_answer(404, "coordinator", "404 page not found", true, NULL),
	    " (it is a stock coordinator, or an old one)");
	ck_assert_str_eq(hint_answer(404, "buildlet", "404 page not found", true, INSTANCE),
	    " (its machine has a stock buildlet, or an old one)");
}
END_TEST

START_TEST(test_told_already)
{
	ck_assert_str_eq(hint_answer(500, "coordinator", "no (see above)", true, NULL), "");
	ck_assert_str_eq(hint_answer(500, "coordinator", "no", true, NULL),
	    " (its operator finds more in its log)");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("hint");
	TCase	*tc = tcase_create("hint");

	tcase_add_test(tc, test_page_not_found);
	tcase_add_test(tc, test_told_already);
	suite_add_tcase(s, tc);
	return s;
}
