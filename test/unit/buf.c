/* buf.c - unit tests of io/buf.h. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/buf.h"

static struct evbuffer *b;

static void
setup(void)
{
	b = buf_new();
}

static void
teardown(void)
{
	buf_free(b);
}

START_TEST(adds_and_takes)
{
	char	 p[16] = "";
	size_t	 len;
	char	*s;

	ck_assert_ptr_null(buf_peek(b, &len));
	ck_assert_uint_eq(len, 0);
	buf_adds(b, "hello ");
	buf_addf(b, "%d", 42);
	buf_add(b, "", 0);
	ck_assert_uint_eq(buf_len(b), 8);
	ck_assert_uint_eq(buf_take(b, p, 5), 5);
	ck_assert_str_eq(p, "hello");
	buf_drain(b, 1);
	s = buf_string(b, &len);
	ck_assert_str_eq(s, "42");
	ck_assert_uint_eq(len, 2);
	ck_assert_uint_eq(buf_len(b), 0);
	ck_assert_uint_eq(buf_take(b, p, 5), 0);
	free(s);
}
END_TEST

START_TEST(big_then_small)
{
	char	*block = malloc(200000), *s;
	size_t	 i, len;

	memset(block, 'x', 200000);
	buf_add(b, block, 200000);
	for (i = 0; i < 1000; i++)
		buf_add(b, "12 bytes ...", 12);
	ck_assert_uint_eq(buf_len(b), 212000);
	s = buf_string(b, &len);
	ck_assert_int_eq(memcmp(s, block, 200000), 0);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(memcmp(s + 200000 + 12 * i, "12 bytes ...", 12), 0);
	free(s);
	free(block);
}
END_TEST

static void
dropped(const void *p, size_t len, void *arg)
{
	ck_assert_uint_eq(len, 5);
	ck_assert_int_eq(memcmp(p, "stays", 5), 0);
	++*(int *)arg;
}

/* Not copied, however it is moved, and let go of when it is not needed. */
START_TEST(refers)
{
	static const char	 text[] = "stays";
	struct evbuffer		*from = buf_new(), *to = buf_new();
	int			 drops = 0;
	size_t			 len;

	buf_adds(from, "it ");
	buf_add_ref(from, text, 5, dropped, &drops);
	buf_drain(from, 3);
	ck_assert_ptr_eq(buf_peek(from, &len), text);
	ck_assert_uint_eq(buf_move(to, from, 100), 5);
	ck_assert_ptr_eq(buf_peek(to, &len), text);
	buf_free(from);
	buf_drain(to, 4);
	ck_assert_int_eq(drops, 0);
	buf_drain(to, 1);
	ck_assert_int_eq(drops, 1);
	buf_free(to);
}
END_TEST

START_TEST(moves_exactly)
{
	struct evbuffer	*to = buf_new();
	char		*s;

	buf_adds(b, "abcdefgh");
	ck_assert_uint_eq(buf_move(to, b, 0), 0);
	ck_assert_uint_eq(buf_move(to, b, 3), 3);
	ck_assert_uint_eq(buf_len(b), 5);
	ck_assert_uint_eq(buf_move(to, b, SIZE_MAX), 5);
	ck_assert_uint_eq(buf_move(to, b, 10), 0);
	s = buf_string(to, NULL);
	ck_assert_str_eq(s, "abcdefgh");
	free(s);
	buf_free(to);
}
END_TEST

START_TEST(pulls_up)
{
	struct evbuffer *more = buf_new();

	buf_adds(b, "abc");
	buf_adds(more, "def");
	buf_move(b, more, SIZE_MAX);
	ck_assert_ptr_null(buf_pullup(b, 7));
	ck_assert_int_eq(memcmp(buf_pullup(b, 6), "abcdef", 6), 0);
	buf_free(more);
}
END_TEST

static void
expect_line(size_t max, const char *want, int want_long)
{
	int	 too_long = -1;
	char	*s = buf_line(b, max, &too_long);

	ck_assert_int_eq(too_long, want_long);
	if (want == NULL)
		ck_assert_ptr_null(s);
	else
		ck_assert_str_eq(s, want);
	free(s);
}

START_TEST(lines)
{
	buf_adds(b, "one\r\ntwo\n\n\r\nhalf");
	expect_line(10, "one", 0);
	expect_line(10, "two", 0);
	expect_line(10, "", 0);
	expect_line(10, "", 0);
	expect_line(10, NULL, 0);
	buf_adds(b, "\r");
	expect_line(4, NULL, 0);	/* may still be its end */
	buf_adds(b, "\n");
	expect_line(4, "half", 0);
}
END_TEST

START_TEST(long_lines)
{
	buf_adds(b, "12345\n");
	expect_line(4, NULL, 1);
	expect_line(5, "12345", 0);
	buf_adds(b, "12345\r\n");
	expect_line(4, NULL, 1);
	expect_line(5, "12345", 0);
	buf_adds(b, "endless");
	expect_line(5, NULL, 1);
}
END_TEST

START_TEST(descriptors)
{
	int	 p[2];
	char	*s;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(buf_read_fd(b, p[0], 10), -1);
	ck_assert_int_eq(errno, EAGAIN);
	buf_adds(b, "through the pipe");
	ck_assert_int_eq(buf_write_fd(b, p[1], 7), 7);
	ck_assert_int_eq(buf_write_fd(b, p[1], 100), 9);
	ck_assert_int_eq(buf_write_fd(b, p[1], 100), 0);
	ck_assert_int_eq(buf_read_fd(b, p[0], 7), 7);
	ck_assert_int_eq(buf_read_fd(b, p[0], 100), 9);
	close(p[1]);
	ck_assert_int_eq(buf_read_fd(b, p[0], 100), 0);
	close(p[0]);
	s = buf_string(b, NULL);
	ck_assert_str_eq(s, "through the pipe");
	free(s);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("buf");
	TCase	*t = tcase_create("buf");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, adds_and_takes);
	tcase_add_test(t, big_then_small);
	tcase_add_test(t, refers);
	tcase_add_test(t, moves_exactly);
	tcase_add_test(t, pulls_up);
	tcase_add_test(t, lines);
	tcase_add_test(t, long_lines);
	tcase_add_test(t, descriptors);
	suite_add_tcase(s, t);
	return s;
}
