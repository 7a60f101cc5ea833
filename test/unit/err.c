/* err.c - unit tests of base/err.h: one line, cut where it must be. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static struct err
err_filled(void)
{
	struct err	 e;

	memset(&e, 'x', sizeof e);
	e.code = 77;
	return e;
}

START_TEST(set_fills_and_returns_minus_one)
{
	struct err	 e = err_filled();

	errno = EPIPE;
	ck_assert_int_eq(err_set(&e, "open %s: %d", "x", 5), -1);
	ck_assert_str_eq(e.msg, "open x: 5");
	ck_assert_int_eq(e.code, 0);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(code_is_kept)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(err_code(&e, 404, "no %s", "such thing"), -1);
	ck_assert_str_eq(e.msg, "no such thing");
	ck_assert_int_eq(e.code, 404);
}
END_TEST

START_TEST(errno_is_named)
{
	struct err	 e = ERR_INIT;

	errno = ENOENT;
	ck_assert_int_eq(err_errno(&e, "open %s", "/x"), -1);
	ck_assert_str_eq(e.msg, "open /x: No such file or directory");
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(wrap_goes_before)
{
	struct err	 e = ERR_INIT;

	err_code(&e, 7, "inner");
	errno = EPIPE;
	ck_assert_int_eq(err_wrap(&e, "machine %d", 3), -1);
	ck_assert_str_eq(e.msg, "machine 3: inner");
	ck_assert_int_eq(e.code, 7);
	ck_assert_int_eq(errno, EPIPE);
	err_set(&e, "%s", "");
	err_wrap(&e, "alone");
	ck_assert_str_eq(e.msg, "alone");
}
END_TEST

START_TEST(own_message_may_be_an_argument)
{
	struct err	 e = ERR_INIT;

	err_set(&e, "first");
	err_set(&e, "again (%s)", e.msg);
	ck_assert_str_eq(e.msg, "again (first)");
	err_wrap(&e, "<%s>", e.msg);
	ck_assert_str_eq(e.msg, "<again (first)>: again (first)");
}
END_TEST

START_TEST(one_line)
{
	struct err	 e = ERR_INIT;

	err_set(&e, "a\nb\r\nc");
	ck_assert_str_eq(e.msg, "a b  c");
}
END_TEST

START_TEST(long_is_cut)
{
	char		 text[2 * ERR_MAX];
	struct err	 e = ERR_INIT;

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&e, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), ERR_MAX - 1);
	err_wrap(&e, "before");
	ck_assert_uint_eq(strlen(e.msg), ERR_MAX - 1);
	ck_assert_int_eq(strncmp(e.msg, "before: aaa", 11), 0);
	errno = ENOENT;
	err_errno(&e, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), ERR_MAX - 1);
	text[ERR_MAX - 1] = '\0';
	err_set(&e, "%s", text);	/* fits to the byte */
	ck_assert_str_eq(e.msg, text);
}
END_TEST

START_TEST(cut_is_between_characters)
{
	char		 text[ERR_MAX + 8];
	struct err	 e = ERR_INIT;
	int		 lead;

	for (lead = 1; lead <= 4; lead++) {
		/* The last byte that fits is the lead-th of a character. */
		memset(text, 'a', sizeof text);
		memcpy(text + ERR_MAX - 1 - lead, "\360\237\230\200z", 6);
		err_set(&e, "%s", text);
		if (lead < 4)
			ck_assert_uint_eq(strlen(e.msg), ERR_MAX - 1u - lead);
		ck_assert_int_eq(e.msg[ERR_MAX - 2 - lead], 'a');
	}
	/* A wrap moves the cut: the same holds there. */
	memset(text, 'a', sizeof text);
	memcpy(text + ERR_MAX - 6, "\360\237\230\200", 5);
	err_set(&e, "%s", text);
	err_wrap(&e, "x");
	ck_assert_uint_eq(strlen(e.msg), ERR_MAX - 3);
}
END_TEST

START_TEST(null_only_returns)
{
	errno = ENOENT;
	ck_assert_int_eq(err_set(NULL, "x"), -1);
	ck_assert_int_eq(err_code(NULL, 3, "x"), -1);
	ck_assert_int_eq(err_errno(NULL, "x"), -1);
	ck_assert_int_eq(err_wrap(NULL, "x"), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("err");
	TCase	*t = tcase_create("err");

	tcase_add_test(t, set_fills_and_returns_minus_one);
	tcase_add_test(t, code_is_kept);
	tcase_add_test(t, errno_is_named);
	tcase_add_test(t, wrap_goes_before);
	tcase_add_test(t, own_message_may_be_an_argument);
	tcase_add_test(t, one_line);
	tcase_add_test(t, long_is_cut);
	tcase_add_test(t, cut_is_between_characters);
	tcase_add_test(t, null_only_returns);
	suite_add_tcase(s, t);
	return s;
}
