/* execplaces.c - unit tests of buildlet/execlog.h: tails and times of a log, and logs
 * that somebody spoilt. */
#include "execlog_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "buildlet/execlog.h"

/* ---- places ---- */

static void
check_tail(uint64_t n, const char *want)
{
	check_read(execlog_tail_lines(dir.fd, logwriter_end(writer), n), want);
}

START_TEST(tails)
{
	say("one\ntwo\nthr");
	say_at(RECORD_STDERR, 1001, "ee\n");
	say("four\n\n");
	check_tail(0, "");
	check_tail(1, "\n");
	check_tail(2, "four\n\n");
	check_tail(3, "thr[ee\n]four\n\n");
	check_tail(4, "two\nthr[ee\n]four\n\n");
	check_tail(5, "one\ntwo\nthr[ee\n]four\n\n");
	check_tail(UINT64_MAX, "one\ntwo\nthr[ee\n]four\n\n");
	say("five");
	check_tail(1, "five");
	check_tail(2, "\nfive");
	check_tail(3, "four\n\nfive");
	check_read(execlog_tail_bytes(dir.fd, logwriter_end(writer), 5), "\nfive");
	check_read(execlog_tail_bytes(dir.fd, logwriter_end(writer), 12), "[e\n]four\n\nfive");
	check_read(execlog_tail_bytes(dir.fd, logwriter_end(writer), 0), "");
	check_read(execlog_tail_bytes(dir.fd, logwriter_end(writer), 1 << 20),
	    "one\ntwo\nthr[ee\n]four\n\nfive");
}
END_TEST

START_TEST(tail_of_large)
{
	struct str	want = STR_INIT;
	struct seen	s;
	struct err	e = ERR_INIT;
	uint64_t	at;

	logwriter_free(writer);
	writer = logwriter_new(dir.fd, 1 * MIB, MIB / 2);
	fill(&want, 100000);
	at = execlog_tail_lines(dir.fd, logwriter_end(writer), 1000);
	ck_assert_int_eq(read_from(&s, at, logwriter_end(writer), 4096, false, &e), 0);
	ck_assert(str_starts(s.text.s, "line 99000 of many\n"));
	ck_assert(str_ends(want.s, s.text.s));
	str_release(&s.text);
	str_release(&want);
}
END_TEST

START_TEST(since)
{
	struct str	want = STR_INIT;
	struct seen	s;
	struct err	e = ERR_INIT;
	char		line[64];
	int		i;

	fill(&want, 1000);	/* times 0 to 999 */
	for (i = 0; i < 1000; i += 37) {
		ck_assert_int_eq(read_from(&s, execlog_since(dir.fd, logwriter_end(writer), i),
		    logwriter_end(writer), 4096, false, &e), 0);
		snprintf(line, sizeof line, i % 3 == 1 ? "[line %d of many\n]" :
		    "line %d of many\n", i);
		ck_assert(str_starts(s.text.s, line));
		str_release(&s.text);
	}
	ck_assert_uint_eq(execlog_since(dir.fd, logwriter_end(writer), 1000), logwriter_end(writer));
	ck_assert_uint_eq(execlog_since(dir.fd, logwriter_end(writer), -5), 0);

	str_clear(&want);
	teardown();
	setup();
	logwriter_free(writer);
	writer = logwriter_new(dir.fd, EXECLOG_LIMIT_MIN, EXECLOG_LIMIT_MIN / 2);
	fill(&want, 5000);
	ck_assert_int_eq(read_from(&s, execlog_since(dir.fd, logwriter_end(writer), 4500),
	    logwriter_end(writer), 4096, false, &e), 0);
	ck_assert(str_starts(s.text.s, "line 4500 of many\n"));
	str_release(&s.text);
	/* One that was cut away: the first kept one after it. */
	ck_assert_int_eq(read_from(&s, execlog_since(dir.fd, logwriter_end(writer), 2000),
	    logwriter_end(writer), 4096, false, &e), 0);
	ck_assert_int_eq(s.text.s[0], '<');
	ck_assert(str_ends(want.s, strchr(s.text.s, '>') + 1));
	str_release(&s.text);
	str_release(&want);
}
END_TEST

/* ---- damage ---- */

static const char first[] = "log-0000000000000000-0000000000000000";

static void
check_damaged(const char *want)
{
	struct seen	s;
	struct err	e = ERR_INIT;

	ck_assert_int_eq(read_from(&s, 0, logwriter_end(writer), 4096, false, &e), -1);
	ck_assert_msg(strstr(e.msg, want) != NULL, "%s", e.msg);
	str_release(&s.text);
	/* None of these hangs, or crashes. */
	ck_assert_uint_le(execlog_tail_lines(dir.fd, logwriter_end(writer), 3), logwriter_end(writer));
	ck_assert_uint_le(execlog_since(dir.fd, logwriter_end(writer), 1), logwriter_end(writer));
	ck_assert_uint_le(execlog_end(dir.fd), logwriter_end(writer));
}

START_TEST(damaged)
{
	int	fd;

	say("one\n");
	say("two\n");
	check_read(0, "one\ntwo\n");
	fd = openat(dir.fd, first, O_RDWR);
	ck_assert_int_eq(ftruncate(fd, RECORD_HEAD + 4 + RECORD_HEAD + 2), 0);
	check_damaged("a record goes beyond its file");
	ck_assert_uint_eq(execlog_end(dir.fd), RECORD_HEAD + 4);
	ck_assert_int_eq(ftruncate(fd, RECORD_HEAD + 4), 0);
	check_damaged("nothing lies at offset 20");
	ck_assert_int_eq(ftruncate(fd, 1000), 0);
	check_damaged("a record of kind 0");
	ck_assert_int_eq(pwrite(fd, "\4\0\0\0\0\0\0\0", 8, RECORD_HEAD + 4), 8);
	check_damaged("a record of kind 4");
	ck_assert_int_eq(pwrite(fd, "\1\0\0\0\0\17\377\377", 8, 0), 8);
	ck_assert_uint_eq(execlog_end(dir.fd), 0);
	close(fd);
	ck_assert_int_eq(unlinkat(dir.fd, first, 0), 0);
	check_damaged("nothing lies at offset 0");
	ck_assert_int_eq(symlinkat("/etc/passwd", dir.fd, first), 0);
	check_damaged("open the log's log-0000");
	ck_assert_int_eq(unlinkat(dir.fd, first, 0), 0);
	ck_assert_int_eq(mkfifoat(dir.fd, first, 0644), 0);
	check_damaged("is no file");
	ck_assert_uint_eq(execlog_disk(dir.fd), 0);
	ck_assert_int_eq(unlinkat(dir.fd, first, 0), 0);
	ck_assert_int_eq(mkdirat(dir.fd, first, 0755), 0);
	check_damaged("is no file");
}
END_TEST

/* Names that are none, and some that overlap. */
START_TEST(names)
{
	say("one\n");
	say("two\n");
	dir_write(&dir, "log-", "x");
	dir_write(&dir, "log-0000000000000010", "x");
	dir_write(&dir, "log-0000000000000010-000000000000000G", "x");
	dir_write(&dir, "log-000000000000000A-0000000000000000", "x");
	dir_write(&dir, "log-0000000000000001-0000000000000000x", "x");
	dir_write(&dir, "lock", "x");
	check_read(0, "one\ntwo\n");
	/* The first record does not end before this one begins. */
	dir_write(&dir, "log-000000000000000a-0000000000000000", "x");
	check_damaged("the log is damaged");
	ck_assert_int_eq(unlinkat(dir.fd, "log-000000000000000a-0000000000000000", 0), 0);
	dir_write(&dir, "log-ffffffffffffffff-ffffffffffffffff", "x");
	check_read(0, "one\ntwo\n");
}
END_TEST

/* A link laid where the next segment comes is not followed. */
START_TEST(laid_link)
{
	char	*text;

	dir_write(&dir, "victim", "whole");
	ck_assert_int_eq(symlinkat("victim", dir.fd, first), 0);
	say("one\n");
	text = dir_read(&dir, "victim");
	ck_assert_str_eq(text, "whole");
	check_read(0, "one\n");
	free(text);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("execplaces");
	TCase	*t = tcase_create("execplaces");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, tails);
	tcase_add_test(t, tail_of_large);
	tcase_add_test(t, since);
	tcase_add_test(t, damaged);
	tcase_add_test(t, names);
	tcase_add_test(t, laid_link);
	suite_add_tcase(s, t);
	return s;
}
