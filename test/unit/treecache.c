/* treecache.c - unit tests of client/treecache.h. */
#include "unit.h"
#include "lib_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/xmalloc.h"
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

/* --- large ones ---------------------------------------------------------------- */

#define MANY	5000

/* An inventory of many files, the same each time. */
static void
fill(struct inventory *to)
{
	struct inv_entry	*x;
	char			 path[32];
	int			 i;

	inv_init(to);
	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof path, "some-file-%06d", i);
		x = inv_add(to, path);
		x->kind = INV_FILE;
		x->hashed = true;
	}
}

/* Some of those of inv, from one on, get that size, and it is saved. */
static char *
change(size_t from, size_t n, unsigned char digest)
{
	char	*name;
	size_t	 i;

	for (i = from; i < from + n; i++) {
		inv.v[i].digest[0] = digest;
		inv.v[i].fresh = true;
	}
	ck_assert(inv_identify(&inv));
	name = treecache_save(d.path, "/tree", &inv, &e);
	ck_assert_msg(name != NULL, "%s", e.msg);
	return name;
}

static void
reload(const char *name)
{
	inv_release(&inv);
	ck_assert(treecache_load(d.path, name, &inv));
	ck_assert_uint_eq(inv.n, MANY);
}

static int64_t
size_of(const char *name)
{
	struct stat	st;

	ck_assert_int_eq(fstatat(d.fd, name, &st, 0), 0);
	return st.st_size;
}

/* The name of the only base. */
static char *
base(void)
{
	struct dirent	*x;
	DIR		*dir = opendir(d.path);
	char		*name = NULL;

	while ((x = readdir(dir)) != NULL)
		if (strncmp(x->d_name, "base-", 5) == 0) {
			ck_assert_ptr_null(name);
			name = xstrdup(x->d_name);
		}
	closedir(dir);
	ck_assert_ptr_nonnull(name);
	return name;
}

/* It is written once; what a few changes make of it is small, on top of each other,
 * too; what many make of it is another. */
START_TEST(shared_base)
{
	char	*a, *b, *c, *f;

	fill(&inv);
	a = change(0, 1, 1);
	ck_assert_int_eq(dir_count(&d, "."), 2);
	ck_assert_int_lt(size_of(a), 1000);
	reload(a);
	b = change(7, 1, 2);
	reload(b);
	c = change(9, 10, 3);
	ck_assert_int_eq(dir_count(&d, "."), 4);
	ck_assert_int_lt(size_of(c), 3000);
	reload(b);
	ck_assert(inv.v[0].digest[0] == 1 && inv.v[7].digest[0] == 2 &&
	    inv.v[9].digest[0] == 0);
	reload(c);
	ck_assert(inv.v[0].digest[0] == 1 && inv.v[7].digest[0] == 2 &&
	    inv.v[18].digest[0] == 3);
	f = change(100, MANY / 2, 4);
	ck_assert_int_eq(dir_count(&d, "."), 6);
	reload(f);
	ck_assert(inv.v[7].digest[0] == 2 && inv.v[100].digest[0] == 4);
	free(a);
	free(b);
	free(c);
	free(f);
}
END_TEST

/* Without its base, or where that is damaged, it is as none; and nobody is told of
 * it. What is saved then is whole. */
START_TEST(lost_base)
{
	struct strs	 ids = STRS_INIT;
	char		*a, *name, *of;

	fill(&inv);
	a = change(0, 1, 1);
	of = base();
	dir_write(&d, of, "rubbish");
	inv_release(&inv);
	ck_assert(!treecache_load(d.path, a, &inv) && inv.n == 0);
	ck_assert(!treecache_newest(d.path, "/tree", &inv, &name));
	treecache_drop(d.path, of);
	ck_assert(!treecache_load(d.path, a, &inv));
	treecache_ids(d.path, &ids, 5);
	ck_assert_uint_eq(ids.n, 0);
	ck_assert_int_eq(dir_count(&d, "."), 0);
	fill(&inv);
	free(change(0, 1, 1));
	reload(a);
	treecache_drop(d.path, of);
	free(change(1, 1, 1));
	ck_assert_int_eq(dir_count(&d, "."), 3);
	strs_release(&ids);
	free(of);
	free(a);
}
END_TEST

/* It stays as long as anything is of it, and for a while, since that may be under
 * way. */
START_TEST(old_base)
{
	struct strs	 ids = STRS_INIT;
	char		*a, *of;

	fill(&inv);
	a = change(0, 1, 1);
	of = base();
	age(of, 40 * 24 * 60 * 60);
	treecache_ids(d.path, &ids, 5);
	ck_assert_int_eq(dir_count(&d, "."), 2);
	treecache_drop(d.path, a);
	age(of, 60);
	treecache_ids(d.path, &ids, 5);
	ck_assert(dir_has(&d, of));
	age(of, 2 * 60 * 60);
	treecache_ids(d.path, &ids, 5);
	ck_assert_int_eq(dir_count(&d, "."), 0);
	/* Who uses it makes it young. */
	free(a);
	a = change(0, 1, 1);
	age(of, 2 * 60 * 60);
	reload(a);
	treecache_drop(d.path, a);
	treecache_ids(d.path, &ids, 5);
	ck_assert(dir_has(&d, of));
	strs_release(&ids);
	free(of);
	free(a);
}
END_TEST

/* The disk is full: an error, and nothing is left of it. */
START_TEST(full_disk)
{
	const struct sigaction	ignore = { .sa_handler = SIG_IGN };
	struct rlimit		was, none = { 0, 0 };
	char			*a;

	fill(&inv);
	a = change(0, 1, 1);
	reload(a);
	ck_assert_int_eq(sigaction(SIGXFSZ, &ignore, NULL), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	none.rlim_max = was.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_ptr_null(treecache_save(d.path, "/tree", &inv, &e));
	inv.based = false;
	ck_assert_ptr_null(treecache_save(d.path, "/tree", &inv, &e));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	ck_assert_int_eq(dir_count(&d, "."), 2);
	reload(a);
	free(a);
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
	tcase_add_test(t, shared_base);
	tcase_add_test(t, lost_base);
	tcase_add_test(t, old_base);
	tcase_add_test(t, full_disk);
	tcase_add_test(t, homeless);
	suite_add_tcase(s, t);
	return s;
}
