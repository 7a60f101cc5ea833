/*
 * helper.c - unit tests of io/helper.h. The roles run in this same program:
 * a constructor looks at argv before Check's main() does.
 */
#include "unit.h"
#include "lib_dir.h"
#include "lib_io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "io/helper.h"
#include "io/ring.h"

/* ---- roles ---- */

static int
role_cat(int argc, char **argv)
{
	char	buf[65536];
	ssize_t	n;

	(void)argc;
	(void)argv;
	while ((n = read(0, buf, sizeof buf)) > 0)
		if (file_write_all(1, buf, (size_t)n) == -1)
			return HELPER_FAILED;
	return HELPER_OK;
}

static int
role_ringcat(int argc, char **argv)
{
	struct err	 e = ERR_INIT;
	struct ring	*in = ring_join(0, &e);
	const void	*p;
	ssize_t		 n = -1;

	(void)argc;
	(void)argv;
	while (in != NULL && (n = ring_next(in, &p)) > 0) {
		if (file_write_all(1, p, (size_t)n) == -1)
			return HELPER_FAILED;
		ring_took(in, (size_t)n);
	}
	ring_leave(in);
	return n == 0 ? HELPER_OK : HELPER_FAILED;
}

/* "say STATUS TEXT...": each text a line on stderr. */
static int
role_say(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		fprintf(stderr, "%s\n", argv[i]);
	return (int)strtol(argv[1], NULL, 10);
}

static int
role_args(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	printf(" pgid %s", getpgid(0) == getpid() ? "own" : "foreign");
	return HELPER_OK;
}

static int
role_hang(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	dprintf(1, "%ld\n", (long)getpid());
	while (pause() == -1)
		continue;
	return HELPER_FAILED;
}

static int
role_crash(int argc, char **argv)
{
	const struct rlimit	none = { 0, 0 };

	(void)argc;
	(void)argv;
	setrlimit(RLIMIT_CORE, &none);
	fprintf(stderr, "about to\n");
	raise(SIGKILL);
	return HELPER_OK;
}

static int
role_spew(int argc, char **argv)
{
	size_t		len = (size_t)strtol(argv[1], NULL, 10);
	static char	zeros[65536];

	(void)argc;
	for (size_t n; len > 0; len -= n) {
		n = len < sizeof zeros ? len : sizeof zeros;
		if (file_write_all(1, zeros, n) == -1)
			return HELPER_FAILED;
	}
	return HELPER_OK;
}

/* Endless stderr with no newline, then a last line. */
static int
role_babble(int argc, char **argv)
{
	static char	a[65536];

	(void)argc;
	(void)argv;
	memset(a, 'a', sizeof a);
	for (int i = 0; i < 64; i++)
		if (file_write_all(2, a, sizeof a) == -1)
			return HELPER_FAILED;
	return HELPER_BAD;
}

/* Starts a process that holds neither pipe, says its number, and hangs. */
static int
role_parent(int argc, char **argv)
{
	pid_t	child = fork();

	(void)argc;
	(void)argv;
	if (child == 0) {
		close(0);
		close(1);
		close(2);
		for (;;)
			pause();
	}
	dprintf(1, "%ld\n", (long)child);
	while (pause() == -1)
		continue;
	return HELPER_FAILED;
}

static int
role_fd(int argc, char **argv)
{
	int	open_ones = 0;

	(void)argc;
	(void)argv;
	for (int fd = 3; fd < 256; fd++)
		open_ones += fcntl(fd, F_GETFD) != -1;
	return open_ones == 0 ? HELPER_OK : HELPER_FAILED;
}

static const struct helper_role roles[] = {
	{ "cat", role_cat },
	{ "ringcat", role_ringcat },
	{ "say", role_say },
	{ "args", role_args },
	{ "hang", role_hang },
	{ "crash", role_crash },
	{ "spew", role_spew },
	{ "babble", role_babble },
	{ "parent", role_parent },
	{ "fd", role_fd },
	{ NULL, NULL },
};

static void __attribute__((constructor))
before_main(int argc, char **argv)
{
	helper_main(roles, argc, argv);
}

/* ---- using them ---- */

struct run {
	struct helper	*h;
	int		 ends, status;
	char		 text[2 * ERR_MAX];
	bool		 free_at_end;
	struct rec	 in, out;
};

static struct loop *loop;

static void
setup(void)
{
	loop = loop_new(NULL);
	ck_assert_ptr_nonnull(loop);
}

static void
teardown(void)
{
	loop_settle(loop, 5000);	/* one that was let go of may be left */
	loop_free(loop);
}

static void
on_end(struct helper *h, int status, const char *text, void *arg)
{
	struct run	*r = arg;

	ck_assert_ptr_eq(h, r->h);
	r->ends++;
	r->status = status;
	snprintf(r->text, sizeof r->text, "%s", text);
	if (r->free_at_end) {
		helper_free(h);
		r->h = NULL;
	}
}

/* args: the role and its arguments, separated by '|'. One whose name begins with
 * "ring" reads its input from a ring. */
static void
start(struct run *r, const char *args, int64_t ms, bool input, bool output)
{
	struct strs		 argv = STRS_INIT;
	struct helper_spec	 spec = { .ms = ms, .input = input, .output = output,
				    .ring = input && str_starts(args, "ring") };
	struct err		 e = ERR_INIT;

	memset(r, 0, sizeof *r);
	strs_split(&argv, args, '|', false);
	spec.argv = (const char *const *)argv.v;
	r->h = helper_start(loop, &spec, on_end, r, &e);
	ck_assert_msg(r->h != NULL, "%s", e.msg);
	strs_release(&argv);
	rec_init(&r->in, helper_in(r->h));
	rec_init(&r->out, helper_out(r->h));
}

static bool
no_child(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static void
finish(struct run *r)
{
	helper_free(r->h);
	buf_free(r->in.got);
	buf_free(r->out.got);
	WAIT(loop, no_child());
	loop_turn(loop, 0);
	loop_turn(loop, 30);	/* the looks of a timer that is still to come */
}

static void
check_end(const char *args, int status, const char *text)
{
	struct run	r;

	start(&r, args, 0, false, false);
	ck_assert_ptr_null(helper_in(r.h));
	ck_assert_ptr_null(helper_out(r.h));
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, status);
	ck_assert_str_eq(r.text, text);
	loop_turn(loop, 30);
	ck_assert_int_eq(r.ends, 1);
	finish(&r);
}

START_TEST(ends)
{
	check_end("say|0", HELPER_OK, "");
	check_end("say|2|entry x: bad", HELPER_BAD, "entry x: bad");
	check_end("say|1|first|second|", HELPER_FAILED, "second");
	check_end("say|7", 7, "");
	check_end("nosuchrole", HELPER_FAILED, "there is no role nosuchrole");
	check_end("crash", HELPER_FAILED, "crash: signal: killed: about to");
	check_end("fd", HELPER_OK, "");
}
END_TEST

START_TEST(long_line)
{
	struct run	r;

	start(&r, "babble", 0, false, false);
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, HELPER_BAD);
	ck_assert_uint_eq(strlen(r.text), ERR_MAX - 1);
	ck_assert_uint_eq(strspn(r.text, "a"), ERR_MAX - 1);
	finish(&r);
}
END_TEST

START_TEST(arguments)
{
	struct run	 r;
	char		*text;

	start(&r, "args|a b||-x", 0, false, true);
	WAIT(loop, r.ends > 0);
	text = rec_text(&r.out);
	ck_assert_str_eq(text, "[args][a b][][-x] pgid own");
	free(text);
	finish(&r);
}
END_TEST

/* 32 MiB in and out again, neither buffer growing. */
START_TEST(pumping)
{
	const size_t	total = 32 * 1024 * 1024;
	struct run	r;
	size_t		sent = 0, seen = 0, n;

	start(&r, _i == 0 ? "cat" : "ringcat", 5000, true, true);
	while (seen < total) {
		while (sent < total && !stream_full(r.in.s)) {
			n = total - sent < 65536 ? total - sent : 65536;
			fill_pattern(stream_out(r.in.s), sent, n);
			stream_wrote(r.in.s);
			sent += n;
			if (sent == total)
				stream_shut(r.in.s);
		}
		loop_turn(loop, 100);
		n = buf_len(r.out.got);
		ck_assert_uint_le(n, 4 * STREAM_IN_HIGH);
		ck_assert_uint_eq(check_pattern(r.out.got, seen), n);
		seen += n;
		ck_assert_int_eq(r.out.errors + r.in.errors, 0);
	}
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, HELPER_OK);
	finish(&r);
}
END_TEST

/* The end is told only when the output was read, however long that takes. */
START_TEST(end_after_output)
{
	siginfo_t	info;
	struct run	r;

	start(&r, "spew|100000", 1000, false, true);
	r.out.keep = true;
	WAIT(loop, buf_len(stream_in(r.out.s)) == 100000);
	for (int i = 0; i < 60; i++)	/* longer than its limit */
		loop_turn(loop, 20);
	/* Looks only: to reap it is the helper's business. */
	WAIT(loop, waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1);
	ck_assert_int_eq(r.ends, 0);
	buf_drain(stream_in(r.out.s), 100000);
	stream_consumed(r.out.s);
	WAIT(loop, r.ends > 0);
	ck_assert(r.status == HELPER_OK && *r.text == '\0');
	finish(&r);
}
END_TEST

START_TEST(idle)
{
	struct run	r;
	int64_t		begin = wait_now();

	start(&r, "hang", 200, false, true);
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, HELPER_FAILED);
	ck_assert_str_eq(r.text, "hang: did nothing for 1 s");
	ck_assert_int_ge(wait_now() - begin, 200);
	finish(&r);
	/* It has all its input and does nothing with it. */
	start(&r, "hang", 200, true, true);
	stream_shut(r.in.s);
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, HELPER_FAILED);
	finish(&r);
}
END_TEST

/* Who waits for us is not idle. */
START_TEST(patient)
{
	struct run	r;
	int64_t		until;

	start(&r, "cat", 60, true, true);
	for (until = wait_now() + 300; wait_now() < until;)
		loop_turn(loop, 20);
	ck_assert_int_eq(r.ends, 0);
	stream_shut(r.in.s);
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, HELPER_OK);
	finish(&r);
	/* Room in our buffer. */
	start(&r, "spew|8000000", 60, false, true);
	r.out.keep = true;
	for (until = wait_now() + 300; wait_now() < until;)
		loop_turn(loop, 20);
	ck_assert_int_eq(r.ends, 0);
	r.out.keep = false;
	stream_read_again(r.out.s);
	WAIT(loop, r.ends > 0);
	ck_assert_int_eq(r.status, HELPER_OK);
	ck_assert_uint_eq(buf_len(r.out.got), 8000000);
	finish(&r);
}
END_TEST

static pid_t
number_from(struct run *r)
{
	char	*text;
	pid_t	 pid;

	WAIT(loop, buf_len(r->out.got) > 0);
	text = rec_text(&r->out);
	pid = (pid_t)strtol(text, NULL, 10);
	free(text);
	ck_assert_int_gt(pid, 1);
	return pid;
}

START_TEST(free_kills_group)
{
	struct run	r;
	pid_t		child;

	/* What it leaves behind comes to us. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	start(&r, "parent", 0, false, true);
	child = number_from(&r);
	ck_assert_int_eq(kill(child, 0), 0);
	helper_free(r.h);
	WAIT(loop, kill(child, 0) == -1 || waitpid(child, NULL, WNOHANG) == child);
	WAIT(loop, no_child());
	loop_turn(loop, 30);
	ck_assert_int_eq(r.ends, 0);
	buf_free(r.in.got);
	buf_free(r.out.got);
}
END_TEST

START_TEST(free_at_end)
{
	struct run	r;

	start(&r, "say|2|x", 0, false, false);
	r.free_at_end = true;
	WAIT(loop, r.ends > 0);
	ck_assert_str_eq(r.text, "x");
	r.h = NULL;
	finish(&r);
}
END_TEST

START_TEST(free_at_once)
{
	struct run	r;

	start(&r, "cat", 1000, true, true);
	finish(&r);
	ck_assert_int_eq(r.ends, 0);
}
END_TEST

/* A program that ends leaves no zombie and no memory behind. */
START_TEST(free_and_settle)
{
	struct run	r;

	start(&r, "cat", 0, true, true);
	helper_free(r.h);
	loop_settle(loop, 5000);
	ck_assert(no_child() && r.ends == 0);
	buf_free(r.in.got);
	buf_free(r.out.got);
}
END_TEST

/* It does not read what we write: the error is the stream's, then its end. */
START_TEST(deaf)
{
	struct run	r;

	start(&r, "say|1|disk full", 0, true, false);
	for (int64_t until = wait_now() + 5000; wait_now() < until && r.in.errors == 0;) {
		if (!stream_full(r.in.s))
			stream_write(r.in.s, "xxxxxxxxxxxxxxxx", 16);
		loop_turn(loop, 5);
	}
	ck_assert_int_eq(r.in.errors, 1);
	WAIT(loop, r.ends > 0);
	ck_assert_str_eq(r.text, "disk full");
	finish(&r);
}
END_TEST

static pid_t
pid_in(const struct dir *d)
{
	char	*text = dir_read(d, "pid");
	pid_t	 pid = text != NULL && strchr(text, '\n') != NULL ?
		    (pid_t)strtol(text, NULL, 10) : 0;

	free(text);
	return pid;
}

START_TEST(dies_with_us)
{
	struct dir	d;
	char		path[128];
	struct run	r;
	pid_t		us, helper;
	int		fd;

	dir_make(&d);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	us = fork();
	ck_assert_int_ne(us, -1);
	if (us == 0) {
		loop = loop_new(NULL);
		start(&r, "hang", 0, false, true);
		snprintf(path, sizeof path, "%s/pid", d.path);
		helper = number_from(&r);
		fd = open(path, O_WRONLY | O_CREAT, 0644);
		dprintf(fd, "%ld\n", (long)helper);
		close(fd);
		for (;;)
			loop_turn(loop, 1000);
	}
	WAIT(loop, (helper = pid_in(&d)) != 0);
	ck_assert_int_eq(kill(helper, 0), 0);
	kill(us, SIGKILL);
	WAIT(loop, no_child());
	ck_assert_int_eq(kill(helper, 0), -1);
	dir_drop(&d);
}
END_TEST

START_TEST(no_descriptors)
{
	const char *const	 argv[] = { "cat", NULL };
	struct helper_spec	 spec = { .argv = argv, .input = true, .output = true,
				    .ring = _i == 1 };
	struct rlimit		 old, few;
	struct err		 e = ERR_INIT;
	int			 before = 0, after = 0;

	for (int fd = 0; fd < 256; fd++)
		before += fcntl(fd, F_GETFD) != -1;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = (rlim_t)before + 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_ptr_null(helper_start(loop, &spec, on_end, NULL, &e));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert_str_eq(e.msg, "start helper cat: Too many open files");
	for (int fd = 0; fd < 256; fd++)
		after += fcntl(fd, F_GETFD) != -1;
	ck_assert_int_eq(before, after);
	helper_free(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("helper");
	TCase	*t = tcase_create("helper");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, ends);
	tcase_add_test(t, long_line);
	tcase_add_test(t, arguments);
	tcase_add_loop_test(t, pumping, 0, 2);
	tcase_add_test(t, end_after_output);
	tcase_add_test(t, idle);
	tcase_add_test(t, patient);
	tcase_add_test(t, free_kills_group);
	tcase_add_test(t, free_at_end);
	tcase_add_test(t, free_at_once);
	tcase_add_test(t, free_and_settle);
	tcase_add_test(t, deaf);
	tcase_add_test(t, dies_with_us);
	tcase_add_loop_test(t, no_descriptors, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
