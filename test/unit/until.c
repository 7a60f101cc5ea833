/* until.c - unit tests of client/until.h. */
#include "client/until.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "unit.h"

static struct until *
make(const char *pattern, size_t window)
{
	struct err	 e = ERR_INIT;
	struct until	*u = until_new(pattern, window, &e);

	ck_assert_msg(u != NULL, "%s: %s", pattern, e.msg);
	return u;
}

static bool
match(const char *pattern, const char *output)
{
	struct until	*u = make(pattern, UNTIL_WINDOW);
	bool		 found;

	until_add(u, output, strlen(output));
	found = until_end(u);
	until_free(u);
	return found;
}

START_TEST(test_patterns)
{
	static const struct {
		const char	*pattern, *output;
		bool		 found;
	} cases[] = {
		{ "FAIL", "ok\nFAIL\tx\n", true },
		{ "FAIL", "ok\nfail\n", false },
		{ "FAIL|panic:", "panic: x", true },
		{ "^FAIL$", "a\nFAIL\nb\n", true },
		{ "^FAIL$", "FAIL", true },
		{ "^FAIL$", "FAILED\n", false },
		{ "a.*b", "a\nb\n", false },
		{ "a[^x]*b", "a\nb\n", false },
		{ "a[[:space:]]b", "a\nb\n", true },
		{ "a\\nb", "a\nb\n", true },
		{ "a\nb", "a\nb\n", true },
		{ "b\\n", "a\nb\n", true },
		{ "b\\n", "a\nb", false },
		{ "a\\tb", "a\tb", true },
		{ "a\\\\nb", "a\\nb", true },
		{ "a\\.b", "axb", false },
		{ "[\\d]", "\\", true },
		{ "[]\\d]x", "]x", true },
		{ "[[:digit:]\\s]x", "3x", true },
		{ "^$", "", true },
		{ "^$", "a\n", false },
		{ "^$", "a\n\nb\n", true },
		{ "^$", "a\n\n", true },
		{ "", "", true },
		{ "x{3}", "xxxx", true },
		{ "[\303]\244", "\303\244", true },
	};
	size_t	i;

	for (i = 0; i < nitems(cases); i++)
		ck_assert_msg(match(cases[i].pattern, cases[i].output) == cases[i].found,
		    "\"%s\" in \"%s\"", cases[i].pattern, cases[i].output);
}
END_TEST

START_TEST(test_refused)
{
	static const char *const bad[] = { "(", "a{2,1}", "[b", "\\d+", "a\\w",
	    "x\\", "(a)\\1", "[[:nonesuch:]]" };
	struct err	e;
	size_t		i;

	for (i = 0; i < nitems(bad); i++) {
		e = (struct err)ERR_INIT;
		ck_assert_msg(until_new(bad[i], 8, &e) == NULL, "%s", bad[i]);
		ck_assert_str_ne(e.msg, "");
	}
}
END_TEST

/* Cut in two and in three at every place, and byte for byte. */
START_TEST(test_chunks)
{
	const char	*text = "one\ntwo NEEDLE two\nthree\n";
	size_t		 n = strlen(text), i, j;
	struct until	*u = make("two NEEDLE two\\nthr", UNTIL_WINDOW);

	for (i = 0; i <= n; i++)
		for (j = i; j <= n; j++) {
			until_add(u, text, i);
			until_add(u, text + i, j - i);
			until_add(u, text + j, n - j);
			ck_assert_msg(until_end(u), "cut at %zu and %zu", i, j);
		}
	for (i = 0; i < n; i++)
		until_add(u, text + i, 1);
	ck_assert(until_end(u));
	ck_assert(!until_end(u));
	until_free(u);
}
END_TEST

/* A window of 32 bytes: what has up to 15 is found at every place, in lines of
 * every length, in pieces of every size. */
START_TEST(test_window)
{
	char		 text[120];
	struct until	*u = make("^NEEDLE no\\. 1$", 32);
	size_t		 at, line, piece, i;

	for (at = 0; at + 16 <= sizeof text; at++)
		for (line = 1; line < 70; line++) {
			memset(text, 'x', sizeof text);
			for (i = line; i < sizeof text; i += line + 1)
				text[i] = '\n';
			memcpy(text + at, "\nNEEDLE no. 1\n", 14);
			piece = 1 + (at + line) % 50;
			for (i = 0; i < sizeof text; i += piece)
				until_add(u, text + i, piece < sizeof text - i ?
				    piece : sizeof text - i);
			ck_assert_msg(until_end(u), "at %zu, lines of %zu", at, line);
		}
	until_free(u);
}
END_TEST

/* Nothing begins a line where the window was cut, and nothing ends one. */
START_TEST(test_no_line)
{
	char		 text[200];
	struct until	*begin = make("^x", 16), *end = make("x$", 16);
	size_t		 i;

	memset(text, 'x', sizeof text);
	text[0] = text[sizeof text - 2] = 'y';
	text[sizeof text - 1] = '\n';
	for (i = 1; i < sizeof text; i += 7) {
		until_add(begin, text, i);
		until_add(begin, text + i, sizeof text - i);
		ck_assert(!until_end(begin));
		until_add(end, text, i);
		until_add(end, text + i, sizeof text - i);
		ck_assert(!until_end(end));
	}
	until_free(begin);
	until_free(end);
}
END_TEST

START_TEST(test_gap)
{
	struct until	*u = make("a[[:space:]]*b|^c|d$", UNTIL_WINDOW);

	until_add(u, "a", 1);
	until_add(u, NULL, 100);
	until_add(u, "b", 1);
	ck_assert(!until_end(u));
	until_add(u, "d", 1);
	until_add(u, NULL, 100);
	until_add(u, "c", 1);
	ck_assert(!until_end(u));
	until_add(u, "ab", 2);
	until_add(u, NULL, 100);
	ck_assert(until_end(u));
	until_free(u);
}
END_TEST

START_TEST(test_nul)
{
	struct until	*u = make("^a b\\nc$", UNTIL_WINDOW);

	until_add(u, "x\0y\na\0b\nc\n", 10);
	ck_assert(until_end(u));
	until_free(u);
}
END_TEST

/* Much of it: the window stays what it is, and the time is that of reading. */
START_TEST(test_much)
{
	size_t		 n = 1000 * 1000, i;
	char		*text = xmalloc(n);
	struct until	*u = make("needle in [0-9]+ haystacks", UNTIL_WINDOW);

	memset(text, 'n', n);
	for (i = 0; i < 32; i++)
		until_add(u, text, n);
	until_add(u, "needle in 32 hay", 16);
	until_add(u, "stacks", 6);
	until_add(u, text, n);
	until_add(u, text, n);
	ck_assert(until_end(u));
	free(text);
	until_free(u);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("until");
	TCase	*c = tcase_create("until");

	tcase_add_test(c, test_patterns);
	tcase_add_test(c, test_refused);
	tcase_add_test(c, test_chunks);
	tcase_add_test(c, test_window);
	tcase_add_test(c, test_no_line);
	tcase_add_test(c, test_gap);
	tcase_add_test(c, test_nul);
	tcase_add_test(c, test_much);
	suite_add_tcase(s, c);
	return s;
}
