/*
 * superlife.c - unit tests of buildlet/super.h: killing, what is left behind, lines
 * that break and are made again. How commands end by themselves is in super.c.
 */
#include "unit.h"
#include "lib_super.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "buildlet/execstate.h"
#include "buildlet/super.h"

/* Processes that have gone where they could, each with its number in a file. */
static const char escaping[] =
    "rm -f a b; setsid sh -c 'echo $$ >a; exec sleep 99' & "
    "(setsid sh -c 'echo $$ >b; trap \"\" TERM HUP INT; exec sleep 98' &) & "
    "while [ ! -s a ] || [ ! -s b ]; do sleep 0.01; done; ";

static bool
escaped_alive(void)
{
	return sup_alive(sup_pid_in("a")) && sup_alive(sup_pid_in("b"));
}

static bool
escaped_dead(void)
{
	return !sup_alive(sup_pid_in("a")) && !sup_alive(sup_pid_in("b"));
}

static void
shell_escaping(struct sup *s, const char *then)
{
	char	script[1024];

	snprintf(script, sizeof script, "(%s) >/dev/null 2>&1; %s", escaping, then);
	sup_shell(s, script);
}

static bool
lock_is_held(void)
{
	int	fd = openat(sup_dir.fd, "spec", O_RDONLY);
	bool	held = fd != -1 && flock(fd, LOCK_SH | LOCK_NB) == -1;

	close(fd);
	return held;
}

/* ---- killing ---- */

START_TEST(timeout_term)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.timeout_ms = 3000;	/* the shell is ready by then */
	s.job.grace_ms = 20000;
	sup_shell(&s, "trap 'exit 3' TERM; while :; do sleep 0.01; done");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "exit status 3");
	ck_assert_uint_eq(s.end.why, SUPER_WHY_TIMEOUT);
	sup_free(&s);
}
END_TEST

START_TEST(timeout_kill)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.timeout_ms = 3000;	/* the shell is ready by then */
	s.job.grace_ms = 100;
	shell_escaping(&s, "trap '' TERM; while :; do sleep 0.01; done");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "signal: killed");
	ck_assert_uint_eq(s.end.why, SUPER_WHY_TIMEOUT);
	ck_assert_uint_eq(s.gone_left, 0);
	ck_assert(escaped_dead());
	/* The next has no such limit. */
	s.job.timeout_ms = 0;
	sup_shell(&s, "sleep 0.5");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "ok");
	ck_assert_uint_eq(s.end.why, SUPER_WHY_NONE);
	sup_free(&s);
}
END_TEST

START_TEST(kill_grace)
{
	struct sup	s;

	sup_fork(&s, super_run);
	shell_escaping(&s, "trap 'echo bye; exit 5' TERM; echo ready; while :; do :; done");
	SUP_WAIT(&s, s.log > 0);
	sup_say(&s, SUPER_KILL, 400);
	SUP_WAIT(&s, s.ended);
	ck_assert_str_eq(s.state, "exit status 5");
	ck_assert_uint_eq(s.end.why, SUPER_WHY_KILLED);
	ck_assert_uint_eq(s.end.left, 2);	/* TERM is for the group */
	SUP_WAIT(&s, s.gone);			/* KILL for all */
	ck_assert(escaped_dead());
	sup_check_text("ready\nbye\n");
	sup_free(&s);
}
END_TEST

START_TEST(kill_now)
{
	struct sup	s;

	sup_fork(&s, super_run);
	shell_escaping(&s, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
	SUP_WAIT(&s, s.log > 0);
	ck_assert(escaped_alive());
	sup_say(&s, SUPER_KILL, 0);
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "signal: killed");
	ck_assert(escaped_dead());

	/* A second time does not wait for the grace of the first. */
	sup_shell(&s, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
	SUP_WAIT(&s, s.log > 0);
	sup_say(&s, SUPER_KILL, 3600000);
	sup_say(&s, SUPER_KILL, 3600000);
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "signal: killed");
	sup_free(&s);
}
END_TEST

START_TEST(signalled)
{
	struct sup	s;

	sup_fork(&s, super_run);
	sup_shell(&s, "trap 'exit 6' USR1; echo ready; while :; do sleep 0.01; done");
	SUP_WAIT(&s, s.log > 0);
	sup_say(&s, SUPER_SIGNAL, 0);		/* no signals, so nothing */
	sup_say(&s, SUPER_SIGNAL, 100000);
	sup_say(&s, SUPER_SIGNAL, SIGUSR1);
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "exit status 6");
	ck_assert_uint_eq(s.end.why, SUPER_WHY_NONE);
	sup_free(&s);
}
END_TEST

/* ---- what is left ---- */

START_TEST(left_behind)
{
	struct sup		 s;
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*state, *left;

	sup_fork(&s, super_run);
	shell_escaping(&s, "exit 7");
	SUP_WAIT(&s, s.ended);
	ck_assert_str_eq(s.state, "exit status 7");
	ck_assert_uint_eq(s.end.left, 2);
	ck_assert_ptr_nonnull(strstr(s.left, "sleep"));
	ck_assert_int_eq(execstate_read(sup_dir.fd, &end, &state, &left, &e), 0);
	ck_assert_uint_eq(end.left, 2);
	ck_assert_str_eq(left, s.left);
	free(state);
	free(left);
	ck_assert(escaped_alive() && !s.gone);
	sup_say(&s, SUPER_KILL, 0);
	SUP_WAIT(&s, s.gone);
	ck_assert_uint_eq(s.gone_left, 0);
	ck_assert(escaped_dead());
	sup_free(&s);
}
END_TEST

/* A grandchild holds the pipe: a grace, then the end is told; it lives on, and
 * what it still says is nobody's. */
START_TEST(pipe_held)
{
	struct sup	s;

	sup_fork(&s, super_run);
	sup_shell(&s, "(echo $$ >a; while [ ! -f go ]; do sleep 0.01; done; "
	    "head -c 3000000 /dev/zero; echo >done) & echo out; exit 8");
	SUP_WAIT(&s, s.ended);
	ck_assert_str_eq(s.state, "exit status 8");
	ck_assert_uint_ge(s.end.left, 1);
	ck_assert_ptr_nonnull(strstr(s.left, "sh"));
	ck_assert_int_ge(s.end.ended - s.end.started, s.job.drain_ms);
	dir_write(&sup_dir, "go", "");
	SUP_WAIT(&s, s.gone);
	ck_assert(dir_has(&sup_dir, "done"));	/* it was read */
	sup_check_text("out\n");
	sup_free(&s);
}
END_TEST

/* ---- transient ones ---- */

START_TEST(transient)
{
	struct sup	s;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_TRANSIENT | SUPER_MERGE;
	shell_escaping(&s, "echo x; exit 9");
	SUP_WAIT(&s, s.gone);
	ck_assert_str_eq(s.state, "exit status 9");
	ck_assert(escaped_dead());
	ck_assert(!dir_has(&sup_dir, "state"));
	/* The pipe is held. */
	sup_shell(&s, "sleep 99 & echo $! >a; echo y");
	SUP_WAIT(&s, s.ended);
	ck_assert_str_eq(s.state, "ok");
	ck_assert_uint_eq(s.end.left, 0);
	ck_assert(!sup_alive(sup_pid_in("a")));
	SUP_WAIT(&s, s.gone);
	sup_check_text("y\n");
	/* The line ends. */
	shell_escaping(&s, "echo $$ >c; echo z; exec sleep 99");
	SUP_WAIT(&s, s.log > 0);
	ck_assert(escaped_alive());
	sup_break(&s);
	ck_assert(sup_exits(&s));
	ck_assert(escaped_dead() && !sup_alive(sup_pid_in("c")));
	ck_assert(!dir_has(&sup_dir, "sock") && !dir_has(&sup_dir, "state"));
	sup_free(&s);
}
END_TEST

/* ---- lines ---- */

START_TEST(attached_again)
{
	struct sup	s;
	uint64_t	log;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_STDIN_OPEN;
	sup_shell(&s, "echo one; read x; echo $x; while [ ! -f go ]; do sleep 0.01; done; echo three; exit 4");
	sup_send(&s, SUPER_STDIN, 0, "two\n", 4);
	SUP_WAIT(&s, s.log > 0 && s.got == 4 && s.command != 0);
	ck_assert(lock_is_held());
	ck_assert(!dir_has(&sup_dir, "sock"));
	sup_break(&s);
	s.got = 0;
	sup_attach(&s);
	SUP_WAIT(&s, s.got == 4 && s.command != 0 && s.log > 0);
	log = s.log;
	while (log < 16 + 8) {		/* it may be one record, or two */
		sup_say(&s, SUPER_MORE, log);
		SUP_WAIT(&s, s.log > log);
		log = s.log;
	}
	/* And again, over the live one. */
	sup_attach(&s);
	SUP_WAIT(&s, s.command != 0);
	dir_write(&sup_dir, "go", "");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "exit status 4");
	sup_check_text("one\ntwo\nthree\n");
	ck_assert(sup_exits(&s));
	ck_assert(!dir_has(&sup_dir, "sock"));
	ck_assert(!lock_is_held());
	sup_free(&s);
}
END_TEST

/* Nobody is there when it ends. */
START_TEST(ended_alone)
{
	struct sup		 s;
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*state, *left;

	sup_fork(&s, super_run);
	sup_shell(&s, "echo one; while [ ! -f go ]; do sleep 0.01; done; echo two; exit 4");
	SUP_WAIT(&s, s.log > 0);
	sup_break(&s);
	SUP_WAIT(&s, dir_has(&sup_dir, "sock"));
	dir_write(&sup_dir, "go", "");
	ck_assert(sup_exits(&s));
	ck_assert_int_eq(execstate_read(sup_dir.fd, &end, &state, &left, &e), 0);
	ck_assert_str_eq(state, "exit status 4");
	ck_assert_uint_eq(end.log_end, 2 * (16 + 4));
	free(state);
	free(left);
	sup_check_text("one\ntwo\n");
	ck_assert(!dir_has(&sup_dir, "sock"));
	sup_free(&s);
}
END_TEST

/* It has ended, something is left: whoever attaches is told, and can kill. */
START_TEST(ended_with_some_left)
{
	struct sup	s;

	sup_fork(&s, super_run);
	shell_escaping(&s, "exit 7");
	SUP_WAIT(&s, s.ended);
	sup_break(&s);
	s.ended = false;
	sup_attach(&s);
	SUP_WAIT(&s, s.ended && s.command != 0);
	ck_assert_str_eq(s.state, "exit status 7");
	ck_assert_ptr_nonnull(strstr(s.left, "sleep"));
	ck_assert(escaped_alive());
	sup_say(&s, SUPER_KILL, 0);
	SUP_WAIT(&s, s.gone);
	ck_assert(escaped_dead());
	ck_assert(sup_exits(&s));
	sup_free(&s);
}
END_TEST

/* A guest that does not say who he is gets nothing, and harms nobody. */
START_TEST(bad_guests)
{
	const struct superlink_word	bad[] = {
		{ SUPER_KILL, 0, 0 }, { SUPER_HELLO, 0, SUPERLINK_VERSION + 1 },
		{ SUPER_HELLO, SUPERLINK_PAYLOAD_MAX + 1, SUPERLINK_VERSION },
	};
	struct sup	s;
	size_t		i;
	int		fd, silent;

	sup_fork(&s, super_run);
	sup_shell(&s, "while [ ! -f go ]; do sleep 0.01; done");
	SUP_WAIT(&s, s.command != 0);
	sup_break(&s);
	sup_attach(&s);
	SUP_WAIT(&s, s.command != 0);
	silent = sup_connect();
	for (i = 0; i < nitems(bad); i++) {
		fd = sup_connect();
		ck_assert_int_eq(write(fd, &bad[i], sizeof bad[i]), sizeof bad[i]);
		ck_assert(sup_is_closed(fd));
		close(fd);
	}
	ck_assert(sup_is_closed(silent));	/* for the newer one */
	close(silent);
	ck_assert(!s.broken);
	dir_write(&sup_dir, "go", "");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "ok");
	ck_assert(sup_exits(&s));
	sup_free(&s);
}
END_TEST

/* Nonsense on the line: it is closed, the command goes on. */
START_TEST(bad_words)
{
	const struct superlink_word	bad[] = {
		{ 9999, 0, 0 }, { 0, 0, 0 }, { SUPER_ENDED, 0, 0 },
		{ SUPER_JOB, 0, SUPERLINK_VERSION },
		{ SUPER_STDIN, SUPERLINK_PAYLOAD_MAX + 1, 0 },
		{ SUPER_HELLO, 0, SUPERLINK_VERSION + 1 },
	};
	struct sup	s;
	size_t		i;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_STDIN_OPEN;
	sup_shell(&s, "while [ ! -f go ]; do sleep 0.01; done; exit 3");
	for (i = 0; i < nitems(bad); i++) {
		SUP_WAIT(&s, s.command != 0);
		ck_assert_int_eq(write(s.line, &bad[i], sizeof bad[i]), sizeof bad[i]);
		SUP_WAIT(&s, s.broken);
		sup_attach(&s);
	}
	SUP_WAIT(&s, s.command != 0);
	dir_write(&sup_dir, "go", "");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "exit status 3");
	sup_free(&s);
}
END_TEST

/* More than the credit. */
START_TEST(too_much_stdin)
{
	char		*block = calloc(1, SUPER_STDIN_WINDOW);
	struct sup	 s;

	sup_fork(&s, super_run);
	s.job.flags = SUPER_STDIN_OPEN;
	sup_shell(&s, "sleep 99");
	SUP_WAIT(&s, s.command != 0);
	sup_send(&s, SUPER_STDIN, 0, block, SUPER_STDIN_WINDOW);
	sup_send(&s, SUPER_STDIN, 0, block, SUPER_STDIN_WINDOW);
	SUP_WAIT(&s, s.broken);
	sup_attach(&s);
	SUP_WAIT(&s, s.command != 0);
	sup_say(&s, SUPER_KILL, 0);
	sup_wait_gone(&s);
	free(block);
	sup_free(&s);
}
END_TEST

/* ---- between jobs ---- */

START_TEST(idle)
{
	struct sup	s;

	sup_fork(&s, super_run);
	sup_break(&s);
	ck_assert(sup_exits(&s));
	sup_free(&s);

	/* What was meant for the one before does not matter to the next. */
	sup_fork(&s, super_run);
	sup_shell(&s, "exit 1");
	sup_wait_gone(&s);
	sup_say(&s, SUPER_READ, 5);
	sup_say(&s, SUPER_KILL, 0);
	sup_send(&s, SUPER_STDIN, 0, "x", 1);
	sup_shell(&s, "exit 2");
	sup_wait_gone(&s);
	ck_assert_str_eq(s.state, "exit status 2");
	ck_assert_uint_eq(s.end.why, SUPER_WHY_NONE);
	sup_say(&s, (enum superlink_what)77, 0);
	ck_assert(sup_exits(&s));
	sup_free(&s);
}
END_TEST

START_TEST(no_job)
{
	struct super_job	job = { .argc = 1 };
	char			text[sizeof job + 16] = "";
	struct sup		s;
	size_t			len;

	for (len = 0; len < sizeof text; len += 3) {
		sup_fork(&s, super_run);
		memcpy(text, &job, sizeof job);
		job.argc = (uint32_t)len * 1000000;
		sup_send(&s, SUPER_JOB, SUPERLINK_VERSION, text, len);
		ck_assert(sup_exits(&s));
		sup_free(&s);
	}
}
END_TEST

/* ---- accidents ---- */

START_TEST(supervisor_killed)
{
	struct sup	s;

	sup_fork(&s, super_run);
	sup_shell(&s, "echo $$ >a; echo x; exec sleep 99");
	SUP_WAIT(&s, s.log > 0);
	ck_assert(lock_is_held());
	kill(s.pid, SIGKILL);
	SUP_WAIT(&s, s.broken);
	SUP_WAIT(&s, (poll(NULL, 0, 5), !sup_alive(sup_pid_in("a"))));
	ck_assert(sup_exits(&s));
	ck_assert(!lock_is_held());
	ck_assert(!dir_has(&sup_dir, "state"));
	sup_check_text("x\n");
	sup_free(&s);
}
END_TEST

/* Its directory goes: it finds no place to listen, or none for the log. */
static void
check_removed(struct sup *s, struct dir *outer, bool line_breaks)
{
	struct err	e = ERR_INIT;
	pid_t		pid;

	ck_assert_int_eq(mkdirat(outer->fd, "exec", 0700), 0);
	sup_dir.fd = openat(outer->fd, "exec", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sup_fork(s, super_run);
	s->where = outer->path;
	sup_shell(s, "while [ ! -f go ]; do sleep 0.01; done; echo lost; exec sleep 99");
	SUP_WAIT(s, s->command != 0);
	pid = s->command;
	ck_assert_int_eq(tree_remove(outer->fd, "exec", &e), 0);
	if (line_breaks) {
		sup_break(s);
		ck_assert(sup_exits(s));
	} else {
		dir_write(outer, "go", "");
		sup_wait_gone(s);
		ck_assert_str_eq(s->state, "signal: killed");
	}
	ck_assert(!sup_alive(pid));
	close(sup_dir.fd);
	sup_free(s);
}

START_TEST(directory_removed)
{
	struct dir	outer = sup_dir;
	struct sup	s;

	check_removed(&s, &outer, true);
	check_removed(&s, &outer, false);
	sup_dir = outer;
}
END_TEST

/* Longer than the path of a socket may be. */
START_TEST(long_path)
{
	struct dir	outer = sup_dir;
	struct sup	s;
	struct stat	st;
	char		name[200];
	int		fd = sup_dir.fd, next, i;

	memset(name, 'd', sizeof name);
	name[sizeof name - 1] = '\0';
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd != outer.fd)
			close(fd);
		fd = next;
	}
	sup_dir.fd = fd;
	sup_fork(&s, super_run);
	s.where = outer.path;
	sup_shell(&s, "while [ ! -f go ]; do sleep 0.01; done; exit 3");
	SUP_WAIT(&s, s.command != 0);
	sup_break(&s);
	SUP_WAIT(&s, fstatat(fd, "sock", &st, 0) == 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0077, 0);
	dir_write(&outer, "go", "");
	ck_assert(sup_exits(&s));
	ck_assert(dir_has(&sup_dir, "state"));
	close(fd);
	sup_free(&s);
	sup_dir = outer;
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("superlife");
	TCase	*t = tcase_create("superlife");

	tcase_add_checked_fixture(t, sup_setup, sup_teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, timeout_term);
	tcase_add_test(t, timeout_kill);
	tcase_add_test(t, kill_grace);
	tcase_add_test(t, kill_now);
	tcase_add_test(t, signalled);
	tcase_add_test(t, left_behind);
	tcase_add_test(t, pipe_held);
	tcase_add_test(t, transient);
	tcase_add_test(t, attached_again);
	tcase_add_test(t, ended_alone);
	tcase_add_test(t, ended_with_some_left);
	tcase_add_test(t, bad_guests);
	tcase_add_test(t, bad_words);
	tcase_add_test(t, too_much_stdin);
	tcase_add_test(t, idle);
	tcase_add_test(t, no_job);
	tcase_add_test(t, supervisor_killed);
	tcase_add_test(t, directory_removed);
	tcase_add_test(t, long_path);
	suite_add_tcase(s, t);
	return s;
}
