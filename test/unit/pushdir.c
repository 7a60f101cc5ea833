/* pushdir.c - unit tests of buildlet/pushdir.h: records and their changes. */
#include "unit.h"
#include "lib_dir.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "buildlet/pushdir.h"

#define ENTRIES		1000
#define RECORD		PUSHDIR_RECORD
#define CHANGES		PUSHDIR_RECORD ".changes"

static struct dir	 d;
static struct pushdir	 p;
static struct err	 e;
static struct inventory	 inv;
static char		*home;		/* of the push, in d */

static void
setup(void)
{
	char	*work, *state;

	e = (struct err)ERR_INIT;
	inv_init(&inv);
	dir_make(&d);
	ck_assert_int_eq(mkdirat(d.fd, "work", 0700), 0);
	work = xasprintf("%s/work", d.path);
	state = xasprintf("%s/state", d.path);
	ck_assert_msg(pushdir_open(&p, work, state, "tree", &e) == 0, "%s", e.msg);
	home = xasprintf("state/push/%016llx", (unsigned long long)p.key);
	free(work);
	free(state);
}

static void
teardown(void)
{
	inv_release(&inv);
	pushdir_close(&p);
	free(home);
	dir_drop(&d);
}

/* The path in d of a file of the push; good until the next call. */
static const char *
at(const char *file)
{
	static char	path[256];

	snprintf(path, sizeof path, "%s/%s", home, file);
	return path;
}

static char *
get(const char *file, size_t *size)
{
	char	*path = xasprintf("%s/%s", d.path, at(file));
	char	*bytes = file_read(path, 1024 * 1024, size, &e);

	ck_assert_msg(bytes != NULL, "%s", e.msg);
	free(path);
	return bytes;
}

static void
put(const char *file, const char *bytes, size_t size)
{
	int	fd = openat(d.fd, at(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(file_write_all(fd, bytes, size), 0);
	close(fd);
}

/* A record of a thousand directories, saved. */
static void
first(void)
{
	char	path[16];
	int	i;

	for (i = 0; i < ENTRIES; i++) {
		snprintf(path, sizeof path, "d%04d", i);
		inv_add(&inv, path)->kind = INV_DIR;
	}
	ck_assert(inv_identify(&inv));
	ck_assert_msg(pushdir_save(&p, RECORD, &inv, &e) == 0, "%s", e.msg);
	inv_release(&inv);
}

static void
load(void)
{
	inv_release(&inv);
	ck_assert(pushdir_load(&p, RECORD, &inv));
	ck_assert_uint_eq(inv.n, ENTRIES);
}

/* From on, so many get that mode, and it is saved. */
static int
change(size_t from, size_t n, uint16_t mode)
{
	size_t	i;

	for (i = from; i < from + n; i++) {
		inv.v[i].mode = mode;
		inv.v[i].fresh = true;
	}
	return pushdir_save(&p, RECORD, &inv, &e);
}

/* A few changes do not touch the record, however often; many make a new one. */
START_TEST(a_few)
{
	char	*was, *now;
	size_t	 i, size;

	first();
	was = get(RECORD, &size);
	for (i = 0; i < 20; i++) {
		load();
		ck_assert_int_eq(change(i, 1, 0700), 0);
	}
	now = get(RECORD, &size);
	ck_assert_mem_eq(was, now, size);
	ck_assert(dir_has(&d, at(CHANGES)));
	load();
	ck_assert_uint_eq(inv.v[0].mode, 0700);
	ck_assert_uint_eq(inv.v[19].mode, 0700);
	ck_assert_uint_eq(inv.v[20].mode, 0);
	ck_assert_int_eq(change(500, 300, 0711), 0);
	ck_assert(!dir_has(&d, at(CHANGES)));
	load();
	ck_assert_uint_eq(inv.v[0].mode, 0700);
	ck_assert_uint_eq(inv.v[799].mode, 0711);
	ck_assert_int_eq(dir_count(&d, home), 1);
	free(was);
	free(now);
}
END_TEST

/* A crash came after the new record and before its old changes went: these are those
 * of another one, and go with the next that is saved. */
START_TEST(left_behind)
{
	char	*changes;
	size_t	 size;

	first();
	load();
	ck_assert_int_eq(change(0, 1, 0700), 0);
	changes = get(CHANGES, &size);
	load();
	ck_assert_int_eq(change(500, 500, 0711), 0);
	put(CHANGES, changes, size);
	load();
	ck_assert_uint_eq(inv.v[0].mode, 0700);
	ck_assert_uint_eq(inv.v[500].mode, 0711);
	ck_assert_int_eq(change(1, 1, 0750), 0);
	load();
	ck_assert_uint_eq(inv.v[1].mode, 0750);
	ck_assert_uint_eq(inv.v[500].mode, 0711);
	free(changes);
}
END_TEST

/* With changes that were cut off, or with a record that was, there is none: an older
 * one would not be true. */
START_TEST(torn)
{
	char	*bytes;
	size_t	 size;

	first();
	load();
	ck_assert_int_eq(change(0, 10, 0700), 0);
	bytes = get(CHANGES, &size);
	put(CHANGES, bytes, size - 9);
	inv_release(&inv);
	ck_assert(!pushdir_load(&p, RECORD, &inv) && inv.n == 0);
	put(CHANGES, bytes, size);
	load();
	free(bytes);
	bytes = get(RECORD, &size);
	put(RECORD, bytes, size - 9);
	inv_release(&inv);
	ck_assert(!pushdir_load(&p, RECORD, &inv) && inv.n == 0);
	free(bytes);
	first();		/* what is saved then is whole */
	load();
	ck_assert_uint_eq(inv.v[0].mode, 0);
}
END_TEST

/* The disk is full: what was there stays. */
START_TEST(full_disk)
{
	const struct sigaction	ignore = { .sa_handler = SIG_IGN };
	struct rlimit		was, none = { 0, 0 };

	first();
	load();
	ck_assert_int_eq(change(0, 1, 0700), 0);
	load();
	ck_assert_int_eq(sigaction(SIGXFSZ, &ignore, NULL), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	none.rlim_max = was.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_eq(change(1, 1, 0711), -1);
	ck_assert_int_eq(change(2, 900, 0711), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	load();
	ck_assert_uint_eq(inv.v[0].mode, 0700);
	ck_assert_uint_eq(inv.v[1].mode, 0);
	ck_assert_uint_eq(inv.v[2].mode, 0);
	ck_assert_int_eq(dir_count(&d, home), 2);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("pushdir");
	TCase	*t = tcase_create("pushdir");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_few);
	tcase_add_test(t, left_behind);
	tcase_add_test(t, torn);
	tcase_add_test(t, full_disk);
	suite_add_tcase(s, t);
	return s;
}
