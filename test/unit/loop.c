/* loop.c - unit tests of io/loop.h: order, timers and the moved clock, ends. */
#include "unit.h"
#include "lib_io.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/loop.h"

static struct loop *l;
static char	 told[64];
static char	 tag_a[] = "a", tag_b[] = "b", tag_c[] = "c", tag_n[] = "n";

static void
setup(void)
{
	l = loop_new(NULL);
	ck_assert_ptr_nonnull(l);
	told[0] = '\0';
}

static void
teardown(void)
{
	loop_free(l);
}

static void
tell(void *arg)
{
	const char	*what = arg;
	size_t		 n = strlen(told);

	if (n + 1 < sizeof told) {
		told[n] = *what;
		told[n + 1] = '\0';
	}
}

static void
tell_and_defer(void *arg)
{
	tell(arg);
	loop_defer(l, tell, tag_n);
}

START_TEST(deferred_in_order)
{
	loop_defer(l, tell, tag_a);
	loop_defer(l, tell_and_defer, tag_b);
	loop_defer(l, tell, tag_c);
	ck_assert_str_eq(told, "");	/* not inside the call */
	loop_turn(l, 0);
	ck_assert_str_eq(told, "abcn");	/* all in one turn */
}
END_TEST

static void
tell_and_after(void *arg)
{
	tell(arg);
	loop_after(l, tell, tag_n);
}

/* Behind what was deferred later, and what that defers; but in the same turn. */
START_TEST(after_all_that_is_deferred)
{
	loop_after(l, tell_and_after, tag_a);
	loop_defer(l, tell_and_defer, tag_b);
	loop_defer(l, tell, tag_c);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "bcnan");
	loop_after(l, tell, tag_a);
	loop_free(l);			/* at the latest */
	l = loop_new(NULL);
	ck_assert_str_eq(told, "bcnana");
}
END_TEST

START_TEST(undefer_drops_all_of_one)
{
	loop_defer(l, tell, tag_a);
	loop_defer(l, tell, tag_b);
	loop_defer(l, tell, tag_a);
	loop_undefer(l, tell, tag_a);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "b");
}
END_TEST

static int again_left;

static void
again(void *arg)
{
	if (--again_left > 0)
		loop_defer(l, again, arg);
}

static void
on_byte(void *arg)
{
	char c;

	ck_assert_int_eq(read(*(int *)arg, &c, 1), 1);
	ck_assert_int_gt(again_left, 0);
	again_left = 0;
}

START_TEST(deferring_for_ever_starves_nobody)
{
	int		 p[2];
	struct watch	*w;

	ck_assert_int_eq(pipe(p), 0);
	w = watch_readable(l, p[0], on_byte, &p[0]);
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	again_left = 1000000;
	loop_defer(l, again, NULL);
	WAIT(l, again_left <= 0);
	watch_free(w);
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(timers_in_order_of_time)
{
	struct timer	*a = timer_new(l, tell, tag_a), *b, *c;

	b = timer_new(l, tell, tag_b);
	c = timer_new(l, tell, tag_c);
	timer_set(a, 30);
	timer_set(b, 10);
	timer_set(c, 20);
	ck_assert(timer_armed(b));
	WAIT(l, strlen(told) == 3);
	ck_assert_str_eq(told, "bca");
	ck_assert(!timer_armed(b));
	timer_set(a, 1);
	timer_stop(a);
	timer_set(b, 5);
	timer_set(b, 1);		/* replaces */
	WAIT(l, strlen(told) == 4);
	loop_turn(l, 20);
	ck_assert_str_eq(told, "bcab");
	timer_free(a);
	timer_free(b);
	timer_free(c);
	timer_free(NULL);
}
END_TEST

START_TEST(clock_moves_timers)
{
	struct timer	*a = timer_new(l, tell, tag_a);
	int64_t		 before = loop_now(l);

	timer_set(a, 3600 * 1000);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "");
	clock_advance(loop_clock(l), 3600 * 1000);
	ck_assert_int_ge(loop_now(l), before + 3600 * 1000);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "a");
	timer_free(a);
}
END_TEST

START_TEST(coarse_timers_are_late_by_little)
{
	struct timer	*a = timer_new(l, tell, tag_a), *b = timer_new(l, tell, tag_b);

	timer_set_coarse(a, 60 * 1000);
	timer_set_coarse(b, 60 * 1000 + 20 * 1000);
	clock_advance(loop_clock(l), 59 * 1000);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "");
	clock_advance(loop_clock(l), 1250);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "a");
	clock_advance(loop_clock(l), 20 * 1000);
	loop_turn(l, 0);
	ck_assert_str_eq(told, "ab");
	timer_free(a);
	timer_free(b);
}
END_TEST

static struct timer *suicide;

static void
free_itself(void *arg)
{
	tell(arg);
	timer_free(suicide);
	suicide = NULL;
}

START_TEST(timer_freed_in_its_callback)
{
	suicide = timer_new(l, free_itself, tag_a);
	timer_set(suicide, 0);
	WAIT(l, suicide == NULL);
	suicide = loop_every(l, 1, free_itself, tag_b);
	WAIT(l, suicide == NULL);
	loop_turn(l, 5);
	ck_assert_str_eq(told, "ab");
}
END_TEST

START_TEST(every_goes_on)
{
	struct timer *t = loop_every(l, 2, tell, tag_a);

	WAIT(l, strlen(told) >= 3);
	timer_free(t);
}
END_TEST

#define MANY 500

static struct timer	*many[MANY];
static int64_t		 due[MANY], last_due;
static int		 fired;

static void
in_order(void *arg)
{
	int64_t *at = arg;

	ck_assert_int_ge(*at, last_due);
	last_due = *at;
	fired++;
}

START_TEST(many_timers)
{
	unsigned	x = 12345;
	int		i, armed = 0;

	last_due = fired = 0;
	for (i = 0; i < MANY; i++) {
		x = x * 1103515245 + 12345;
		/* So far apart that the time between two settings is nothing. */
		due[i] = (1 + x / 65536 % 500) * 60000;
		many[i] = timer_new(l, in_order, &due[i]);
		timer_set(many[i], due[i]);
	}
	for (i = 0; i < MANY; i += 3)
		timer_stop(many[i]);
	for (i = 0; i < MANY; i++)
		armed += timer_armed(many[i]);
	clock_advance(loop_clock(l), 501 * 60000);
	WAIT(l, fired == armed);
	for (i = 0; i < MANY; i++)
		timer_free(many[i]);
}
END_TEST

START_TEST(run_ends_when_nothing_can_happen)
{
	struct timer *t = timer_new(l, tell, tag_a);

	loop_run(l);			/* at once */
	timer_set(t, 5);
	loop_defer(l, tell, tag_b);
	loop_run(l);			/* after the timer */
	ck_assert_str_eq(told, "ba");
	timer_free(t);
}
END_TEST

START_TEST(idle_stream_keeps_run_alive_until_closed)
{
	struct rec	r;
	int		p[2];

	ck_assert_int_eq(pipe(p), 0);
	rec_init(&r, stream_from_fd(l, p[0], -1, "pipe"));
	stream_timeout(r.s, 3600 * 1000, 0);
	r.close_on_eof = true;
	close(p[1]);
	loop_run(l);			/* the sweep alone does not hold it */
	ck_assert_str_eq(r.order, "oe");
	r.s = NULL;
	rec_release(&r);
}
END_TEST

static void
stop(void *arg)
{
	tell(arg);
	loop_stop(l);
}

START_TEST(stop_ends_run)
{
	struct timer *forever = loop_every(l, 3600 * 1000, tell, tag_a);

	loop_defer(l, stop, tag_b);
	loop_run(l);
	ck_assert_str_eq(told, "b");
	timer_free(forever);
}
END_TEST

START_TEST(signals)
{
	loop_signal(l, SIGUSR1, stop, tag_a);
	ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
	loop_run(l);
	ck_assert_str_eq(told, "a");
}
END_TEST

static void
on_usr1(int signo)
{
	(void)signo;
}

/* Let go it means what it meant before, and can be caught anew. */
START_TEST(signals_let_go)
{
	struct sigaction	before = { .sa_handler = on_usr1 }, now;

	ck_assert_int_eq(sigaction(SIGUSR1, &before, NULL), 0);
	loop_signal(l, SIGUSR1, stop, tag_a);
	loop_unsignal(l, SIGUSR1);
	loop_unsignal(l, SIGUSR1);
	ck_assert_int_eq(sigaction(SIGUSR1, NULL, &now), 0);
	ck_assert(now.sa_handler == on_usr1);
	loop_signal(l, SIGUSR1, stop, tag_b);
	ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
	loop_run(l);
	ck_assert_str_eq(told, "b");
}
END_TEST

START_TEST(pipe_signal_is_ignored)
{
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	close(p[0]);
	ck_assert_int_eq(write(p[1], "x", 1), -1);
	close(p[1]);
}
END_TEST

START_TEST(no_descriptors)
{
	struct rlimit	old, low;
	struct err	e = ERR_INIT;
	int		top;

	ck_assert_int_ne(top = dup(0), -1);
	close(top);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)top + 2;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	ck_assert_ptr_null(loop_new(&e));
	ck_assert_ptr_nonnull(strstr(e.msg, "make the event loop: Too many"));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
}
END_TEST

START_TEST(turn_is_limited)
{
	struct timer	*t = timer_new(l, tell, tag_a);
	int64_t		 t0 = wait_now();

	timer_set(t, 3600 * 1000);
	loop_turn(l, 30);
	ck_assert_int_lt(wait_now() - t0, 5000);
	ck_assert_int_ge(wait_now() - t0, 20);
	timer_free(t);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("loop");
	TCase	*t = tcase_create("loop");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, deferred_in_order);
	tcase_add_test(t, after_all_that_is_deferred);
	tcase_add_test(t, undefer_drops_all_of_one);
	tcase_add_test(t, deferring_for_ever_starves_nobody);
	tcase_add_test(t, timers_in_order_of_time);
	tcase_add_test(t, clock_moves_timers);
	tcase_add_test(t, coarse_timers_are_late_by_little);
	tcase_add_test(t, timer_freed_in_its_callback);
	tcase_add_test(t, every_goes_on);
	tcase_add_test(t, many_timers);
	tcase_add_test(t, run_ends_when_nothing_can_happen);
	tcase_add_test(t, idle_stream_keeps_run_alive_until_closed);
	tcase_add_test(t, stop_ends_run);
	tcase_add_test(t, signals);
	tcase_add_test(t, signals_let_go);
	tcase_add_test(t, pipe_signal_is_ignored);
	tcase_add_test(t, no_descriptors);
	tcase_add_test(t, turn_is_limited);
	suite_add_tcase(s, t);
	return s;
}
