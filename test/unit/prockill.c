/*
 * prockill.c - unit tests of io/proc.h: trees that are killed whole, keepers
 * and parents that die, procs that are let go.
 */
#include "unit.h"
#include "lib_proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- killing ---- */

START_TEST(signal_group)
{
	struct run	r;

	run_start(&r, "trap 'echo caught; exit 3' TERM; sh -c 'echo $$ >pid; exec sleep 99' & echo ready; wait");
	WAIT(run_loop, buf_len(r.out.got) > 0 && run_pid_in("pid") != 0);
	proc_signal(r.p, SIGTERM);
	WAIT(run_loop, r.ends > 0);
	ck_assert_str_eq(run_end_text(&r), "exit status 3");
	WAIT(run_loop, !run_alive(run_pid_in("pid")));
	run_finish(&r);
	ck_assert_int_eq(r.gone, 1);
}
END_TEST

/* The command is gone, its group is not: a signal still finds it. */
START_TEST(signal_after_end)
{
	struct run	r;

	run_start(&r, "sh -c 'trap \"echo >trapped; exit\" USR1; echo $$ >pid; while :; do sleep 0.05; done' & exit 0");
	WAIT(run_loop, r.ends > 0 && run_pid_in("pid") != 0);
	ck_assert(run_alive(run_pid_in("pid")));
	proc_signal(r.p, SIGUSR1);
	WAIT(run_loop, dir_has(&run_dir, "trapped"));
	WAIT(run_loop, !run_alive(run_pid_in("pid")));
	run_finish(&r);
}
END_TEST

START_TEST(kill_plain)
{
	struct run	r;

	run_start(&r, "echo x; exec sleep 99");
	WAIT(run_loop, buf_len(r.out.got) > 0);
	proc_kill(r.p, run_on_gone, &r);
	ck_assert_int_eq(r.gone, 0);
	WAIT(run_loop, r.gone > 0 && r.out.eofs > 0);
	ck_assert_int_eq(r.ends, 1);
	ck_assert_str_eq(run_end_text(&r), "signal: killed");
	run_finish(&r);	/* kills again, is told again */
	ck_assert_int_eq(r.gone, 2);
}
END_TEST

static const char escaping[] =
    "setsid sh -c 'echo $$ >a; exec sleep 99' & "
    "(setsid sh -c 'echo $$ >b; (echo >c; trap \"\" TERM HUP INT; exec sleep 99) & wait' &) & "
    "(nohup sh -c 'sh -c \"echo \\$\\$ >d; exec sleep 99\" &' >/dev/null 2>&1 &) ; "
    "while [ ! -s a ] || [ ! -s b ] || [ ! -s d ]; do sleep 0.01; done; ";

static void
check_all_dead(void)
{
	ck_assert(!run_alive(run_pid_in("a")));
	ck_assert(!run_alive(run_pid_in("b")));
	ck_assert(!run_alive(run_pid_in("d")));
}

START_TEST(kill_escaped)
{
	struct run	r;
	char		script[1024];

	snprintf(script, sizeof script, "%s echo ready; exec sleep 99", escaping);
	run_start(&r, script);
	WAIT(run_loop, buf_len(r.out.got) > 0);
	ck_assert(run_alive(run_pid_in("a")) && run_alive(run_pid_in("b")) && run_alive(run_pid_in("d")));
	proc_kill(r.p, run_on_gone, &r);
	WAIT(run_loop, r.gone > 0);
	check_all_dead();
	run_finish(&r);
}
END_TEST

/* The command ended in peace, its daemons live on until they are killed. */
START_TEST(daemons_live_on)
{
	struct run	r;
	char		script[1024];

	snprintf(script, sizeof script, "%s exit 7", escaping);
	run_start(&r, script);
	WAIT(run_loop, r.ends > 0);
	ck_assert_str_eq(run_end_text(&r), "exit status 7");
	loop_turn(run_loop, 50);
	ck_assert(run_alive(run_pid_in("a")) && run_alive(run_pid_in("b")) && run_alive(run_pid_in("d")));
	ck_assert_int_eq(r.out.eofs, 0);	/* they hold the pipe */
	proc_kill(r.p, run_on_gone, &r);
	WAIT(run_loop, r.gone > 0 && r.out.eofs > 0);
	check_all_dead();
	run_finish(&r);
}
END_TEST

/* A process that always is another one: each forks the next, in a session of
 * its own, and exits. */
START_TEST(kill_hopper)
{
	struct run	r;

	dir_write(&run_dir, "hop.sh", "echo x >>hops\nsetsid sh hop.sh &\n");
	run_start(&r, "sh hop.sh; while [ $(wc -l <hops) -lt 5 ]; do :; done; echo ready; exec sleep 99");
	WAIT(run_loop, buf_len(r.out.got) > 0);
	proc_kill(r.p, run_on_gone, &r);
	WAIT(run_loop, r.gone > 0);
	unlinkat(run_dir.fd, "hops", 0);
	for (int i = 0; i < 10; i++)
		loop_turn(run_loop, 10);
	ck_assert(!dir_has(&run_dir, "hops"));
	run_finish(&r);
}
END_TEST

/* Many that multiply; a limit keeps the machine alive should this fail. */
START_TEST(kill_bomb)
{
	struct run	r;

	dir_write(&run_dir, "bomb.sh", "echo x >>born\n[ $(wc -l <born) -gt 300 ] && exec sleep 99\n"
	    "setsid sh bomb.sh & setsid sh bomb.sh & wait\n");
	run_start(&r, "setsid sh bomb.sh & while [ ! -s born ] || [ $(wc -l <born) -lt 20 ]; do :; done; echo ready; exec sleep 99");
	WAIT(run_loop, buf_len(r.out.got) > 0);
	proc_kill(r.p, run_on_gone, &r);
	WAIT(run_loop, r.gone > 0);
	unlinkat(run_dir.fd, "born", 0);
	for (int i = 0; i < 10; i++)
		loop_turn(run_loop, 10);
	ck_assert(!dir_has(&run_dir, "born"));
	run_finish(&r);
}
END_TEST

START_TEST(free_kills)
{
	struct run	r;

	run_start(&r, "echo $$ >pid; echo x; exec sleep 99");
	WAIT(run_loop, buf_len(r.out.got) > 0);
	proc_free(r.p);
	WAIT(run_loop, !run_alive(run_pid_in("pid")));
	WAIT(run_loop, run_childless());
	loop_turn(run_loop, 0);
	ck_assert_int_eq(r.ends, 0);
	buf_free(r.out.got);
}
END_TEST

START_TEST(free_at_end)
{
	struct run	r;

	run_start(&r, "exit 4");
	r.free_at_end = true;
	WAIT(run_loop, r.ends > 0);
	WAIT(run_loop, run_childless());
	loop_turn(run_loop, 0);
	ck_assert_str_eq(run_end_text(&r), "exit status 4");
	buf_free(r.out.got);
	proc_free(NULL);
}
END_TEST

/* Freed before a single turn of the loop. */
START_TEST(free_at_once)
{
	struct run	r;

	run_start(&r, "sleep 99");
	proc_free(r.p);
	WAIT(run_loop, run_childless());
	loop_turn(run_loop, 0);
	ck_assert_int_eq(r.ends, 0);
	buf_free(r.out.got);
}
END_TEST

/* ---- deaths that nobody planned ---- */

static pid_t
parent_of(pid_t pid)
{
	char	path[64], line[256];
	long	ppid = 0;
	FILE	*f;

	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "PPid:", 5) == 0)
			ppid = strtol(line + 5, NULL, 10);
	fclose(f);
	return (pid_t)ppid;
}

START_TEST(keeper_killed)
{
	struct run	r;
	pid_t		pid;

	run_start(&r, "echo x; exec sleep 99");
	WAIT(run_loop, buf_len(r.out.got) > 0 && proc_pid(r.p) != 0);
	pid = proc_pid(r.p);
	ck_assert_int_eq(kill(parent_of(pid), SIGKILL), 0);
	WAIT(run_loop, r.ends > 0 && r.out.eofs > 0);
	ck_assert_int_eq(r.end.phase, PROC_SIGNALED);
	ck_assert_str_eq(run_end_text(&r), "signal: killed");
	ck_assert_str_eq(r.end.why, "the command's keeper died");
	WAIT(run_loop, !run_alive(pid));
	run_finish(&r);
}
END_TEST

/* A keeper has a session of its own, so that what a terminal sends to us does
 * not end it; and nothing but SIGKILL does. */
START_TEST(keeper_is_deaf)
{
	struct run	r;
	pid_t		keeper;

	run_start(&r, "echo x; exec sleep 99");
	WAIT(run_loop, buf_len(r.out.got) > 0 && proc_pid(r.p) != 0);
	keeper = parent_of(proc_pid(r.p));
	ck_assert_int_eq(getsid(keeper), keeper);
	kill(keeper, SIGTERM);
	kill(keeper, SIGINT);
	kill(keeper, SIGHUP);
	kill(keeper, SIGPIPE);
	loop_turn(run_loop, 50);
	ck_assert_int_eq(r.ends, 0);
	ck_assert(run_alive(proc_pid(r.p)));
	run_finish(&r);
}
END_TEST

static void
spawn_and_hang(const char *script)
{
	struct run	r;

	run_loop = loop_new(NULL);
	run_start(&r, script);
	for (;;)
		loop_turn(run_loop, 1000);
}

START_TEST(parent_killed)
{
	char	script[1024];
	pid_t	us;

	/* Orphans come to us, so that their end can be waited for. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	snprintf(script, sizeof script, "%s echo $$ >main; exec sleep 99", escaping);
	us = fork();
	ck_assert_int_ne(us, -1);
	if (us == 0)
		spawn_and_hang(script);
	WAIT(run_loop, run_pid_in("main") != 0);
	ck_assert(run_alive(run_pid_in("main")) && run_alive(run_pid_in("a")) && run_alive(run_pid_in("b")));
	kill(us, SIGKILL);
	WAIT(run_loop, run_childless());
	ck_assert(!run_alive(run_pid_in("main")));
	check_all_dead();
}
END_TEST

/* Two at once: neither keeper holds a pipe or the line of the other. */
START_TEST(strangers)
{
	struct run	a, b;

	run_start(&a, "echo x; exec sleep 99");
	run_start(&b, "exit 5");
	WAIT(run_loop, b.ends > 0 && b.out.eofs > 0 && buf_len(a.out.got) > 0);
	proc_free(b.p);
	buf_free(b.out.got);
	run_start(&b, "exec sleep 99");
	proc_kill(a.p, run_on_gone, &a);
	WAIT(run_loop, a.gone > 0 && a.out.eofs > 0);
	ck_assert_int_eq(b.ends, 0);
	proc_free(a.p);
	buf_free(a.out.got);
	run_finish(&b);
}
END_TEST

static bool
all_ended(const struct run *r, size_t n)
{
	while (n > 0 && r[n - 1].ends > 0)
		n--;
	return n == 0;
}

START_TEST(many)
{
	struct run	r[40];
	size_t		i;

	for (i = 0; i < nitems(r); i++)
		run_start(&r[i], "exit 9");
	WAIT(run_loop, all_ended(r, nitems(r)));
	for (i = 0; i < nitems(r); i++) {
		ck_assert_str_eq(run_end_text(&r[i]), "exit status 9");
		proc_free(r[i].p);
		buf_free(r[i].out.got);
	}
	WAIT(run_loop, run_childless());
	loop_turn(run_loop, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("prockill");
	TCase	*t = tcase_create("prockill");

	tcase_add_checked_fixture(t, run_setup, run_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, signal_group);
	tcase_add_test(t, signal_after_end);
	tcase_add_test(t, kill_plain);
	tcase_add_test(t, kill_escaped);
	tcase_add_test(t, daemons_live_on);
	tcase_add_test(t, kill_hopper);
	tcase_add_test(t, kill_bomb);
	tcase_add_test(t, free_kills);
	tcase_add_test(t, free_at_end);
	tcase_add_test(t, free_at_once);
	tcase_add_test(t, keeper_killed);
	tcase_add_test(t, keeper_is_deaf);
	tcase_add_test(t, parent_killed);
	tcase_add_test(t, strangers);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return s;
}
