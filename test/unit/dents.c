/* dents.c - unit tests of base/dents.h. */
#include "unit.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dents.h"
#include "base/str.h"

#define MANY	1000	/* names of 40 bytes: more than are read at once */

static struct dir	 d;
static struct dents	 reader;

static void
setup(void)
{
	dir_make(&d);
}

static void
teardown(void)
{
	dir_drop(&d);
}

/* What is in the directory of that path, sorted. */
static void
read_names(struct strs *names, const char *path)
{
	int		 fd = openat(d.fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char	*name;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(dents_begin(&reader, fd), 0);
	while ((name = dents_next(&reader)) != NULL)
		strs_add(names, name);
	ck_assert_int_eq(errno, 0);
	dents_end(&reader);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);	/* still open */
	close(fd);
}

START_TEST(odd_names)
{
	struct strs	names = STRS_INIT;

	dir_write(&d, ".a", "");
	dir_write(&d, "..b", "");
	dir_write(&d, "...", "");
	dir_write(&d, "new\nline", "");
	ck_assert_int_eq(mkdirat(d.fd, "sub", 0700), 0);
	dir_write(&d, "sub/file", "");
	read_names(&names, ".");
	ck_assert_uint_eq(names.n, 5);
	ck_assert(strs_has(&names, ".a") && strs_has(&names, "..b"));
	ck_assert(strs_has(&names, "...") && strs_has(&names, "new\nline"));
	ck_assert(strs_has(&names, "sub"));
	strs_release(&names);
	/* Another one with the same. */
	read_names(&names, "sub");
	ck_assert_uint_eq(names.n, 1);
	ck_assert_str_eq(names.v[0], "file");
	strs_release(&names);
	ck_assert_int_eq(mkdirat(d.fd, "empty", 0700), 0);
	read_names(&names, "empty");
	ck_assert_uint_eq(names.n, 0);
}
END_TEST

START_TEST(many)
{
	struct strs	names = STRS_INIT;
	char		name[64];
	int		i, fd;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "%040d", i);
		fd = openat(d.fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		ck_assert_int_ne(fd, -1);
		close(fd);
	}
	read_names(&names, ".");
	ck_assert_uint_eq(names.n, MANY);
	for (i = 0; i < MANY; i += 100) {
		snprintf(name, sizeof name, "%040d", i);
		ck_assert_msg(strs_has(&names, name), "%s", name);
	}
	strs_release(&names);
}
END_TEST

/* It is no directory any more, or never was. */
START_TEST(no_directory)
{
	int	fd;

	dir_write(&d, "file", "");
	ck_assert_int_ne(fd = openat(d.fd, "file", O_RDONLY), -1);
	if (dents_begin(&reader, fd) == 0) {
		ck_assert_ptr_null(dents_next(&reader));
		ck_assert_int_eq(errno, ENOTDIR);
		dents_end(&reader);
	}
	close(fd);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("dents");
	TCase	*t = tcase_create("dents");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, odd_names);
	tcase_add_test(t, many);
	tcase_add_test(t, no_directory);
	suite_add_tcase(s, t);
	return s;
}
