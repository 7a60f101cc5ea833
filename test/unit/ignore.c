/* ignore.c - unit tests of client/ignore.h. */
#include "unit.h"

#include <string.h>

#include "client/ignore.h"

static struct rules	*rs;
static struct ignore	*g;
static struct err	 e;

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	rs = rules_new();
	ck_assert_int_eq(rules_add(rs, rules_always, "rules", &e), 0);
	g = ignore_new(rs);
}

static void
teardown(void)
{
	ignore_free(g);
	rules_free(rs);
}

static void
rule(const char *text)
{
	ck_assert_msg(rules_add(rs, text, "rules", &e) == 0, "%s", e.msg);
}

START_TEST(test_git_itself)
{
	rule("include .git\n");
	ck_assert(ignore_match(g, ".git", true, false));
	ck_assert(ignore_match(g, "sub/.git", false, false));
	ck_assert(!ignore_match(g, ".github", true, false));
	ck_assert(!ignore_reach(g, "sub/.git"));
}
END_TEST

START_TEST(test_what_git_told)
{
	ignore_add(g, "build/", strlen("build/"));
	ignore_add(g, "a.o and more", strlen("a.o"));
	ignore_add(g, "/", 1);
	ignore_add(g, "", 0);
	ck_assert(ignore_match(g, "build", true, false));
	ck_assert(ignore_match(g, "a.o", false, false));
	ck_assert(!ignore_match(g, "b.o", false, false));
	ck_assert(!ignore_match(g, "a.o and more", false, false));
}
END_TEST

/* git names such a directory and then what is in it. */
START_TEST(test_all_content_ignored)
{
	ignore_add(g, "logs/", strlen("logs/"));
	ignore_add(g, "logs/old/", strlen("logs/old/"));
	ignore_add(g, "logs/old/a.log", strlen("logs/old/a.log"));
	ck_assert(!ignore_match(g, "logs", true, false));
	ck_assert(!ignore_match(g, "logs/old", true, false));
	ck_assert(ignore_match(g, "logs/old/a.log", false, false));
}
END_TEST

START_TEST(test_who_has_the_say)
{
	ignore_add(g, "build", strlen("build"));
	rule("include /build/keep\nexclude *.log\n");
	ck_assert(ignore_match(g, "build", true, false));
	ck_assert(ignore_reach(g, "build"));
	ck_assert(!ignore_reach(g, "other"));
	ck_assert(!ignore_match(g, "build/keep", false, true));
	ck_assert(ignore_match(g, "build/other", false, true));
	ck_assert(ignore_match(g, "x.log", false, false));
	ck_assert(ignore_match(g, "x~", false, false));
	rule("include *~\n");
	ck_assert(!ignore_match(g, "x~", false, false));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("ignore");
	TCase	*c = tcase_create("ignore");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_git_itself);
	tcase_add_test(c, test_what_git_told);
	tcase_add_test(c, test_all_content_ignored);
	tcase_add_test(c, test_who_has_the_say);
	suite_add_tcase(s, c);
	return s;
}
