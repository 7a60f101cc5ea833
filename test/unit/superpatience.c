/* superpatience.c - a follower that reads nothing holds a command for so long
 * and no longer. It takes that long, so it stands alone. */
/* timeout: 200 */
#include "unit.h"
#include "lib_super.h"

#include "buildlet/super.h"

START_TEST(patience_ends)
{
	struct sup	s;
	int64_t		began, most = SUPER_PATIENCE_MS + 60000;

	sup_fork(&s, super_run);
	s.job.log_limit = 1 << 20;
	s.job.log_head = 1 << 19;
	sup_shell(&s, "while [ ! -f go ]; do :; done; head -c 20000000 /dev/zero; exit 5");
	SUP_WAIT(&s, s.command != 0);
	sup_say(&s, SUPER_READ, 0);
	began = sup_now();
	dir_write(&sup_dir, "go", "");
	while (!s.ended && sup_now() - began < most)
		sup_turn(&s, 1000);
	ck_assert(s.ended);
	ck_assert_int_ge(sup_now() - began, SUPER_PATIENCE_MS - 1000);
	ck_assert_str_eq(s.state, "exit status 5");
	ck_assert_uint_eq(s.end.output, 20000000);
	ck_assert_uint_gt(s.end.dropped, 0);
	sup_wait_gone(&s);
	sup_free(&s);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("superpatience");
	TCase	*t = tcase_create("all");

	tcase_set_timeout(t, 180);
	tcase_add_checked_fixture(t, sup_setup, sup_teardown);
	tcase_add_test(t, patience_ends);
	suite_add_tcase(s, t);
	return s;
}
