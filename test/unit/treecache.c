/* treecache.c - unit tests of client/treecache.h. */
#include "unit.h"
#include "lib_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "client/treecache.h"

static struct dir	 d;
static struct err	 e;
static struct inventory	 inv;

static void
setup(void)
{
	e = (struct err)ERR_INIT;
	dir_make(&d);
	inv_init(&inv);
}

static void
teardown(void)
{
	inv_release(&inv);
	dir_drop(&d);
}

/* An inventory of one directory, saved as of that tree; its name. */
static char *
save(const char *source, const char *path)
{
	struct inventory	 one;
	char			*name;

	inv_init(&one);
	inv_add(&one, path)->kind = INV_DIR;
	ck_assert(inv_identify(&one));
	name = treecache_save(d.path, source, &one, &e);
	ck_assert_msg(name != NULL, "%s", e.msg);
	inv_release(&one);
	return name;
}

/* Used so many seconds ago. */
static void
age(const char *name, int seconds)
{
	struct timespec	t[2] = { { 0, UTIME_OMIT }, { time(NULL) - seconds, 0 } };

	ck_assert_int_eq(utimensat(d.fd, name, t, 0), 0);
}

START_TEST(newest)
{
	char	*a = save("/tree", "a"), *b = save("/tree", "b");
	char	*c = save("/other", "c"), *name;

	age(a, 5);
	age(b, 9);
	ck_assert(treecache_newest(d.path, "/tree", &inv, &name));
	ck_assert_str_eq(name, a);
	ck_assert_str_eq(inv.v[0].path, "a");
	inv_release(&inv);
	free(name);
	treecache_touch(d.path, b);
	ck_assert(treecache_newest(d.path, "/tree", &inv, &name));
	ck_assert_str_eq(name, b);
	inv_release(&inv);
	free(name);
	ck_assert(!treecache_newest(d.path, "/none", &inv, &name));
	ck_assert_ptr_null(name);
	treecache_drop(d.path, c);
	ck_assert(!treecache_newest(d.path, "/other", &inv, &name));
	free(a);
	free(b);
	free(c);
}
END_TEST

/* One that is damaged is as none; the one before it counts. */
START_TEST(damaged)
{
	char	*a = save("/tree", "a"), *b = save("/tree", "b"), *name;

	age(a, 5);
	dir_write(&d, b, "rubbish");
	ck_assert(treecache_newest(d.path, "/tree", &inv, &name));
	ck_assert_str_eq(name, a);
	inv_release(&inv);
	ck_assert(!treecache_load(d.path, b, &inv) && inv.n == 0);
	free(a);
	free(b);
	free(name);
}
END_TEST

START_TEST(by_id)
{
	unsigned char	 id[INV_DIGEST];
	char		*a = save("/tree", "a"), *name;

	ck_assert(treecache_id(a, id));
	name = treecache_named(d.path, id);
	ck_assert_str_eq(name, a);
	ck_assert(treecache_find(d.path, id, &inv));
	ck_assert_str_eq(inv.v[0].path, "a");
	inv_release(&inv);
	id[0] ^= 1;
	ck_assert(!treecache_find(d.path, id, &inv));
	ck_assert(!treecache_id("nonsense", id));
	free(a);
	free(name);
}
END_TEST

/* What is told, newest first; what is old or too many goes, but for what another
 * push may be at work with. */
START_TEST(limits)
{
	struct strs	ids = STRS_INIT;
	char		path[16], *name, *first = NULL;
	int		i;

	for (i = 0; i < 40; i++) {
		snprintf(path, sizeof path, "p%d", i);
		name = save("/tree", path);
		age(name, i * 3000);
		if (i == 0)
			first = name;
		else
			free(name);
	}
	treecache_ids(d.path, &ids, 5);
	ck_assert_uint_eq(ids.n, 5);
	ck_assert_ptr_nonnull(strstr(first, ids.v[0]));
	ck_assert_int_eq(dir_count(&d, "."), 32);
	for (i = 0; i < 40; i++) {
		snprintf(path, sizeof path, "q%d", i);
		free(save("/other", path));
	}
	treecache_ids(d.path, &ids, 5);
	ck_assert_int_eq(dir_count(&d, "."), 42);	/* they, and two of before */
	strs_release(&ids);
	free(first);
}
END_TEST

START_TEST(month)
{
	struct strs	 ids = STRS_INIT;
	char		*a = save("/tree", "a"), *b = save("/tree", "b");

	age(b, 32 * 24 * 60 * 60);
	treecache_ids(d.path, &ids, 5);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert(!dir_has(&d, b));
	strs_release(&ids);
	free(a);
	free(b);
}
END_TEST

/* Without a home it lies below TMPDIR, and goes at the end. */
START_TEST(homeless)
{
	char	*dir;

	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	setenv("TMPDIR", d.path, 1);
	dir = treecache_dir(&e);
	ck_assert_msg(dir != NULL, "%s", e.msg);
	ck_assert_int_eq(dir_count(&d, "."), 1);
	treecache_leave(dir);
	ck_assert_int_eq(dir_count(&d, "."), 0);
	setenv("XDG_CACHE_HOME", d.path, 1);
	dir = treecache_dir(&e);
	ck_assert(dir_has(&d, "gomote/trees"));
	ck_assert_int_eq(dir_mode(&d, "gomote/trees") & 0777, 0700);
	treecache_leave(dir);
	ck_assert(dir_has(&d, "gomote/trees"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("treecache");
	TCase	*t = tcase_create("treecache");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, newest);
	tcase_add_test(t, damaged);
	tcase_add_test(t, by_id);
	tcase_add_test(t, limits);
	tcase_add_test(t, month);
	tcase_add_test(t, homeless);
	suite_add_tcase(s, t);
	return s;
}
