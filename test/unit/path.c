/* path.c - unit tests of base/path.h. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/path.h"

START_TEST(check_takes)
{
	static const char *const	 good[] = {
		"", ".", "a", "a/b", "./a", "a/", "a//b", "...", "..a", "a..",
		"a/..b/c", "a/.../b", ".hidden", "\303\244/\n", "a\\..\\b",
	};
	size_t	 i;

	for (i = 0; i < nitems(good); i++)
		ck_assert_int_eq(path_check(good[i], NULL), 0);
}
END_TEST

START_TEST(check_refuses_as_stock_buildlets)
{
	static const struct {
		const char	*path, *why;
	} bad[] = {
		{ "../x", "path \"../x\" refers to a parent directory" },
		{ "/w", "path \"/w\" is not relative" },
		{ "/", "path \"/\" is not relative" },
		{ "//a", "path \"//a\" is not relative" },
		{ "/../a", "path \"/../a\" is not relative" },
		{ "..", "path \"..\" refers to a parent directory" },
		{ "a/..", "path \"a/..\" refers to a parent directory" },
		{ "a/../b", "path \"a/../b\" refers to a parent directory" },
		{ "a//..", "path \"a//..\" refers to a parent directory" },
		{ "./../", "path \"./../\" refers to a parent directory" },
		{ "a\n/..", "path \"a\\n/..\" refers to a parent directory" },
	};
	struct err	 e = ERR_INIT;
	size_t		 i;

	for (i = 0; i < nitems(bad); i++) {
		ck_assert_int_eq(path_check(bad[i].path, &e), -1);
		ck_assert_str_eq(e.msg, bad[i].why);
		ck_assert_int_eq(path_check(bad[i].path, NULL), -1);
	}
}
END_TEST

START_TEST(check_bounds)
{
	static char	 p[PATH_WIRE_MAX + 2];
	struct err	 e = ERR_INIT;

	memset(p, 'a', PATH_WIRE_MAX);
	ck_assert_int_eq(path_check(p, &e), 0);
	p[PATH_WIRE_MAX] = 'a';
	ck_assert_int_eq(path_check(p, &e), -1);
	ck_assert_int_eq(strncmp(e.msg, "path \"aaa", 9), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, "... is too long"));
	/* The reason is seen behind a long path of escapes too. */
	memset(p, '\001', PATH_WIRE_MAX);
	memcpy(p + PATH_WIRE_MAX - 3, "/..", 4);
	ck_assert_int_eq(path_check(p, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "... refers to a parent"));
}
END_TEST

/* Each line: a path, and what it cleans to. */
static const char *const cleans[][2] = {
	{ "", "." }, { ".", "." }, { "./", "." }, { "./.", "." },
	{ "a", "a" }, { "a/", "a" }, { "a/.", "a" }, { "./a", "a" },
	{ "a//b/./c/", "a/b/c" }, { "a/b/..", "a" }, { "a/..", "." },
	{ "a/../b", "b" }, { "a/../..", ".." }, { "..", ".." },
	{ "../", ".." }, { "../..", "../.." }, { "../a/..", ".." },
	{ "../../a", "../../a" }, { "a/b/../../c", "c" },
	{ "a/b/../../../c", "../c" }, { "/", "/" }, { "//", "/" },
	{ "/.", "/" }, { "/..", "/" }, { "/../a", "/a" }, { "/a/..", "/" },
	{ "/a/b/..", "/a" }, { "//a//b", "/a/b" }, { "/a/../../b", "/b" },
	{ "...", "..." }, { "a/...", "a/..." }, { "..a/..", "." },
	{ "a../..", "." }, { ".a", ".a" }, { "./..", ".." },
};

START_TEST(clean_is_lexical)
{
	size_t	 i;
	char	*once, *twice;

	for (i = 0; i < nitems(cleans); i++) {
		once = path_clean(cleans[i][0]);
		ck_assert_str_eq(once, cleans[i][1]);
		twice = path_clean(once);
		ck_assert_str_eq(twice, once);
		free(once);
		free(twice);
	}
}
END_TEST

START_TEST(join_adds_what_is_clean)
{
	static const char *const	 t[][3] = {
		{ "/w", "a", "/w/a" }, { "/w", ".", "/w" }, { "/w", "", "/w" },
		{ "/w", "a//./b/", "/w/a/b" }, { "/", "a", "/a" },
		{ "/", "", "/" }, { "/w/", "a", "/w/a" }, { "/w", "/a", "/w/a" },
		{ "/w", "/", "/w" }, { "", "a", "a" }, { ".", "a", "./a" },
		{ "/w", "a/..", "/w" }, { "/w", "../x", "/w/../x" },
	};
	size_t	 i;
	char	*p;

	for (i = 0; i < nitems(t); i++) {
		p = path_join(t[i][0], t[i][1]);
		ck_assert_str_eq(p, t[i][2]);
		free(p);
	}
}
END_TEST

START_TEST(base_and_dir_split)
{
	static const char *const	 t[][3] = {
		{ "a/b/c", "c", "a/b" }, { "c", "c", "." }, { "/c", "c", "/" },
		{ "/", "", "/" }, { "", "", "." }, { "a/", "", "a" },
		{ "a//b", "b", "a" }, { "//c", "c", "/" }, { "/a/b", "b", "/a" },
	};
	size_t	 i;
	char	*dir;

	for (i = 0; i < nitems(t); i++) {
		ck_assert_str_eq(path_base(t[i][0]), t[i][1]);
		dir = path_dir(t[i][0]);
		ck_assert_str_eq(dir, t[i][2]);
		free(dir);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("path");
	TCase	*t = tcase_create("path");

	tcase_add_test(t, check_takes);
	tcase_add_test(t, check_refuses_as_stock_buildlets);
	tcase_add_test(t, check_bounds);
	tcase_add_test(t, clean_is_lexical);
	tcase_add_test(t, join_adds_what_is_clean);
	tcase_add_test(t, base_and_dir_split);
	suite_add_tcase(s, t);
	return s;
}
