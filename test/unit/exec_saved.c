/* exec_saved.c - execs when their instance ends: what is saved before the wipe. */
#include "unit.h"

#include "coordinator/execs.h"
#include "exec_fixture.h"

static void
up(void)
{
	fix_up(&fx);
}

static void
down(void)
{
	fix_down(&fx);
}

/* --- the end of an instance --------------------------------------------------------- */

START_TEST(test_output_is_saved_before_the_wipe)
{
	struct fake	*f = with_running("aaaaaa");
	unsigned	 wipes = f->wipes;

	fake_run(f, "bbbbbb")->created++;	/* nobody has seen it yet */
	fake_exec(f, "aaaaaa")->output = "so far";
	fake_exec(f, "bbbbbb")->output = "so good";
	f->hold_log = true;
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed by user-alice");
	ck_assert(is_over(ALICE0));
	UNTIL(&fx, f->logs == 1 || f->logs == 2);
	settle(&fx);
	ck_assert_uint_eq(f->wipes, wipes);	/* it waits for that */
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
	fix_restart(&fx);			/* even if we do not live to see it */
	check("bbbbbb:ended:the instance ended: destroyed by user-alice:instance:0 "
	    "aaaaaa:ended:the instance ended: destroyed by user-alice:instance:0 ");
	f->hold_log = false;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

START_TEST(test_saved_then_wiped)
{
	struct fake	*f = with_running("aaaaaa");

	fake_run(f, "bbbbbb")->created++;
	fake_exec(f, "aaaaaa")->output = "so far";
	fake_end(f, "bbbbbb", "exit status 9", "by itself");
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(f->lease, "");
	check("bbbbbb:ended:exit status 9::25 "
	    "aaaaaa:ended:the instance ended: destroyed:instance:22 ");
	check_tail("aaaaaa", "so far");
	check_tail("bbbbbb", "by itself");
	/* It is kept for a day from then. */
	advance(&fx, (int64_t)23 * 3600 * 1000);
	check_tail("aaaaaa", "so far");
	advance(&fx, (int64_t)2 * 3600 * 1000);
	check("bbbbbb:ended:exit status 9::0 "
	    "aaaaaa:ended:the instance ended: destroyed:instance:0 ");
}
END_TEST

/* Fetched long before the instance ended: its day begins with that. */
START_TEST(test_kept_from_the_end_of_the_lease)
{
	struct fake	*f = with_running("aaaaaa");
	int		 i;

	fake_end(f, "aaaaaa", "ok", "out");
	fake_run(f, "bbbbbb")->created++;
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("bbbbbb:running:::0 aaaaaa:ended:ok::19 "));
	for (i = 0; i < 25 * 60; i++)
		advance(&fx, 60000);
	ck_assert(!is_over(ALICE0));
	check_tail("aaaaaa", "out");
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	advance(&fx, (int64_t)23 * 3600 * 1000);
	check_tail("aaaaaa", "out");
}
END_TEST

/* A machine that does not answer is not waited for. */
START_TEST(test_saving_has_a_deadline)
{
	struct fake	*f = with_running("aaaaaa");
	unsigned	 wipes = f->wipes;

	f->hold_list = f->hold_log = true;
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	advance(&fx, 4000);
	ck_assert_uint_eq(f->wipes, wipes);
	advance(&fx, 1500);
	UNTIL(&fx, f->wipes == wipes + 1 && state_of(&fx, "m1") == MACHINE_IDLE);
	check("aaaaaa:ended:the instance ended: destroyed:instance:0 ");
}
END_TEST

/* Its machine goes while output is being saved, and comes back. */
START_TEST(test_lost_while_saving)
{
	struct fake	*f = with_running("aaaaaa");

	f->hold_log = true;
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	UNTIL(&fx, f->logs == 1);
	fake_cut(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	f->hold_log = false;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(f->lease, "");
	advance(&fx, 10000);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_IDLE);
	(void)get_one(&fx, "alice", "b");
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
}
END_TEST

/* Where nothing runs there is nothing to wait for. */
START_TEST(test_nothing_to_save)
{
	struct fake	*f = with_running("aaaaaa");
	unsigned	 lists;

	fake_end(f, "aaaaaa", "ok", "out");
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::19 "));
	lists = f->lists;
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_CLEANING);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(f->lists, lists);
}
END_TEST

/* A machine without the feature is asked for nothing. */
START_TEST(test_without_the_feature)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	execs_changed(fx.core, ALICE0);
	advance(&fx, 10000);
	ck_assert_uint_eq(f->lists, 0);
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

/* --- many ---------------------------------------------------------------------------- */

struct seen {
	size_t	n;
	char	ids[200];
};

static bool
see_id(const struct store_exec *x, void *arg)
{
	struct seen	*s = arg;
	size_t		 len = strlen(s->ids);

	s->n++;
	snprintf(s->ids + len, sizeof s->ids - len, "%s ", x->id);
	return true;
}

static void
find(const char *user, const char *prefix, const char *want)
{
	struct seen	s = { 0, "" };
	struct err	e = ERR_INIT;

	ck_assert_int_eq(execs_find(fx.core, user, prefix, NULL, 10, see_id, &s, &e), 0);
	ck_assert_str_eq(s.ids, want);
}

START_TEST(test_find_by_prefix)
{
	struct fake	*f = with_running("abcdef");

	fake_run(f, "abcxyz");
	fake_run(f, "abcdefgh");
	fake_run(f, "zzzzzz");
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, execs_running(fx.core, ALICE0) == 4);
	find("alice", "abc", "abcdef abcdefgh abcxyz ");
	find("alice", "abcx", "abcxyz ");
	find("alice", "abcdef", "abcdef ");	/* itself, though others begin so */
	find("alice", "zzzzzz", "zzzzzz ");
	find("alice", "b", "");
	find("bob", "abc", "");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("exec_saved");
	TCase	*tc = tcase_create("exec_saved");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_output_is_saved_before_the_wipe);
	tcase_add_test(tc, test_saved_then_wiped);
	tcase_add_test(tc, test_kept_from_the_end_of_the_lease);
	tcase_add_test(tc, test_saving_has_a_deadline);
	tcase_add_test(tc, test_lost_while_saving);
	tcase_add_test(tc, test_nothing_to_save);
	tcase_add_test(tc, test_without_the_feature);
	tcase_add_test(tc, test_find_by_prefix);
	suite_add_tcase(s, tc);
	return s;
}
