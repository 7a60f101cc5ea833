/*
 * exec_index.c - the index of execs, kept in step with the machine. Every
 * combination of what either side knows of an exec has a test here; of leases,
 * in instance.c.
 */
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

/* --- what runs, for people ------------------------------------------------------- */

static void
check_lines(size_t max, size_t bytes, const char *want)
{
	struct strs	l = STRS_INIT;
	struct str	got = STR_INIT;
	size_t		i;

	execs_lines(fx.core, ALICE0, max, bytes, &l);
	for (i = 0; i < l.n; i++)
		str_addf(&got, "%s|", l.v[i]);
	ck_assert_str_eq(str_text(&got), want);
	str_release(&got);
	strs_release(&l);
}

START_TEST(test_lines)
{
	struct fake	*f = with_running("bbbbbb");

	check_lines(8, 200, "prog a  b c|");
	clock_advance(loop_clock(fx.loop), 10);
	fake_run(f, "aaaaaa")->cmd = "later";
	clock_advance(loop_clock(fx.loop), 10);
	fake_run(f, "cccccc")->cmd = "\u00e4\u00e4\u00e4\u00e4\u00e4";
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, execs_running(fx.core, ALICE0) == 3);
	/* By age, as many and as long as wanted, no character in halves. */
	check_lines(8, 15, "prog a  b c|later a  b c|\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 a...|");
	check_lines(8, 12, "prog a  b c|later a  b c|\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4...|");
	check_lines(2, 11, "prog a  b c|later a ...|");
	check_lines(0, 11, "");
	fake_end(f, "bbbbbb", "ok", NULL);
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, execs_running(fx.core, ALICE0) == 2);
	check_lines(1, 200, "later a  b c|");
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "enough");
	check_lines(8, 200, "");
}
END_TEST

/* --- in step -------------------------------------------------------------------- */

START_TEST(test_begins_and_ends)
{
	struct fake	*f = with_running("aaaaaa");
	unsigned	 lists;

	check("aaaaaa:running:::0 ");
	/* Several hints cost one question, for what is new alone. */
	fake_end(f, "aaaaaa", "exit status 3", "the end\n");
	lists = f->lists;
	execs_changed(fx.core, ALICE0);
	execs_changed(fx.core, ALICE0);
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:ended:exit status 3::24 "));
	ck_assert_uint_eq(f->lists, lists + 1);
	ck_assert_str_eq(f->after, "1");
	ck_assert_uint_eq(f->logs, 1);
	check_tail("aaaaaa", "the end\n");
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 0);
	/* Nothing is fetched twice. */
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, f->lists == lists + 2);
	settle(&fx);
	ck_assert_uint_eq(f->logs, 1);
}
END_TEST

/* One that said nothing costs no look at its log. */
START_TEST(test_without_output)
{
	struct fake	*f = with_running("aaaaaa");

	fake_end(f, "aaaaaa", "ok", NULL);
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::0 "));
	settle(&fx);
	ck_assert_uint_eq(f->logs, 0);
}
END_TEST

/* Who only looks now and then: what runs is asked for every few seconds, a
 * machine where nothing runs once a minute. */
START_TEST(test_asked_while_something_runs)
{
	struct fake	*f = with_running("aaaaaa");
	unsigned	 lists = f->lists;

	advance(&fx, 4000);
	ck_assert_uint_eq(f->lists, lists);
	advance(&fx, 1001);
	UNTIL(&fx, f->lists == lists + 1);
	fake_end(f, "aaaaaa", "ok", NULL);
	advance(&fx, 5001);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::0 "));
	lists = f->lists;
	advance(&fx, 20000);
	ck_assert_uint_eq(f->lists, lists);
}
END_TEST

START_TEST(test_running_renews)
{
	struct fake	*f = with_running("aaaaaa");
	int		 i;

	for (i = 0; i < 20; i++) {		/* idle time is a minute */
		advance(&fx, 30000);
		ck_assert_msg(!is_over(ALICE0), "after %d", i);
	}
	fake_end(f, "aaaaaa", "ok", NULL);
	advance(&fx, 5001);
	UNTIL(&fx, execs_running(fx.core, ALICE0) == 0);
	advance(&fx, 59000);
	ck_assert(!is_over(ALICE0));
	advance(&fx, 2000);
	ck_assert(is_over(ALICE0));
}
END_TEST

/* What was not heard of for long is believed no more. */
START_TEST(test_silence_does_not_renew)
{
	struct fake	*f = with_running("aaaaaa");
	int		 i;

	f->hold_list = true;
	for (i = 0; i < 3; i++)
		advance(&fx, 29000);
	ck_assert(!is_over(ALICE0));
	for (i = 0; i < 3; i++)
		advance(&fx, 29000);
	ck_assert(is_over(ALICE0));
}
END_TEST

/* While its machine is away the grace time counts, not the idle time. */
START_TEST(test_away_while_running)
{
	struct fake	*f = with_running("aaaaaa");
	int		 i;

	fake_cut(f);
	for (i = 0; i < 9; i++)
		advance(&fx, 30000);
	ck_assert(!is_over(ALICE0));
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_LEASED);
	check("aaaaaa:running:::0 ");
	fake_cut(f);
	for (i = 0; i < 11; i++)
		advance(&fx, 30000);
	ck_assert(is_over(ALICE0));
	check("aaaaaa:ended:the instance ended: machine did not come back:instance:0 ");
}
END_TEST

/* --- lost and found --------------------------------------------------------------- */

/* Gone without a word while nobody looked. */
START_TEST(test_vanishes)
{
	struct fake	*f = with_running("aaaaaa");

	f->nx = 0;
	advance(&fx, 5001);
	UNTIL(&fx, is_now("aaaaaa:lost:lost: its machine does not know it any more::0 "));
	ck_assert_str_eq(f->after, "");		/* all was asked for to be sure */
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 0);
}
END_TEST

START_TEST(test_forgotten_by_its_user)
{
	struct fake	*f = with_running("aaaaaa");

	f->nx = 0;
	execs_forgotten(fx.core, ALICE0, "aaaaaa");
	execs_forgotten(fx.core, ALICE0, "bbbbbb");
	advance(&fx, 5001);
	check("aaaaaa:ended:forgotten before its end was seen::0 ");
}
END_TEST

/* Its supervisor was killed: the machine itself says so. */
START_TEST(test_lost_on_the_machine)
{
	struct fake	*f = with_running("aaaaaa");

	fake_end(f, "aaaaaa", "lost: its supervisor was killed", "words");
	f->x[0].state = "lost";
	f->x[0].ended = 0;
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:lost:lost: its supervisor was killed::21 "));
}
END_TEST

/* --- restarts of the coordinator: each side knows it, or not, as running or ended */

START_TEST(test_restart_running_on_both)
{
	struct fake	*f = with_running("aaaaaa");

	fix_restart(&fx);
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 1);
	fake_connect(f);
	UNTIL(&fx, f->lists == 3);
	settle(&fx);
	check("aaaaaa:running:::0 ");
	ck_assert_str_eq(f->after, "");
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 1);
}
END_TEST

START_TEST(test_restart_ended_meanwhile)
{
	struct fake	*f = with_running("aaaaaa");

	fix_restart(&fx);
	fake_end(f, "aaaaaa", "exit status 1", "bye\n");
	fake_connect(f);
	UNTIL(&fx, is_now("aaaaaa:ended:exit status 1::20 "));
	check_tail("aaaaaa", "bye\n");
}
END_TEST

START_TEST(test_restart_unknown_to_the_machine)
{
	struct fake	*f = with_running("aaaaaa");

	fix_restart(&fx);
	f->nx = 0;
	fake_connect(f);
	UNTIL(&fx, is_now("aaaaaa:lost:lost: its machine does not know it any more::0 "));
	ck_assert(!is_over(ALICE0));
}
END_TEST

START_TEST(test_restart_unknown_to_the_store)
{
	struct fake	*f = with_execs("m1");

	(void)get_one(&fx, "alice", "b");
	fix_restart(&fx);
	fake_run(f, "aaaaaa");
	fake_run(f, "bbbbbb")->created++;
	fake_end(f, "bbbbbb", "signal: killed", "out");
	fake_connect(f);
	UNTIL(&fx, is_now("bbbbbb:ended:signal: killed::19 aaaaaa:running:::0 "));
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 1);
}
END_TEST

/* Ended on both: neither written nor fetched again. */
START_TEST(test_restart_ended_on_both)
{
	struct fake	*f = with_running("aaaaaa");

	fake_end(f, "aaaaaa", "ok", "out");
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::19 "));
	fix_restart(&fx);
	fake_connect(f);
	UNTIL(&fx, f->lists == 4);
	settle(&fx);
	check("aaaaaa:ended:ok::19 ");
	ck_assert_uint_eq(f->logs, 1);
}
END_TEST

/* Ended on both, but we were killed before we had its output. */
START_TEST(test_restart_output_still_to_fetch)
{
	struct fake	*f = with_running("aaaaaa");

	f->hold_log = true;
	fake_end(f, "aaaaaa", "ok", "out");
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, f->logs == 1);
	check("aaaaaa:ended:ok::0 ");
	fix_restart(&fx);
	f->hold_log = false;
	fake_connect(f);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::19 "));
}
END_TEST

/* Ended in the store, forgotten on the machine: the record stays. */
START_TEST(test_restart_ended_and_forgotten)
{
	struct fake	*f = with_running("aaaaaa");

	fake_end(f, "aaaaaa", "ok", "out");
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::19 "));
	fix_restart(&fx);
	f->nx = 0;
	fake_connect(f);
	UNTIL(&fx, f->lists == 4);
	settle(&fx);
	check("aaaaaa:ended:ok::19 ");
}
END_TEST

/* Lost for the store, but there after all. */
START_TEST(test_lost_and_found)
{
	struct fake	*f = with_running("aaaaaa");

	f->nx = 0;
	advance(&fx, 5001);
	UNTIL(&fx, is_now("aaaaaa:lost:lost: its machine does not know it any more::0 "));
	fake_run(f, "aaaaaa");
	execs_changed(fx.core, ALICE0);
	UNTIL(&fx, is_now("aaaaaa:running:::0 "));
	ck_assert_uint_eq(execs_running(fx.core, ALICE0), 1);
}
END_TEST

/* The buildlet was killed and is back on its work directory: same boot, same
 * lease, same execs. */
START_TEST(test_machine_restarts)
{
	struct fake	*f = with_running("aaaaaa");
	unsigned	 wipes = f->wipes;

	fake_cut(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	f->seq += 1000;
	fake_end(f, "aaaaaa", "ok", "out");
	fake_connect(f);
	UNTIL(&fx, is_now("aaaaaa:ended:ok::19 "));
	ck_assert_uint_eq(f->wipes, wipes);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
}
END_TEST

/* It has lost everything: the instance is over, and so is what ran. */
START_TEST(test_machine_restarts_empty)
{
	struct fake	*f = with_running("aaaaaa");

	fake_cut(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	snprintf(f->boot, sizeof f->boot, "boot2");
	f->lease[0] = '\0';
	f->nx = 0;
	fake_connect(f);
	UNTIL(&fx, is_now("aaaaaa:ended:the instance ended: machine restarted: "
	    "its files are gone:instance:0 "));
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("exec_index");
	TCase	*tc = tcase_create("exec_index");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_lines);
	tcase_add_test(tc, test_begins_and_ends);
	tcase_add_test(tc, test_without_output);
	tcase_add_test(tc, test_asked_while_something_runs);
	tcase_add_test(tc, test_running_renews);
	tcase_add_test(tc, test_silence_does_not_renew);
	tcase_add_test(tc, test_away_while_running);
	tcase_add_test(tc, test_vanishes);
	tcase_add_test(tc, test_forgotten_by_its_user);
	tcase_add_test(tc, test_lost_on_the_machine);
	tcase_add_test(tc, test_restart_running_on_both);
	tcase_add_test(tc, test_restart_ended_meanwhile);
	tcase_add_test(tc, test_restart_unknown_to_the_machine);
	tcase_add_test(tc, test_restart_unknown_to_the_store);
	tcase_add_test(tc, test_restart_ended_on_both);
	tcase_add_test(tc, test_restart_output_still_to_fetch);
	tcase_add_test(tc, test_restart_ended_and_forgotten);
	tcase_add_test(tc, test_lost_and_found);
	tcase_add_test(tc, test_machine_restarts);
	tcase_add_test(tc, test_machine_restarts_empty);
	suite_add_tcase(s, tc);
	return s;
}
