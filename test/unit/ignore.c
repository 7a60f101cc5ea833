/* ignore.c - unit tests of client/ignore.h. */
#include "unit.h"

#include <string.h>

#include "client/ignore.h"

START_TEST(test_backups)
{
	ck_assert(ignore_is_backup("a.c~"));
	ck_assert(ignore_is_backup("dir/#a.c#"));
	ck_assert(ignore_is_backup("dir/.#a.c"));
	ck_assert(ignore_is_backup(".a.c.swp"));
	ck_assert(!ignore_is_backup("a.c"));
	ck_assert(!ignore_is_backup("#a.c"));
	ck_assert(!ignore_is_backup("a~/b"));
	ck_assert(!ignore_is_backup("~"));
	ck_assert(!ignore_is_backup("#"));
	ck_assert(!ignore_is_backup(".swp"));
}
END_TEST

START_TEST(test_generated)
{
	ck_assert(ignore_is_generated("bin"));
	ck_assert(ignore_is_generated("pkg/linux_amd64/fmt.a"));
	ck_assert(ignore_is_generated("src/cmd/cgo/zdefaultcc.go"));
	ck_assert(!ignore_is_generated("binary"));
	ck_assert(!ignore_is_generated("src/bin"));
	ck_assert(!ignore_is_generated("src/cmd/cgo/main.go"));
	ck_assert(!ignore_is_generated("VERSION"));
}
END_TEST

START_TEST(test_match)
{
	struct ignore	*plain = ignore_new(false), *go = ignore_new(true);

	ck_assert(ignore_match(plain, ".git", true));
	ck_assert(ignore_match(plain, "sub/.git", false));
	ck_assert(!ignore_match(plain, ".github", true));
	ck_assert(!ignore_match(plain, "pkg", true));
	ck_assert(ignore_match(go, "pkg", true));
	/* A backup is a file; a directory of such a name is somebody's work. */
	ck_assert(ignore_match(plain, "x~", false));
	ck_assert(!ignore_match(plain, "x~", true));
	ignore_free(plain);
	ignore_free(go);
	ignore_free(NULL);
}
END_TEST

START_TEST(test_what_git_told)
{
	struct ignore	*g = ignore_new(false);

	ignore_add(g, "build/", strlen("build/"));
	ignore_add(g, "a.o and more", strlen("a.o"));
	ignore_add(g, "/", 1);
	ignore_add(g, "", 0);
	ck_assert(ignore_match(g, "build", true));
	ck_assert(ignore_match(g, "a.o", false));
	ck_assert(!ignore_match(g, "b.o", false));
	ck_assert(!ignore_match(g, "a.o and more", false));
	ignore_free(g);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("ignore");
	TCase	*c = tcase_create("ignore");

	tcase_add_test(c, test_backups);
	tcase_add_test(c, test_generated);
	tcase_add_test(c, test_match);
	tcase_add_test(c, test_what_git_told);
	suite_add_tcase(s, c);
	return s;
}
