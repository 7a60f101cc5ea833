/* show.c - unit tests of client/show.h: records in, bytes out. */
#include "client/show.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "lib_child.h"
#include "lib_dir.h"
#include "lib_io.h"
#include "unit.h"

static struct loop	*loop;
static struct dir	 dir;
static struct evbuffer	*in;
static struct err	 e;
static int		 fd_out, fd_err, fd_copy;
static int64_t		 now;		/* of the records to come */

static int
file(const char *name)
{
	int	fd = openat(dir.fd, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	loop = loop_new(&e);
	ck_assert_ptr_nonnull(loop);
	dir_make(&dir);
	in = buf_new();
	fd_out = file("out");
	fd_err = file("err");
	fd_copy = file("copy");
	now = 1795290398255;	/* 2026-11-21T19:46:38.255Z */
}

static void
teardown(void)
{
	buf_free(in);
	close(fd_out);
	close(fd_err);
	close(fd_copy);
	dir_drop(&dir);
	loop_free(loop);
}

static struct show *
show(struct show_how how)
{
	struct show	*s;

	how.out = how.out == 0 ? fd_out : how.out;
	how.err = how.err == 0 ? fd_err : how.err;
	s = show_new(loop, &how);
	show_copy(s, fd_copy, "copy");
	return s;
}

static void
add_head(enum record_kind kind, uint32_t len)
{
	struct record	r = { kind, len, now };
	unsigned char	head[RECORD_HEAD];

	record_put(head, &r);
	buf_add(in, head, sizeof head);
}

static void
add(enum record_kind kind, const char *text)
{
	add_head(kind, (uint32_t)strlen(text));
	buf_adds(in, text);
}

static void
add_gap(uint64_t next, uint64_t left_out)
{
	unsigned char	gap[RECORD_GAP_LEN];

	add_head(RECORD_GAP, RECORD_GAP_LEN);
	record_put_gap(gap, next, left_out);
	buf_add(in, gap, sizeof gap);
}

static void
take(struct show *s)
{
	ck_assert_msg(show_take(s, in, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(buf_len(in), 0);
}

static void
check(const char *name, const char *want)
{
	char	*got = dir_read(&dir, name);

	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(test_apart)
{
	struct show	*s = show((struct show_how){ .plain = false });

	add(RECORD_STDOUT, "one\n");
	add(RECORD_STDOUT, "two\n");
	add(RECORD_STDERR, "three\n");
	add(RECORD_ALIVE, "");
	add(RECORD_STDOUT, "four\n");
	take(s);
	check("out", "one\ntwo\nfour\n");
	check("err", "three\n");
	check("copy", "one\ntwo\nthree\nfour\n");
	ck_assert_uint_eq(show_offset(s), 4 * RECORD_HEAD + 4 + 4 + 6 + 5);
	ck_assert_int_eq(show_finish(s, &e), 0);
	show_free(s);
}
END_TEST

static void
on_tap(const void *p, size_t len, void *arg)
{
	struct str	*to = arg;

	if (p != NULL)
		str_addn(to, p, len);
	else
		str_addf(to, "[%zu]", len);
}

/* The tap has what the copy has, and where something is missing; with quiet
 * nobody else gets it. */
START_TEST(test_tap)
{
	struct str	 told = STR_INIT;
	struct show	*s;
	int		 i;

	for (i = 0; i < 2; i++) {
		s = show((struct show_how){ .quiet = i == 1 });
		show_tap(s, on_tap, &told);
		add(RECORD_STDOUT, "one\n");
		add(RECORD_STDERR, "two\n");
		add_gap(3000, 77);
		add_head(RECORD_STDERR, 5);
		buf_adds(in, "thr");
		take(s);
		ck_assert_int_eq(show_finish(s, &e), 0);
		ck_assert_str_eq(told.s, "one\ntwo\n[77]thr");
		ck_assert(show_copied(s));
		show_free(s);
		str_clear(&told);
	}
	check("out", "one\n");
	check("err", "two\nthr");
	check("copy", "one\ntwo\nthrone\ntwo\nthr");
	str_release(&told);
}
END_TEST

/* In whatever pieces it comes. */
START_TEST(test_pieces)
{
	struct show	*s = show((struct show_how){ .plain = false });
	struct evbuffer	*all = in;
	size_t		 n;

	for (n = 0; n < 100; n++)
		add(n % 3 == 0 ? RECORD_STDERR : RECORD_STDOUT, n % 2 ? "abc\n" : "defghi\n");
	in = buf_new();
	for (n = 1; buf_move(in, all, n % 7 + 1) > 0; n++)
		take(s);
	buf_free(all);
	lseek(fd_out, 0, SEEK_SET);
	ck_assert_int_eq(lseek(fd_copy, 0, SEEK_END), 50 * 4 + 50 * 7);
	show_free(s);
}
END_TEST

START_TEST(test_plain)
{
	struct show	*s = show((struct show_how){ .plain = true });

	buf_adds(in, "any bytes");
	take(s);
	check("out", "any bytes");
	check("copy", "any bytes");
	show_free(s);
}
END_TEST

START_TEST(test_no_log)
{
	struct show	*s = show((struct show_how){ .plain = false });

	buf_adds(in, "any bytes that are no record");
	ck_assert_int_eq(show_take(s, in, &e), -1);
	ck_assert_str_ne(e.msg, "");
	/* And stays so. */
	e = (struct err)ERR_INIT;
	ck_assert_int_eq(show_finish(s, &e), -1);
	ck_assert_str_ne(e.msg, "");
	show_free(s);
}
END_TEST

/* A record to stderr comes whole: notes stand between two. */
START_TEST(test_whole_lines)
{
	struct show	*s = show((struct show_how){ .plain = false });

	add_head(RECORD_STDERR, 8);
	buf_adds(in, "half");
	take(s);
	check("err", "");
	/* The connection breaks, and the record comes once more. */
	show_resume(s);
	add_head(RECORD_STDERR, 8);
	buf_adds(in, "half");
	take(s);
	check("err", "");
	buf_adds(in, "full");
	add(RECORD_STDERR, "next");
	take(s);
	check("err", "halffullnext");
	/* What cannot be completed any more is shown all the same. */
	add_head(RECORD_STDERR, 8);
	buf_adds(in, "rest");
	take(s);
	ck_assert_int_eq(show_finish(s, &e), 0);
	check("err", "halffullnextrest");
	show_free(s);
}
END_TEST

START_TEST(test_break_in_stdout)
{
	struct show	*s = show((struct show_how){ .plain = false });

	add(RECORD_STDOUT, "first ");
	add_head(RECORD_STDOUT, 10);
	buf_adds(in, "12345");
	take(s);
	check("out", "first 12345");
	ck_assert_uint_eq(show_offset(s), RECORD_HEAD + 6);
	show_resume(s);
	add(RECORD_STDOUT, "1234567890");
	take(s);
	check("out", "first 1234567890");
	show_free(s);
}
END_TEST

START_TEST(test_parts)
{
	struct show	*s = show((struct show_how){ .err = -1 });

	add(RECORD_STDOUT, "one\n");
	add(RECORD_STDERR, "two\n");
	take(s);
	check("out", "one\n");
	check("err", "");
	show_free(s);
	s = show((struct show_how){ .since = now });
	now -= 1;
	add(RECORD_STDOUT, "old\n");
	now += 1;
	add(RECORD_STDOUT, "new\n");
	take(s);
	check("out", "one\nnew\n");
	show_free(s);
}
END_TEST

START_TEST(test_lines)
{
	struct show	*s = show((struct show_how){ .count = true });

	add(RECORD_STDOUT, "one\ntwo\nth");
	add(RECORD_STDERR, "four\n");
	add(RECORD_STDOUT, "ree\nrest");
	take(s);
	ck_assert_uint_eq(show_lines(s), 4);
	check("out", "");
	show_free(s);
	s = show((struct show_how){ .skip_lines = 2 });
	add(RECORD_STDOUT, "one\ntwo\nth");
	add(RECORD_STDERR, "four\n");
	add(RECORD_STDOUT, "ree\nrest");
	take(s);
	check("out", "three\nrest");
	check("err", "four\n");
	show_free(s);
}
END_TEST

START_TEST(test_times)
{
	struct show	*s = show((struct show_how){ .times = true });

	add(RECORD_STDOUT, "one\ntw");
	now += 1000;
	add(RECORD_STDERR, "err\n");
	add(RECORD_STDOUT, "o\n\nend");
	take(s);
	check("out", "2026-11-21T19:46:38.255Z one\n2026-11-21T19:46:38.255Z two\n"
	    "2026-11-21T19:46:39.255Z \n2026-11-21T19:46:39.255Z end");
	check("err", "2026-11-21T19:46:39.255Z err\n");
	show_free(s);
}
END_TEST

/* --- gaps -------------------------------------------------------------------- */

static void
gaps(void)
{
	struct show	*s;

	s = show((struct show_how){ .err = STDERR_FILENO });
	add(RECORD_STDERR, "a\n");
	add_gap(1000, 777);
	add(RECORD_STDERR, "b\n");
	take(s);
	ck_assert_uint_eq(show_offset(s), 1000 + RECORD_HEAD + 2);
	show_free(s);
}

START_TEST(test_gap)
{
	int	 status;
	char	*text = child_stderr(gaps, &status);

	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(text, "a\n# 777 bytes of output were not kept\nb\n");
	free(text);
}
END_TEST

/* What was shown of the log, then its kept end: from where it stood. */
static void
once_more(void)
{
	struct show	*s = show((struct show_how){ .err = STDERR_FILENO });

	add(RECORD_STDERR, "a\n");
	add(RECORD_STDERR, "b\n");
	add_head(RECORD_STDOUT, 6);
	buf_adds(in, "123");
	take(s);
	show_again(s);
	add_gap(RECORD_HEAD + 2, 2);
	add(RECORD_STDERR, "b\n");
	add(RECORD_STDOUT, "123456");
	add(RECORD_STDERR, "c\n");
	take(s);
	check("out", "123456");
	/* And from beyond it: less is lost than was cut. */
	show_again(s);
	add_gap(1000, 112);
	add(RECORD_STDERR, "d\n");
	take(s);
	show_free(s);
}

START_TEST(test_again)
{
	int	 status;
	char	*text = child_stderr(once_more, &status);

	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(text, "a\nb\nc\n# 100 bytes of output were not kept\nd\n");
	free(text);
}
END_TEST

/* --- slow readers ------------------------------------------------------------ */

static int	rooms, fails;

static void
on_room(void *arg)
{
	(void)arg;
	rooms++;
}

static void
on_fail(void *arg)
{
	(void)arg;
	fails++;
}

START_TEST(test_slow)
{
	int		 p[2];
	struct show	*s;
	struct evbuffer	*got = buf_new();
	size_t		 at = 0;

	ck_assert_int_eq(pipe(p), 0);
	s = show((struct show_how){ .out = p[1] });
	rooms = 0;
	show_on(s, on_room, on_fail, NULL);
	add_head(RECORD_STDOUT, 300000);
	fill_pattern(in, 0, 300000);
	take(s);			/* and does not wait */
	/* No more until that is written. */
	add_head(RECORD_STDOUT, 10);
	fill_pattern(in, 300000, 10);
	ck_assert_int_eq(show_take(s, in, &e), 0);
	ck_assert_uint_eq(buf_len(in), RECORD_HEAD + 10);
	while (rooms == 0) {
		ck_assert_int_gt(buf_read_fd(got, p[0], 65000), 0);
		loop_turn(loop, 20);
	}
	take(s);
	while (buf_len(got) < 300010)
		ck_assert_int_gt(buf_read_fd(got, p[0], 65000), 0);
	at = check_pattern(got, 0);
	ck_assert_uint_eq(at, 300010);
	/* Nobody changed what others see of the pipe. */
	ck_assert_int_eq(fcntl(p[1], F_GETFL) & O_NONBLOCK, 0);
	buf_free(got);
	show_free(s);
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(test_gone)
{
	int		 p[2];
	struct show	*s;

	ck_assert_int_eq(pipe(p), 0);
	s = show((struct show_how){ .out = p[1] });
	fails = 0;
	show_on(s, on_room, on_fail, NULL);
	add_head(RECORD_STDOUT, 300000);
	fill_pattern(in, 0, 300000);
	take(s);
	close(p[0]);
	WAIT(loop, fails == 1);
	ck_assert_int_eq(show_finish(s, &e), -1);
	ck_assert_int_eq(e.code, EPIPE);
	ck_assert_str_eq(e.msg, "write stdout: Broken pipe");
	show_free(s);
	close(p[1]);
}
END_TEST

/* Who is to end does not wait for a reader that never comes. */
START_TEST(test_stop)
{
	int		 p[2];
	struct show	*s;

	ck_assert_int_eq(pipe(p), 0);
	s = show((struct show_how){ .out = p[1] });
	add_head(RECORD_STDOUT, 300000);
	fill_pattern(in, 0, 300000);
	take(s);
	show_stop(s);
	ck_assert_int_eq(show_finish(s, &e), 0);
	show_free(s);
	close(p[0]);
	close(p[1]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("show");
	TCase	*c = tcase_create("show");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_apart);
	tcase_add_test(c, test_tap);
	tcase_add_test(c, test_pieces);
	tcase_add_test(c, test_plain);
	tcase_add_test(c, test_no_log);
	tcase_add_test(c, test_whole_lines);
	tcase_add_test(c, test_break_in_stdout);
	tcase_add_test(c, test_parts);
	tcase_add_test(c, test_lines);
	tcase_add_test(c, test_times);
	tcase_add_test(c, test_gap);
	tcase_add_test(c, test_again);
	tcase_add_test(c, test_slow);
	tcase_add_test(c, test_gone);
	tcase_add_test(c, test_stop);
	suite_add_tcase(s, c);
	return s;
}
