/* cgroup.c - unit tests of io/cgroup.h, where this machine gives us one; and of
 * marks (io/procs.h), which find what is in none. */
#include "unit.h"
#include "lib_dir.h"
#include "lib_io.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "io/cgroup.h"
#include "io/procs.h"

static char	name[64];

static struct cgroup *
open_one(int64_t pids_max)
{
	struct err	 e = ERR_INIT;
	struct cgroup	*c;

	snprintf(name, sizeof name, "gomotetest-%ld", (long)getpid());
	c = cgroup_open(name, pids_max, &e);
	if (c == NULL)
		ck_assert_str_ne(e.msg, "");
	else if (pids_max > 0 && !cgroup_limits(c))
		ck_assert_str_ne(e.msg, "");
	return c;
}

/* A child that forks on and on: out of its session, its parents gone. */
static pid_t
fork_escaping(const struct cgroup *c)
{
	pid_t	pid = fork();
	int	i;

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	cgroup_join(c);
	for (i = 0; i < 4; i++) {
		if (fork() != 0 && i % 2 == 0)
			_exit(0);
		setsid();
	}
	for (;;)
		pause();
}

static bool
wait_empty(const struct cgroup *c)
{
	int64_t	until = wait_now() + WAIT_MS;

	while (!cgroup_empty(c)) {
		if (wait_now() > until || cgroup_kill(c) == -1)
			return false;
		poll(NULL, 0, 5);
	}
	return true;
}

START_TEST(kills)
{
	struct cgroup	*c = open_one(0);
	pid_t		 pid;

	if (c == NULL)
		return;		/* none is to be had here */
	ck_assert(cgroup_empty(c));
	pid = fork_escaping(c);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(!cgroup_empty(c));
	ck_assert(wait_empty(c));
	cgroup_close(c, true);
}
END_TEST

/* It outlives who made it, with what is in it. */
START_TEST(found_again)
{
	struct cgroup	*c = open_one(0);
	pid_t		 pid;

	if (c == NULL)
		return;
	pid = fork_escaping(c);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	cgroup_close(c, true);		/* it is not empty */
	c = open_one(0);
	ck_assert_ptr_nonnull(c);
	ck_assert(!cgroup_empty(c));
	ck_assert(wait_empty(c));
	cgroup_close(c, false);
	/* Whoever comes next removes it. */
	snprintf(name, sizeof name, "gomotetest-%ld-next", (long)getpid());
	c = cgroup_open(name, 0, NULL);
	ck_assert_ptr_nonnull(c);
	cgroup_close(c, true);
}
END_TEST

START_TEST(limited)
{
	struct cgroup	*c = open_one(10);
	int		 status;
	pid_t		 pid;

	if (c == NULL)
		return;
	if (cgroup_limits(c)) {
		pid = fork();
		if (pid == 0) {
			cgroup_join(c);
			for (int i = 0; i < 30; i++) {
				pid = fork();
				if (pid == -1)
					_exit(7);
				if (pid == 0)
					for (;;)
						pause();
			}
			_exit(0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(WEXITSTATUS(status), 7);
		ck_assert(wait_empty(c));
	}
	cgroup_close(c, true);
}
END_TEST

/* ---- marks ---- */

static pid_t	found[8];
static size_t	found_n;

static bool
note(pid_t pid)
{
	if (found_n < sizeof found / sizeof found[0])
		found[found_n] = pid;
	found_n++;
	return true;
}

static pid_t
spawn_marked(const char *mark, size_t ballast)
{
	char	*big = malloc(ballast + 3), var[128];
	char	*argv[] = { "sleep", "99", NULL };
	char	*env[] = { big, var, NULL };
	pid_t	 pid;

	memset(big, 'x', ballast + 2);
	big[1] = '=';
	big[ballast + 2] = '\0';
	snprintf(var, sizeof var, PROCS_MARK "=%s", mark);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		setsid();
		execve("/bin/sleep", argv, env);
		_exit(1);
	}
	free(big);
	return pid;
}

static size_t
look(const char *mark)
{
	found_n = 0;
	return procs_marked(mark, note);
}

START_TEST(marked)
{
	struct dir	d;
	char		mark[PROCS_MARK_MAX], full[PROCS_MARK_MAX + 16], more[PROCS_MARK_MAX + 16];
	int64_t		until = wait_now() + WAIT_MS;
	pid_t		pid[3];

	dir_make(&d);
	procs_mark(d.fd, mark);
	ck_assert_str_ne(mark, "");
	snprintf(full, sizeof full, "%s/one", mark);
	snprintf(more, sizeof more, "%s0/one", mark);	/* another's */
	pid[0] = spawn_marked(full, 0);
	pid[1] = spawn_marked(mark, 100000);
	pid[2] = spawn_marked(more, 0);
	while (look(mark) < 2 || look(more) < 1) {
		ck_assert_int_lt(wait_now(), until);
		poll(NULL, 0, 5);
	}
	ck_assert_uint_eq(look(mark), 2);
	ck_assert_uint_eq(found_n, 2);
	ck_assert((found[0] == pid[0] && found[1] == pid[1]) ||
	    (found[0] == pid[1] && found[1] == pid[0]));
	ck_assert_uint_eq(look(full), 1);
	ck_assert_int_eq(found[0], pid[0]);
	ck_assert_uint_eq(look(""), 0);
	ck_assert_uint_eq(procs_marked(mark, procs_kill), 2);
	ck_assert_int_eq(waitpid(pid[0], NULL, 0), pid[0]);
	ck_assert_int_eq(waitpid(pid[1], NULL, 0), pid[1]);
	ck_assert_uint_eq(look(mark), 0);
	ck_assert_uint_eq(procs_marked(more, procs_kill), 1);
	ck_assert_int_eq(waitpid(pid[2], NULL, 0), pid[2]);
	dir_drop(&d);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("cgroup");
	TCase	*t = tcase_create("cgroup");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, kills);
	tcase_add_test(t, found_again);
	tcase_add_test(t, limited);
	tcase_add_test(t, marked);
	suite_add_tcase(s, t);
	return s;
}
