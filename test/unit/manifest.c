/* manifest.c - unit tests of client/manifest.h. */
#include "unit.h"
#include "lib_dir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "client/manifest.h"

static struct dir	d;
static struct err	e;

static void
setup(void)
{
	dir_make(&d);
	setenv("XDG_CACHE_HOME", d.path, 1);
	e = (struct err)ERR_INIT;
}

static void
teardown(void)
{
	dir_drop(&d);
}

static struct manifest *
opened(const char *instance, const char *dir)
{
	struct manifest	*m = manifest_open("https://c", instance, dir, &e);

	ck_assert_msg(m != NULL, "%s", e.msg);
	return m;
}

static void
save(struct manifest *m)
{
	ck_assert_msg(manifest_save(m, &e) == 0, "%s", e.msg);
	manifest_close(m);
}

START_TEST(test_kept)
{
	struct manifest	*m = opened("i", "go");

	ck_assert(!manifest_has(m, "a"));
	manifest_add(m, "a");
	manifest_add(m, "odd\nname");
	save(m);
	m = opened("i", "./go/");
	ck_assert(manifest_has(m, "a"));
	ck_assert(manifest_has(m, "odd\nname"));
	ck_assert(!manifest_has(m, "odd"));
	manifest_close(m);
	m = opened("i", "go/x");
	ck_assert(!manifest_has(m, "a"));
	manifest_close(m);
	m = opened("j", "go");
	ck_assert(!manifest_has(m, "a"));
	manifest_close(m);
}
END_TEST

static bool
not_b(const char *path, void *arg)
{
	(void)arg;
	return strcmp(path, "b") != 0;
}

START_TEST(test_prune_and_clear)
{
	struct manifest	*m = opened("i", "go");

	manifest_add(m, "a");
	manifest_add(m, "b");
	manifest_add(m, "c");
	save(m);
	m = opened("i", "go");
	manifest_prune(m, not_b, NULL);
	save(m);
	m = opened("i", "go");
	ck_assert(manifest_has(m, "a"));
	ck_assert(!manifest_has(m, "b"));
	ck_assert(manifest_has(m, "c"));
	manifest_clear(m);
	save(m);
	m = opened("i", "go");
	ck_assert(!manifest_has(m, "a"));
	manifest_close(m);
}
END_TEST

START_TEST(test_nothing_is_written_for_nothing)
{
	struct manifest	*m = opened("i", "go");

	save(m);
	ck_assert(!dir_has(&d, "gomote"));
}
END_TEST

/* Names are the user's: none may lead out of the cache. */
START_TEST(test_odd_instances)
{
	struct manifest	*m = opened("..", "../..");

	manifest_add(m, "a");
	save(m);
	ck_assert_int_eq(dir_count(&d, "gomote/push"), 1);
	ck_assert_int_eq(dir_count(&d, "."), 1);
	m = opened("..", "../..");
	ck_assert(manifest_has(m, "a"));
	manifest_close(m);
}
END_TEST

START_TEST(test_forget)
{
	struct manifest	*m = opened("i", "go");

	manifest_add(m, "a");
	save(m);
	m = opened("other", "go");
	manifest_add(m, "a");
	save(m);
	manifest_forget("https://c", "i");
	m = opened("i", "go");
	ck_assert(!manifest_has(m, "a"));
	manifest_close(m);
	m = opened("other", "go");
	ck_assert(manifest_has(m, "a"));
	manifest_close(m);
	manifest_forget("https://c", "never");
}
END_TEST

START_TEST(test_no_home)
{
	struct manifest	*m;

	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	m = opened("i", "go");
	manifest_add(m, "a");
	ck_assert(manifest_has(m, "a"));
	save(m);
	manifest_forget("https://c", "i");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("manifest");
	TCase	*c = tcase_create("manifest");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_kept);
	tcase_add_test(c, test_prune_and_clear);
	tcase_add_test(c, test_nothing_is_written_for_nothing);
	tcase_add_test(c, test_odd_instances);
	tcase_add_test(c, test_forget);
	tcase_add_test(c, test_no_home);
	suite_add_tcase(s, c);
	return s;
}
