/* lines.c - unit tests of client/lines.h: pieces in, whole lines out. */
#include "client/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "unit.h"

static struct lines	lines;
static struct strs	got;

static void
on_line(const char *p, size_t len, void *arg)
{
	(void)arg;
	strs_adopt(&got, xstrndup(p, len));
}

static void
setup(void)
{
	memset(&lines, 0, sizeof lines);
	memset(&got, 0, sizeof got);
}

static void
teardown(void)
{
	lines_release(&lines);
	strs_release(&got);
}

static void
feed(const char *text)
{
	lines_feed(&lines, text, strlen(text), on_line, NULL);
}

START_TEST(test_lines)
{
	feed("one\ntwo\n\nthr");
	ck_assert_uint_eq(got.n, 3);
	feed("ee\nfo");
	feed("");
	feed("ur");
	ck_assert_uint_eq(got.n, 4);
	lines_end(&lines, on_line, NULL);
	lines_end(&lines, on_line, NULL);
	ck_assert_uint_eq(got.n, 5);
	ck_assert_str_eq(got.v[0], "one");
	ck_assert_str_eq(got.v[1], "two");
	ck_assert_str_eq(got.v[2], "");
	ck_assert_str_eq(got.v[3], "three");
	ck_assert_str_eq(got.v[4], "four");
}
END_TEST

/* In whatever pieces it comes, the same lines come out. */
START_TEST(test_pieces)
{
	const char	*text = "a\n\nbcd\nefghijk\n\n\nl";
	size_t		 size, at, len = strlen(text);

	for (size = 1; size <= len; size++) {
		for (at = 0; at < len; at += size)
			lines_feed(&lines, text + at, len - at < size ? len - at : size,
			    on_line, NULL);
		lines_end(&lines, on_line, NULL);
		ck_assert_uint_eq(got.n, 7);
		ck_assert_str_eq(got.v[3], "efghijk");
		ck_assert_str_eq(got.v[6], "l");
		teardown();
		setup();
	}
}
END_TEST

/* A line of just the limit is one line; a byte more, and it is two. */
START_TEST(test_long)
{
	char	*x = xmalloc(LINES_MAX);
	size_t	 i;

	memset(x, 'x', LINES_MAX);
	for (i = 0; i < 3; i++) {
		lines_feed(&lines, x, LINES_MAX, on_line, NULL);
		ck_assert_uint_eq(got.n, i);
		feed("\n");
	}
	ck_assert_uint_eq(got.n, 3);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(strlen(got.v[i]), LINES_MAX);
	lines_feed(&lines, x, LINES_MAX, on_line, NULL);
	feed("yz\nnext\n");
	ck_assert_uint_eq(got.n, 6);
	ck_assert_uint_eq(strlen(got.v[3]), LINES_MAX);
	ck_assert_str_eq(got.v[4], "yz");
	ck_assert_str_eq(got.v[5], "next");
	free(x);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("lines");
	TCase	*c = tcase_create("lines");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_lines);
	tcase_add_test(c, test_pieces);
	tcase_add_test(c, test_long);
	suite_add_tcase(s, c);
	return s;
}
