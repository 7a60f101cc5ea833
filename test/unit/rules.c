/* rules.c - unit tests of client/rules.h. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "client/rules.h"

static struct rules	*r;
static struct err	 e;

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	r = rules_new();
}

static void
teardown(void)
{
	rules_free(r);
}

static void
add(const char *text)
{
	ck_assert_msg(rules_add(r, text, "f", &e) == 0, "%s", e.msg);
}

static bool
out(const char *pattern, const char *path, bool dir)
{
	struct rules	*one = rules_new();
	char		*line = NULL;
	bool		 is;

	ck_assert_int_gt(asprintf(&line, "exclude %s", pattern), 0);
	ck_assert_msg(rules_add(one, line, "f", &e) == 0, "%s", e.msg);
	is = rules_say(one, path, dir) == RULES_EXCLUDE;
	free(line);
	rules_free(one);
	return is;
}

/* As gitignore(5) tells of them. */
START_TEST(test_patterns)
{
	ck_assert(out("x", "x", false));
	ck_assert(out("x", "a/b/x", false));
	ck_assert(!out("x", "xx", false));
	ck_assert(!out("/x", "a/x", false));
	ck_assert(out("/x", "x", true));
	ck_assert(out("x/", "a/x", true));
	ck_assert(!out("x/", "a/x", false));
	ck_assert(out("a/x", "a/x", false));
	ck_assert(!out("a/x", "b/a/x", false));
	ck_assert(out("*.o", "a/b.o", false));
	ck_assert(!out("/*.o", "a/b.o", false));
	ck_assert(!out("a*b/x", "a/b/x", false));
	ck_assert(out("a?c", "abc", false));
	ck_assert(!out("a?c", "ac", false));
	ck_assert(out("[a-c]x", "bx", false));
	ck_assert(!out("[!a-c]x", "bx", false));
	ck_assert(out("[^a]x", "bx", false));
	ck_assert(out("[]x]", "]", false));
	ck_assert(out("[ab", "[ab", false));
	ck_assert(out("\\*x", "*x", false));
	ck_assert(!out("\\*x", "ax", false));
	ck_assert(out("#*#", "#a#", false));
	ck_assert(out("a b", "a b", false));
}
END_TEST

START_TEST(test_many_elements)
{
	ck_assert(out("**/x", "x", false));
	ck_assert(out("**/x", "a/b/x", false));
	ck_assert(out("a/**", "a/b/c", false));
	ck_assert(!out("a/**", "a", true));
	ck_assert(out("a/**/b", "a/b", false));
	ck_assert(out("a/**/b", "a/x/y/b", false));
	ck_assert(!out("a/**/b", "a/x/y/c", false));
	ck_assert(out("**/a/**/b", "x/a/y/a/z/b", false));
	ck_assert(!out("a/b", "a/b/c", false));
	ck_assert(!out("a/b/c", "a/b", true));
}
END_TEST

/* Patterns and names that would take for ever if every way were tried. */
START_TEST(test_hard_patterns)
{
	char	pattern[401], name[4001];

	memset(pattern, 0, sizeof pattern);
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	while (strlen(pattern) + 2 < sizeof pattern - 1)
		memcpy(pattern + strlen(pattern), "*a", 2);
	memcpy(pattern + strlen(pattern), "b", 1);
	ck_assert(!out(pattern, name, false));
}
END_TEST

START_TEST(test_order)
{
	add("# a comment\n\n  exclude *.log\t\ninclude keep.log\r\n");
	ck_assert_int_eq(rules_say(r, "a.log", false), RULES_EXCLUDE);
	ck_assert_int_eq(rules_say(r, "x/keep.log", false), RULES_INCLUDE);
	ck_assert_int_eq(rules_say(r, "a.txt", false), RULES_NOTHING);
	add("exclude-files keep*");
	ck_assert_int_eq(rules_say(r, "keep.log", false), RULES_EXCLUDE);
	ck_assert_int_eq(rules_say(r, "keep.log", true), RULES_INCLUDE);
}
END_TEST

START_TEST(test_keep)
{
	add("keep /bin/\nkeep-files gen*\n");
	ck_assert(rules_keep(r, "bin", true));
	ck_assert(!rules_keep(r, "bin", false));
	ck_assert(rules_keep(r, "bin/a/b", false));
	ck_assert(!rules_keep(r, "src/bin", true));
	ck_assert(rules_keep(r, "src/gen.go", false));
	ck_assert(!rules_keep(r, "src/gen.d", true));
	ck_assert(!rules_keep(r, "src/gen.d/x", false));
	ck_assert_int_eq(rules_say(r, "bin", true), RULES_NOTHING);
}
END_TEST

START_TEST(test_reach)
{
	ck_assert(!rules_reach(r, "a"));
	add("include /a/b*/c\n");
	ck_assert(rules_reach(r, "a"));
	ck_assert(rules_reach(r, "a/bx"));
	ck_assert(!rules_reach(r, "a/x"));
	ck_assert(!rules_reach(r, "a/b/c"));
	ck_assert(!rules_reach(r, "b"));
	add("include x/**/y\n");
	ck_assert(rules_reach(r, "x/1/2/3"));
	add("include z\n");
	ck_assert(rules_reach(r, "b/b"));
}
END_TEST

START_TEST(test_mistakes)
{
	ck_assert_int_eq(rules_add(r, "exclude a\nforget b\n", "f", &e), -1);
	ck_assert_str_eq(e.msg, "f:2: \"forget\" is none of exclude, include, keep");
	ck_assert_int_eq(rules_add(r, "exclude\n", "f", &e), -1);
	ck_assert_str_eq(e.msg, "f:1: a pattern is missing");
	ck_assert_int_eq(rules_add(r, "\n\nkeep /\n", "f", &e), -1);
	ck_assert_str_eq(e.msg, "f:3: a pattern is missing");
}
END_TEST

/* Backups are files; a directory of such a name is somebody's work. */
START_TEST(test_ours)
{
	static const char *const	backups[] = { "a.c~", "d/#a.c#", "d/.#a.c",
		".a.c.swp" };
	static const char *const	others[] = { "a.c", "#a.c", "~", "#", ".swp" };
	size_t				i;

	add(rules_always);
	add(rules_go);
	for (i = 0; i < nitems(backups); i++) {
		ck_assert_int_eq(rules_say(r, backups[i], false), RULES_EXCLUDE);
		ck_assert_int_eq(rules_say(r, backups[i], true), RULES_NOTHING);
	}
	for (i = 0; i < nitems(others); i++)
		ck_assert_int_eq(rules_say(r, others[i], false), RULES_NOTHING);
	ck_assert(rules_keep(r, "pkg/linux_amd64/fmt.a", false));
	ck_assert(rules_keep(r, "src/cmd/cgo/zdefaultcc.go", false));
	ck_assert(!rules_keep(r, "src/cmd/cgo/main.go", false));
	ck_assert_int_eq(rules_say(r, "pkg", true), RULES_NOTHING);
	add(rules_goroot);
	ck_assert_int_eq(rules_say(r, "pkg", true), RULES_EXCLUDE);
	ck_assert_int_eq(rules_say(r, "src/pkg", true), RULES_NOTHING);
	ck_assert_int_eq(rules_say(r, "VERSION", false), RULES_NOTHING);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("rules");
	TCase	*c = tcase_create("rules");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_patterns);
	tcase_add_test(c, test_many_elements);
	tcase_add_test(c, test_hard_patterns);
	tcase_add_test(c, test_order);
	tcase_add_test(c, test_keep);
	tcase_add_test(c, test_reach);
	tcase_add_test(c, test_mistakes);
	tcase_add_test(c, test_ours);
	suite_add_tcase(s, c);
	return s;
}
