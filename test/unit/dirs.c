/* dirs.c - unit tests of base/dirs.h and api/finetime.h. */
#include "unit.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/finetime.h"
#include "base/dirs.h"
#include "base/str.h"

static struct dir	 d;
static struct dirs	*reads, *makes;

static void
setup(void)
{
	dir_make(&d);
	reads = dirs_new(d.fd, 0);
	makes = dirs_new(d.fd, 0700);
}

static void
teardown(void)
{
	dirs_free(reads);
	dirs_free(makes);
	dir_drop(&d);
}

static void
put(const char *path)
{
	const char	*base;
	int		 at = dirs_of(makes, path, &base), fd;

	ck_assert_msg(at != -1, "%s", path);
	ck_assert_str_eq(base, strrchr(path, '/') != NULL ?
	    strrchr(path, '/') + 1 : path);
	fd = openat(at, base, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_msg(fd != -1, "%s", path);
	close(fd);
}

static bool
finds(const char *path)
{
	const char	*base;
	struct stat	 st;
	int		 at = dirs_of(reads, path, &base);

	return at != -1 && fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Deeper, back, beside, with names that begin alike. */
START_TEST(walking)
{
	static const char *const	paths[] = { "top", "a/x", "a/b/x", "a/b/c/x",
		"a/bc/x", "a/b/y", "ab/x", "a/y", "b/b/b/x", "z" };
	size_t				i;

	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		put(paths[i]);
	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		ck_assert_msg(finds(paths[i]) && dir_has(&d, paths[i]), "%s",
		    paths[i]);
	ck_assert(!finds("a/b/c/none"));
	ck_assert(!finds("a/none/x"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(finds("a/b/c/x"));	/* after one that failed, too */
}
END_TEST

/* Neither a link nor a file is a directory on the way. */
START_TEST(links)
{
	const char	*base;

	put("real/x");
	ck_assert_int_eq(symlinkat("real", d.fd, "link"), 0);
	ck_assert_int_eq(dirs_of(reads, "link/x", &base), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(dirs_of(makes, "link/y", &base), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(dirs_of(reads, "real/x/y", &base), -1);
	ck_assert_int_eq(errno, ENOTDIR);
}
END_TEST

/* More than are held open, and names as long as they may be. */
START_TEST(deep)
{
	struct str	path = STR_INIT;
	char		name[256];
	int		i;

	for (i = 0; i < 150; i++)
		str_add(&path, "deep/");
	str_add(&path, "x");
	put(str_text(&path));
	ck_assert(finds(str_text(&path)));
	str_add(&path, "y");
	put(str_text(&path));
	ck_assert(finds(str_text(&path)));
	ck_assert(!finds("deep/x"));
	str_clear(&path);
	memset(name, 'n', 255);
	name[255] = '\0';
	str_addf(&path, "%s/x", name);
	put(str_text(&path));
	ck_assert(finds(str_text(&path)));
	str_clear(&path);
	str_addf(&path, "%sn/x", name);
	ck_assert(!finds(str_text(&path)));
	ck_assert_int_eq(errno, ENAMETOOLONG);
	str_release(&path);
}
END_TEST

/* After a rename only those who forget see what is there. */
START_TEST(forgetting)
{
	put("a/b/x");
	ck_assert(finds("a/b/x"));
	ck_assert_int_eq(renameat(d.fd, "a", d.fd, "c"), 0);
	dirs_forget(reads);
	ck_assert(!finds("a/b/x"));
	ck_assert(finds("c/b/x"));
}
END_TEST

/* It leaves nothing behind, and says no where it cannot try. */
START_TEST(fine_times)
{
	int	fd = open("/dev/null", O_RDONLY);

	if (finetime(d.fd))	/* either may be true */
		ck_assert(finetime(d.fd));
	ck_assert_int_eq(dir_count(&d, "."), 0);
	ck_assert(!finetime(fd));
	close(fd);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("dirs");
	TCase	*t = tcase_create("dirs");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, walking);
	tcase_add_test(t, links);
	tcase_add_test(t, deep);
	tcase_add_test(t, forgetting);
	tcase_add_test(t, fine_times);
	suite_add_tcase(s, t);
	return s;
}
