/* patience.c - unit tests of client/patience.h. */
#include "client/patience.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "client/call.h"
#include "io/loop.h"
#include "io/stream.h"
#include "lib_child.h"
#include "unit.h"

static struct err	e;

START_TEST(test_judge)
{
	static const struct {
		int			 status, code;
		const char		*msg;
		bool			 begun;
		enum patience_verdict	 want;
	} cases[] = {
		{ 0, CALL_LOST, "reset", false, PATIENCE_AGAIN },
		{ 201, CALL_LOST, "broke off", false, PATIENCE_AGAIN },
		{ 0, STREAM_REFUSED, "refused", false, PATIENCE_AGAIN },
		{ 0, STREAM_TIMEOUT, "dial", true, PATIENCE_AGAIN },
		{ 0, STREAM_TLS, "certificate", false, PATIENCE_OVER },
		{ 0, STREAM_TLS, "certificate", true, PATIENCE_AGAIN },
		{ 0, CALL_CUT, "given up", true, PATIENCE_OVER },
		{ 0, 0, "read ca.pem: no such file", true, PATIENCE_OVER },
		{ 502, 0, "coordinator: its machine is away", false, PATIENCE_AGAIN },
		{ 503, 0, "coordinator: going down", true, PATIENCE_AGAIN },
		{ 504, 0, "coordinator: no answer", true, PATIENCE_AGAIN },
		{ 502, 0, "coordinator: run x: unknown or expired buildlet: gone", true,
		    PATIENCE_GONE },
		{ 500, 0, "buildlet: no", true, PATIENCE_OVER },
		{ 404, 0, "no such exec", true, PATIENCE_OVER },
		{ 401, 0, "who?", true, PATIENCE_OVER },
		{ 422, 0, "not found", false, PATIENCE_OVER },
	};
	size_t	i;

	for (i = 0; i < nitems(cases); i++) {
		err_code(&e, cases[i].code, "%s", cases[i].msg);
		ck_assert_msg(patience_judge(cases[i].status, &e, cases[i].begun) ==
		    cases[i].want, "%d %s", cases[i].status, cases[i].msg);
	}
}
END_TEST

START_TEST(test_why)
{
	err_set(&e, "coordinator: run x: unknown or expired buildlet: instance a-0 "
	    "ended 3s ago: destroyed by a");
	ck_assert_str_eq(patience_gone_why(&e), "instance a-0 ended 3s ago: destroyed by a");
	err_set(&e, "coordinator: run x: unknown or expired buildlet");
	ck_assert_str_eq(patience_gone_why(&e), e.msg);
}
END_TEST

static struct patience	*patience;
static struct loop	*loop;

static void
begin(int64_t give_up_ms)
{
	e = (struct err)ERR_INIT;
	loop = loop_new(&e);
	patience = patience_new(loop, give_up_ms);
}

static int
lost(const char *why)
{
	struct err	w = ERR_INIT;

	err_code(&w, STREAM_REFUSED, "%s", why);
	return patience_wait(patience, &w, &e);
}

static void
finish(void)
{
	patience_free(patience);
	loop_free(loop);
}

/* At once, then with waits; said once, and news of why. */
static void
breaks(void)
{
	begin(100000);
	patience_back(patience);	/* the first answer: nothing is said */
	ck_assert_int_eq(lost("reset"), 0);
	patience_back(patience);
	ck_assert_int_eq(lost("reset"), 0);
	ck_assert_int_eq(lost("refused, last heard 1m3s ago"), 0);
	ck_assert_int_eq(lost("refused, last heard 4s ago"), 0);
	patience_back(patience);
	finish();
}

START_TEST(test_said)
{
	int	 status;
	char	*text = child_stderr(breaks, &status);

	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(text, "# connection lost, waiting...\n"
	    "# connected again\n"
	    "# connection lost, waiting...\n"
	    "# refused, last heard 1m3s ago\n"
	    "# connected again\n");
	free(text);
}
END_TEST

static void
gives_up(void)
{
	int	n = 0;

	begin(500);
	while (lost("nobody there") == 0)
		n++;
	/* There never was anybody: the bare reason. */
	ck_assert_int_ge(n, 1);
	ck_assert_str_eq(e.msg, "nobody there");
	ck_assert_int_eq(e.code, STREAM_REFUSED);
	patience_back(patience);
	while (lost("gone again") == 0)
		;
	ck_assert_int_eq(e.code, CALL_LOST);
	ck_assert_ptr_eq(strstr(e.msg, "gone again (given up after "), e.msg);
	/* A hint stays at the end. */
	patience_back(patience);
	while (lost("x (y) is away (see gomote list)") == 0)
		;
	ck_assert_ptr_eq(strstr(e.msg, "x (y) is away (given up after "), e.msg);
	ck_assert(str_ends(e.msg, "; see gomote list)"));
	finish();
}

START_TEST(test_give_up)
{
	int	 status;
	char	*text = child_stderr(gives_up, &status);

	ck_assert_msg(status == 0, "%s", text);
	free(text);
}
END_TEST

/* Nobody there for long is the end of it; somebody who tells of a machine that is
 * away is not. */
static void
first(void)
{
	struct err	w = ERR_INIT;

	begin(PATIENCE_MS);
	ck_assert_int_eq(lost("nobody there"), 0);
	clock_advance(loop_clock(loop), 40000);
	ck_assert_int_eq(lost("nobody there"), -1);
	finish();
	begin(PATIENCE_MS);
	err_set(&w, "its machine is away");
	ck_assert_int_eq(patience_wait(patience, &w, &e), 0);
	clock_advance(loop_clock(loop), 2 * PATIENCE_MS);
	ck_assert_int_eq(patience_wait(patience, &w, &e), 0);
	clock_advance(loop_clock(loop), PATIENCE_AWAY_MS);
	ck_assert_int_eq(patience_wait(patience, &w, &e), -1);
	ck_assert_str_eq(e.msg, "its machine is away");
	finish();
	begin(40000);			/* the person said how long */
	ck_assert_int_eq(patience_wait(patience, &w, &e), 0);
	clock_advance(loop_clock(loop), 41000);
	ck_assert_int_eq(patience_wait(patience, &w, &e), -1);
	finish();
}

START_TEST(test_first)
{
	int	 status;
	char	*text = child_stderr(first, &status);

	ck_assert_msg(status == 0, "%s", text);
	free(text);
}
END_TEST

static void
on_time(void *arg)
{
	patience_stop(arg);
}

static void
stops(void)
{
	struct timer	*t;

	begin(100000);
	ck_assert_int_eq(lost("x"), 0);
	t = timer_new(loop, on_time, patience);
	timer_set(t, 10);
	while (lost("x") == 0)
		;
	ck_assert_int_eq(e.code, CALL_CUT);
	ck_assert_int_eq(lost("x"), -1);	/* and so does each later one */
	timer_free(t);
	finish();
}

START_TEST(test_stop)
{
	int	 status;
	char	*text = child_stderr(stops, &status);

	ck_assert_msg(status == 0, "%s", text);
	free(text);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("patience");
	TCase	*c = tcase_create("patience");

	tcase_add_test(c, test_judge);
	tcase_add_test(c, test_why);
	tcase_add_test(c, test_said);
	tcase_add_test(c, test_give_up);
	tcase_add_test(c, test_first);
	tcase_add_test(c, test_stop);
	suite_add_tcase(s, c);
	return s;
}
