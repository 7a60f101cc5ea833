/* execlog.c - unit tests of buildlet/execlog.h: a log that is written, cut, and read
 * from anywhere. Places in it, and damage, are in execplaces.c. */
#include "execlog_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "buildlet/execlog.h"
#include "io/pipes.h"

START_TEST(empty)
{
	check_read(0, "");
	ck_assert_uint_eq(execlog_end(dir.fd), 0);
	ck_assert_uint_eq(execlog_disk(dir.fd), 0);
	ck_assert_uint_eq(execlog_tail_lines(dir.fd, 0, 5), 0);
	ck_assert_uint_eq(execlog_since(dir.fd, 0, 5), 0);
}
END_TEST

START_TEST(plain)
{
	say("one\n");
	say_at(RECORD_STDERR, 1001, "two\n");
	say("three");
	check_read(0, "one\n[two\n]three");
	check_read(RECORD_HEAD + 4, "[two\n]three");
	check_read(2 * (RECORD_HEAD + 4), "three");
	check_read(logwriter_end(writer), "");
	ck_assert_uint_eq(logwriter_end(writer), 3 * RECORD_HEAD + 13);
	ck_assert_uint_eq(logwriter_output(writer), 13);
	ck_assert_uint_eq(logwriter_dropped(writer), 0);
	ck_assert_uint_eq(execlog_end(dir.fd), logwriter_end(writer));
	ck_assert_uint_eq(execlog_disk(dir.fd), logwriter_end(writer));
}
END_TEST

/* Within a record: the rest of it. */
START_TEST(within)
{
	const uint64_t	second = RECORD_HEAD + 4;
	uint64_t	i;

	say("one\n");
	say_at(RECORD_STDERR, 1001, "two\n");
	say("three");
	check_read(2, "e\n[two\n]three");
	check_read(3, "\n[two\n]three");
	for (i = 4; i < second; i++) {	/* none of it is left */
		struct seen	s;
		struct err	e = ERR_INIT;

		ck_assert_int_eq(read_from(&s, i, logwriter_end(writer), 64, false, &e), 0);
		ck_assert_str_eq(s.text.s, "[two\n]three");
		str_release(&s.text);
	}
	check_read(second + 1, "[wo\n]three");
	check_read(2 * second + 4, "e");
}
END_TEST

/* It grows while it is read. */
START_TEST(followed)
{
	struct err		 e = ERR_INIT;
	struct logreader	*rd = logreader_new(dir.fd, 0, &e);
	unsigned char		 p[256];

	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer), &e), 0);
	say("one");
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, 0, &e), 0);
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer), &e), RECORD_HEAD + 3);
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer), &e), 0);
	say("two!");
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer), &e), RECORD_HEAD + 4);
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer), &e), 0);
	/* An end within a record is none. */
	say("three");
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer) - 1, &e), 0);
	ck_assert_int_eq(logreader_read(rd, p, sizeof p, logwriter_end(writer), &e), RECORD_HEAD + 5);
	logreader_free(rd);
}
END_TEST

/* ---- limits ---- */

/* Head and tail are there, whole, and the gap says what is not. */
START_TEST(cut)
{
	struct str	want = STR_INIT;
	struct seen	s;
	struct err	e = ERR_INIT;
	const char	*gap;
	char		*end;
	size_t		 left_out;

	logwriter_free(writer);
	writer = logwriter_new(dir.fd, EXECLOG_LIMIT_MIN, EXECLOG_LIMIT_MIN / 2);
	fill(&want, 10000);
	ck_assert_uint_le(execlog_disk(dir.fd), EXECLOG_LIMIT_MIN);
	ck_assert_uint_ge(execlog_disk(dir.fd), EXECLOG_LIMIT_MIN - EXECLOG_LIMIT_MIN / 4);
	ck_assert_int_eq(read_from(&s, 0, logwriter_end(writer), 4096, false, &e), 0);
	gap = strchr(s.text.s, '<');
	ck_assert_ptr_nonnull(gap);
	left_out = strtoul(gap + 1, &end, 10);
	ck_assert_uint_eq(left_out, logwriter_dropped(writer));
	ck_assert_uint_eq(s.bytes + left_out, logwriter_output(writer));
	ck_assert_uint_gt(gap - s.text.s, EXECLOG_LIMIT_MIN / 8);
	ck_assert_mem_eq(s.text.s, want.s, (size_t)(gap - s.text.s));
	ck_assert(str_ends(want.s, end + 1));
	ck_assert_uint_eq(s.offset, logwriter_end(writer));

	/* From within the hole: no more is said to be left out than can be. */
	str_release(&s.text);
	ck_assert_int_eq(read_from(&s, EXECLOG_LIMIT_MIN / 2, logwriter_end(writer), 4096,
	    false, &e), 0);
	ck_assert_int_eq(s.text.s[0], '<');
	ck_assert_uint_le(strtoul(s.text.s + 1, NULL, 10), left_out);
	ck_assert_uint_gt(strtoul(s.text.s + 1, NULL, 10), 0);
	ck_assert(str_ends(want.s, strchr(s.text.s, '>') + 1));
	str_release(&s.text);
	str_release(&want);
}
END_TEST

/* Who reads slowly: what he has open he gets whole, then a gap. */
START_TEST(cut_while_read)
{
	struct str		 want = STR_INIT;
	struct seen		 s = { STR_INIT, 0, 0 };
	struct err		 e = ERR_INIT;
	struct logreader	*rd;
	struct record_reader	 parts;
	unsigned char		 p[3000];
	ssize_t			 n = 0;
	int			 i;

	logwriter_free(writer);
	writer = logwriter_new(dir.fd, EXECLOG_LIMIT_MIN, 0);
	rd = logreader_new(dir.fd, 0, &e);
	record_reader_init(&parts, 0);
	for (i = 0; i < 100; i++) {
		fill(&want, 200);
		n = logreader_read(rd, p, sizeof p, logwriter_end(writer), &e);
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(record_reader_feed(&parts, p, (size_t)n, on_record, &s, &e), 0);
	}
	while ((n = logreader_read(rd, p, sizeof p, logwriter_end(writer), &e)) > 0)
		ck_assert_int_eq(record_reader_feed(&parts, p, (size_t)n, on_record, &s, &e), 0);
	ck_assert_msg(n == 0, "%s", e.msg);
	ck_assert_uint_gt(parts.left_out, 0);
	ck_assert_uint_eq(parts.left_out + s.bytes, logwriter_output(writer));
	logreader_free(rd);
	str_release(&s.text);
	str_release(&want);
}
END_TEST

START_TEST(would_cut)
{
	char	block[1000];
	int	i;

	memset(block, 'x', sizeof block);
	logwriter_free(writer);
	writer = logwriter_new(dir.fd, EXECLOG_LIMIT_MIN, 0);
	for (i = 0; !logwriter_would_cut(writer, sizeof block, 0); i++) {
		ck_assert_int_lt(i, 64);
		ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, block, sizeof block), 0);
		ck_assert_uint_eq(logwriter_dropped(writer), 0);
	}
	ck_assert_int_gt(i, 40);
	/* Not what comes after the first segment. */
	ck_assert(!logwriter_would_cut(writer, sizeof block, EXECLOG_LIMIT_MIN / 8));
	ck_assert(!logwriter_would_cut(writer, sizeof block, UINT64_MAX));
	ck_assert(logwriter_would_cut(writer, EXECLOG_LIMIT_MIN / 2, EXECLOG_LIMIT_MIN / 8));
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, block, sizeof block), 0);
	ck_assert_uint_gt(logwriter_dropped(writer), 0);
}
END_TEST

/* Longer than a record may be, and than a segment. */
START_TEST(long_output)
{
	const size_t	 len = 3 * MIB + 17;
	char		*big = malloc(len);
	struct seen	 s;
	struct err	 e = ERR_INIT;
	size_t		 i;
	bool		 file;

	for (i = 0; i < len; i++)
		big[i] = (char)(i * 31 + i / 4096);
	ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, big, len), 0);
	for (i = 0; i < 1000; i++)
		say("small\n");
	for (file = false;; file = true) {
		ck_assert_int_eq(read_from(&s, 0, logwriter_end(writer), 200000, file, &e), 0);
		ck_assert_uint_eq(s.bytes, len + 6000);
		ck_assert_mem_eq(s.text.s, big, len);
		ck_assert_mem_eq(s.text.s + len, "small\n", 6);
		str_release(&s.text);
		if (file)
			break;
	}
	logwriter_free(writer);
	writer = logwriter_new(dir.fd, EXECLOG_LIMIT_MIN, 0);
	ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, big, len), 0);
	ck_assert_uint_eq(logwriter_output(writer), len);
	ck_assert_uint_ge(logwriter_dropped(writer), len - EXECLOG_LIMIT_MIN);
	free(big);
}
END_TEST

/* Records of many sizes over several segments, whole and in pieces. */
START_TEST(files)
{
	char		*block = malloc(MIB);
	struct str	 want = STR_INIT;
	struct seen	 s;
	struct err	 e = ERR_INIT;
	size_t		 i, len;

	for (i = 0; i < MIB; i++)
		block[i] = (char)(i * 7 + i / 1000);
	for (i = 0; i < 90; i++) {
		len = i % 10 == 0 ? 10 : (i * 131071) % MIB + 1;
		ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, block, len), 0);
		str_addn(&want, block, len);
	}
	ck_assert_int_gt(dir_count(&dir, "."), 3);
	ck_assert_int_eq(read_from(&s, 0, logwriter_end(writer), 300000, true, &e), 0);
	ck_assert_uint_eq(s.text.len, want.len);
	ck_assert(memcmp(s.text.s, want.s, want.len) == 0);
	str_release(&s.text);
	str_release(&want);
	free(block);
}
END_TEST

/* ---- a disk that is full ---- */

/* The log takes len of them out of a pipe; what it left there is read. Where it
 * cannot, they go the other way. */
static int
take(const char *p, size_t len, size_t *left)
{
	char	*rest = malloc(len);
	int	 fd[2], ret, error;
	ssize_t	 n;

	ck_assert_int_eq(pipes_open(fd), 0);
	pipes_widen(fd[1]);
	ck_assert_int_eq(write(fd[1], p, len), (ssize_t)len);
	ck_assert_uint_eq(pipes_filled(fd[0]), len);
	close(fd[1]);
	ret = logwriter_take(writer, RECORD_STDOUT, 0, fd[0], len);
	error = errno;
	for (*left = 0; (n = read(fd[0], rest + *left, len - *left)) > 0;)
		*left += (size_t)n;
	close(fd[0]);
	if (ret == -1 && error == EINVAL) {
		ck_assert_uint_eq(*left, len);
		ret = logwriter_add(writer, RECORD_STDOUT, 0, rest, *left);
		error = errno;
		*left = 0;
	}
	free(rest);
	errno = error;
	return ret;
}

START_TEST(from_a_pipe)
{
	char		*block = malloc(200000);
	struct seen	 s;
	struct err	 e = ERR_INIT;
	size_t		 i, left;

	for (i = 0; i < 200000; i++)
		block[i] = (char)(i * 7 + i / 1000);
	say("before\n");
	for (i = 0; i < 50; i++) {	/* more than a segment */
		ck_assert_int_eq(take(block, 200000, &left), 0);
		ck_assert_uint_eq(left, 0);
	}
	say("after\n");
	ck_assert_uint_eq(logwriter_output(writer), 50 * 200000 + 13);
	ck_assert_int_eq(read_from(&s, 0, logwriter_end(writer), 300000, true, &e), 0);
	ck_assert_uint_eq(s.text.len, 50 * 200000 + 13);
	for (i = 0; i < 50; i++)
		ck_assert_mem_eq(s.text.s + 7 + i * 200000, block, 200000);
	ck_assert_str_eq(s.text.s + 7 + 50 * 200000, "after\n");
	str_release(&s.text);
	free(block);
}
END_TEST

/* 0: what is added, 1: what is taken from a pipe. */
START_TEST(disk_full)
{
	struct dir	 full = { .fd = -1 };
	struct seen	 s;
	struct err	 e = ERR_INIT;
	char		*block = calloc(1, 200000);
	uint64_t	 dropped;
	size_t		 left;
	int		 fd, i, saved = dir.fd;

	if (!dir_mount(&dir, "mnt", "size=512k")) {
		free(block);
		return;
	}
	full.fd = openat(dir.fd, "mnt", O_RDONLY | O_DIRECTORY);
	fd = openat(full.fd, "ballast", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(posix_fallocate(fd, 0, 300000), 0);
	close(fd);
	logwriter_free(writer);
	writer = logwriter_new(full.fd, 256 * MIB, 128 * MIB);
	say("before\n");
	memset(block, 'x', 200000);
	for (i = 0; i < 3; i++) {
		errno = 0;
		left = 0;
		if ((_i == 0 ? logwriter_add(writer, RECORD_STDOUT, 0, block, 200000) :
		    take(block, 200000, &left)) == -1)
			ck_assert_int_eq(errno, ENOSPC);
		if (left > 0)	/* as the supervisor does, to drop it */
			ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, block,
			    left), -1);
	}
	dropped = logwriter_dropped(writer);
	ck_assert_uint_ge(dropped, 400000);
	ck_assert_uint_eq(logwriter_output(writer), 600007);
	ck_assert_int_eq(unlinkat(full.fd, "ballast", 0), 0);
	say("after\n");
	say("more\n");
	dir.fd = full.fd;
	ck_assert_msg(read_from(&s, 0, logwriter_end(writer), 4096, false, &e) == 0, "%s", e.msg);
	dir.fd = saved;
	ck_assert_uint_eq(s.bytes + dropped, logwriter_output(writer));
	snprintf(block, 100, "<%llu>after\nmore\n", (unsigned long long)dropped);
	ck_assert(str_starts(s.text.s, "before\n"));
	ck_assert(str_ends(s.text.s, block));
	str_release(&s.text);
	logwriter_free(writer);
	writer = NULL;
	close(full.fd);
	free(block);
}
END_TEST

START_TEST(directory_gone)
{
	say("x");
	ck_assert_int_eq(mkdirat(dir.fd, "sub", 0700), 0);
	logwriter_free(writer);
	{
		int	sub = openat(dir.fd, "sub", O_RDONLY | O_DIRECTORY);

		ck_assert_int_eq(unlinkat(dir.fd, "sub", AT_REMOVEDIR), 0);
		writer = logwriter_new(sub, 0, 0);
		ck_assert_int_eq(logwriter_add(writer, RECORD_STDOUT, 0, "x", 1), -1);
		ck_assert_int_eq(errno, ENOENT);
		ck_assert_uint_eq(logwriter_dropped(writer), 1);
		close(sub);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("execlog");
	TCase	*t = tcase_create("execlog");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, empty);
	tcase_add_test(t, plain);
	tcase_add_test(t, within);
	tcase_add_test(t, followed);
	tcase_add_test(t, cut);
	tcase_add_test(t, cut_while_read);
	tcase_add_test(t, would_cut);
	tcase_add_test(t, long_output);
	tcase_add_test(t, files);
	tcase_add_test(t, from_a_pipe);
	tcase_add_loop_test(t, disk_full, 0, 2);
	tcase_add_test(t, directory_gone);
	suite_add_tcase(s, t);
	return s;
}
