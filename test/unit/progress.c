/* progress.c - unit tests of client/progress.h: the text of the line. */
#include "client/progress.h"

#include <stdlib.h>

#include "unit.h"

#define MIB (1024 * 1024)

static void
is(const char *want, int64_t total, bool most, uint64_t bytes, uint64_t rate)
{
	struct progress_of	 of = { "put", total, most, NULL, NULL };
	char			*text = progress_text(&of, bytes, rate);

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(total_known)
{
	is("put: 0 B of 10.0 MiB (0%)", 10 * MIB, false, 0, 0);
	is("put: 1.0 MiB of 10.0 MiB (10%), 1.0 MiB/s, 10s left", 10 * MIB, false,
	    MIB, MIB);
	is("put: 10.0 MiB, waiting for the other end", 10 * MIB, false, 10 * MIB, 0);
	is("put: 0 B, waiting for the other end", 0, false, 0, 0);
	/* Files grow: what is read then is not more than all of it. */
	is("put: 11.0 MiB, waiting for the other end", 10 * MIB, false, 11 * MIB, MIB);
}
END_TEST

START_TEST(total_unknown)
{
	is("put: 1.0 MiB", -1, false, MIB, 0);
	is("put: 1.0 MiB, 2.0 MiB/s", -1, false, MIB, 2 * MIB);
}
END_TEST

START_TEST(total_is_a_limit)
{
	is("put: 1.0 MiB of at most 3.0 MiB, 1.0 MiB/s, at most 3s left", 3 * MIB,
	    true, MIB, MIB);
	is("put: 4.0 MiB of at most 3.0 MiB, 1.0 MiB/s, at most 1s left", 3 * MIB,
	    true, 4 * MIB, MIB);
}
END_TEST

START_TEST(extremes)
{
	is("put: 0 B of 8.0 EiB (0%), 1 B/s", INT64_MAX, false, 0, 1);
	is("put: 16.0 EiB, 16.0 EiB/s", -1, false, UINT64_MAX, UINT64_MAX);
}
END_TEST

START_TEST(none_where_stderr_is_no_terminal)
{
	struct progress_of	of = { "put", 0, false, NULL, NULL };

	/* No loop is needed, since nothing is made. */
	ck_assert_ptr_null(progress_new(NULL, &of, true));
	progress_free(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("progress");
	TCase	*t = tcase_create("progress");

	tcase_add_test(t, total_known);
	tcase_add_test(t, total_unknown);
	tcase_add_test(t, total_is_a_limit);
	tcase_add_test(t, extremes);
	tcase_add_test(t, none_where_stderr_is_no_terminal);
	suite_add_tcase(s, t);
	return s;
}
