/* superpool.c - unit tests of buildlet/superpool.h: supervisors that wait. */
#include "unit.h"
#include "lib_io.h"
#include "lib_super.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buildlet/superpool.h"
#include "io/loop.h"

static struct loop	*loop;
static struct superpool	*pool;

static void
setup(void)
{
	sup_setup();
	loop = loop_new(NULL);
	pool = superpool_new(loop);
}

static bool
childless(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static void
teardown(void)
{
	superpool_free(pool);
	WAIT(loop, childless());
	loop_free(loop);
	sup_teardown();
}

/* What the tests of supervisors know, around one from the pool. */
static void
take(struct sup *s)
{
	memset(s, 0, sizeof *s);
	s->input = -1;
	s->job.log_limit = 1 << 20;
	s->job.drain_ms = 200;
	strs_add(&s->env, "PATH=/usr/bin:/bin");
	s->pid = superpool_take(pool, &s->line);
	ck_assert_int_gt(s->pid, 0);
	ck_assert_int_eq(fcntl(s->line, F_GETFD), FD_CLOEXEC);
	ck_assert(fcntl(s->line, F_GETFL) & O_NONBLOCK);
}

static void
release(struct sup *s)
{
	str_release(&s->in);
	strs_release(&s->env);
}

static void
give_back(struct sup *s)
{
	superpool_back(pool, s->pid, s->line);
	release(s);
}

static void
let_go(struct sup *s)
{
	close(s->line);
	superpool_lost(pool, s->pid);
	release(s);
}

START_TEST(taken_back)
{
	struct sup	s;
	pid_t		first = 0;
	int		i;

	for (i = 0; i < 5; i++) {
		take(&s);
		if (i > 0)
			ck_assert_int_eq(s.pid, first);
		first = s.pid;
		sup_shell(&s, "exit 5");
		sup_wait_gone(&s);
		ck_assert_str_eq(s.state, "exit status 5");
		give_back(&s);
	}
}
END_TEST

static int
descriptors(pid_t pid)
{
	char	path[64];
	DIR	*d;
	int	n = -2;		/* . and .. */

	snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Nothing of ours, nothing of each other, nothing of the job before. */
START_TEST(holds_nothing)
{
	struct sup	a, b;
	int		fd = open("/dev/null", O_RDONLY);	/* not close-on-exec */

	take(&a);
	take(&b);
	ck_assert_int_ne(a.pid, b.pid);
	sup_shell(&a, "exit 0");
	sup_shell(&b, "exit 0");
	sup_wait_gone(&a);
	sup_wait_gone(&b);
	/* 0 to 2 and the line; inotify is kept; a pipe and a /dev/null are there for
	 * the next. */
	WAIT(loop, descriptors(a.pid) <= 8);
	WAIT(loop, descriptors(b.pid) <= 8);
	close(b.line);		/* a would hold it open */
	ck_assert(sup_exits(&b));
	release(&b);
	give_back(&a);
	close(fd);
}
END_TEST

static bool
is_supervisor(pid_t pid)
{
	char	path[64], name[32] = "";
	FILE	*f;

	snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	if (fgets(name, sizeof name, f) == NULL)
		name[0] = '\0';
	fclose(f);
	return strcmp(name, "supervisor\n") == 0;
}

/* One is there before anybody asks, and after some are let go. */
START_TEST(ahead)
{
	struct sup	s[8];
	size_t		i;

	WAIT(loop, !childless());
	take(&s[0]);
	WAIT(loop, is_supervisor(s[0].pid));
	for (i = 1; i < 8; i++)
		take(&s[i]);
	for (i = 0; i < 8; i++)	/* more than are kept */
		give_back(&s[i]);
}
END_TEST

/* One that was killed while it waited is no harm. */
START_TEST(dead)
{
	struct sup	s, t;

	take(&s);
	sup_shell(&s, "exit 0");
	sup_wait_gone(&s);
	give_back(&s);
	kill(s.pid, SIGKILL);
	WAIT(loop, !sup_alive(s.pid));
	take(&t);
	ck_assert_int_ne(t.pid, s.pid);
	sup_shell(&t, "exit 6");
	sup_wait_gone(&t);
	ck_assert_str_eq(t.state, "exit status 6");
	let_go(&t);
}
END_TEST

/* A limit of processes, where it binds us. */
START_TEST(confined)
{
	struct sup	s;

	superpool_confine(pool, NULL, 12345);
	take(&s);
	sup_shell(&s, "ulimit -u 2>/dev/null || grep processes /proc/self/limits | grep -o '12345 ' | head -1 | tr -d ' '");
	sup_wait_gone(&s);
	sup_check_text("12345\n");
	let_go(&s);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("superpool");
	TCase	*t = tcase_create("superpool");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, taken_back);
	tcase_add_test(t, holds_nothing);
	tcase_add_test(t, ahead);
	tcase_add_test(t, dead);
	tcase_add_test(t, confined);
	suite_add_tcase(s, t);
	return s;
}
