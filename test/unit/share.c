/* share.c - tasks that several processes do once. */
#include "client/share.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "io/loop.h"
#include "lib_io.h"
#include "unit.h"

static struct loop	*loop;
static char		*where;
static struct share	*share;
static struct str	 told;

static struct share *
join(const char *dir)
{
	char	*mark = share_mark(dir);

	ck_assert(share_is_mark(mark));
	ck_assert(!share_is_mark("GOMOTE_SHAREX=1"));
	ck_assert_int_eq(setenv("GOMOTE_SHARE", strchr(mark, '=') + 1, 1), 0);
	free(mark);
	return share_join();
}

static void
setup(void)
{
	struct err	e = ERR_INIT;

	loop = loop_new(&e);
	ck_assert_msg(loop != NULL, "%s", e.msg);
	where = share_make();
	ck_assert_ptr_nonnull(where);
	share = join(where);
	ck_assert_ptr_nonnull(share);
}

static void
teardown(void)
{
	struct stat	st;
	char		*path = xstrdup(where);

	share_leave(share);
	share_remove(where);
	ck_assert_int_eq(lstat(path, &st), -1);
	free(path);
	str_release(&told);
	loop_free(loop);
}

static struct share_task *
task(const char *name)
{
	return share_task_new(share, loop, name);
}

/* Another process claims it, and tells text when it reads a byte, or ends without
 * one. */
struct other {
	pid_t	pid;
	int	go, is;		/* to say and to hear one byte */
};

static void
other_main(const char *name, const char *text, int go, int is)
{
	struct share_task	*t = task(name);
	char			 c = 'x';

	if (share_try(t, &told) != SHARE_OURS || write(is, &c, 1) != 1)
		_exit(1);
	if (read(go, &c, 1) == 1 && text != NULL)
		share_tell(t, text);
	_exit(0);
}

static void
other_begin(struct other *o, const char *name, const char *text)
{
	int	go[2], is[2];
	char	c;

	ck_assert(pipe(go) == 0 && pipe(is) == 0);
	o->pid = fork();
	ck_assert_int_ne(o->pid, -1);
	if (o->pid == 0) {
		close(go[1]);
		other_main(name, text, go[0], is[1]);
	}
	close(go[0]);
	close(is[1]);
	o->go = go[1];
	o->is = is[0];
	ck_assert_int_eq(read(o->is, &c, 1), 1);
}

static void
other_end(struct other *o)
{
	int	status;

	close(o->go);
	close(o->is);
	ck_assert_int_eq(waitpid(o->pid, &status, 0), o->pid);
}

START_TEST(test_ours)
{
	struct share_task	*t = task("a"), *u;
	char			*text;

	ck_assert_int_eq(share_try(t, &told), SHARE_OURS);
	ck_assert_ptr_null(share_told(where, "a"));
	share_tell(t, "done\n");
	share_task_free(t);
	u = task("a");
	ck_assert_int_eq(share_wait(u, &told), SHARE_TOLD);
	ck_assert_str_eq(str_text(&told), "done\n");
	share_task_free(u);
	text = share_told(where, "a");
	ck_assert_str_eq(text, "done\n");
	free(text);
	t = task("b");		/* each for itself */
	ck_assert_int_eq(share_try(t, &told), SHARE_OURS);
	share_task_free(t);
}
END_TEST

START_TEST(test_theirs)
{
	struct share_task	*t = task("a");
	struct other		 o;

	other_begin(&o, "a", "theirs");
	ck_assert_int_eq(share_try(t, &told), SHARE_OTHERS);
	ck_assert_int_eq(write(o.go, "x", 1), 1);
	ck_assert_int_eq(share_wait(t, &told), SHARE_TOLD);
	ck_assert_str_eq(str_text(&told), "theirs");
	other_end(&o);
	share_task_free(t);
}
END_TEST

/* Killed, or given back: another one takes over. */
START_TEST(test_dies)
{
	struct share_task	*t = task("a");
	struct other		 o;

	other_begin(&o, "a", "never");
	ck_assert_int_eq(share_try(t, &told), SHARE_OTHERS);
	ck_assert_int_eq(kill(o.pid, SIGKILL), 0);
	ck_assert_int_eq(share_wait(t, &told), SHARE_OURS);
	other_end(&o);
	share_task_free(t);
	t = task("a");
	ck_assert_int_eq(share_try(t, &told), SHARE_OURS);
	share_task_free(t);
}
END_TEST

/* It lives, but its loop does not turn: after a while nobody waits for it. */
START_TEST(test_hangs)
{
	struct share_task	*t = task("a");
	struct other		 o;

	other_begin(&o, "a", "late");
	ck_assert_int_eq(share_try(t, &told), SHARE_OTHERS);
	clock_advance(loop_clock(loop), 20000);
	loop_turn(loop, 0);
	ck_assert_int_eq(share_try(t, &told), SHARE_OTHERS);
	clock_advance(loop_clock(loop), 20000);
	loop_turn(loop, 0);
	ck_assert_int_eq(share_wait(t, &told), SHARE_ALONE);
	other_end(&o);
	share_task_free(t);
}
END_TEST

/* A claim of ours stirs while our loop turns. */
START_TEST(test_stirs)
{
	const struct timespec	 old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct share_task	*t = task("a");
	char			*path = xasprintf("%s/a.claim", where);
	struct stat		 st;

	ck_assert_int_eq(share_try(t, &told), SHARE_OURS);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	clock_advance(loop_clock(loop), 1500);
	WAIT(loop, stat(path, &st) == 0 && st.st_mtime > 1);
	share_task_free(t);
	free(path);
}
END_TEST

/* Nobody else's directory, none that others may write in, none that is gone. */
START_TEST(test_not_ours)
{
	struct share	*s;

	ck_assert_ptr_null(share_join());	/* told only once */
	ck_assert_int_eq(chmod(where, 0755), 0);
	ck_assert_ptr_null(join(where));
	ck_assert_int_eq(chmod(where, 0700), 0);
	s = join(where);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_null(getenv("GOMOTE_SHARE"));
	share_leave(s);
	ck_assert_ptr_null(join("relative"));
	ck_assert_ptr_null(join("/dev/null/nonesuch"));
}
END_TEST

/* The directory goes amid: each for itself. */
START_TEST(test_gone)
{
	struct share_task	*t;

	ck_assert_int_eq(rmdir(where), 0);
	t = task("a");
	ck_assert_int_eq(share_try(t, &told), SHARE_ALONE);
	share_tell(t, "to nobody");
	share_task_free(t);
}
END_TEST

/* Who got no claim keeps what came of it: nobody would keep that for others. */
START_TEST(test_alone)
{
	char			*path = xasprintf("%s/a.claim", where);
	struct share_task	*t;

	ck_assert_int_eq(mkdir(path, 0700), 0);	/* nothing to be locked */
	t = task("a");
	ck_assert_int_eq(share_try(t, &told), SHARE_ALONE);
	share_tell(t, "mine alone");
	ck_assert_ptr_null(share_told(where, "a"));
	share_task_free(t);
	free(path);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("share");
	TCase	*t = tcase_create("share");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_ours);
	tcase_add_test(t, test_theirs);
	tcase_add_test(t, test_dies);
	tcase_add_test(t, test_hangs);
	tcase_add_test(t, test_stirs);
	tcase_add_test(t, test_not_ours);
	tcase_add_test(t, test_gone);
	tcase_add_test(t, test_alone);
	suite_add_tcase(s, t);
	return s;
}
