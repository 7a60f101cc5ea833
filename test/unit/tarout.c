/*
 * tarout.c - unit tests of data/tarout.h: trees packed and unpacked again, by
 * us and by the system's tar.
 */
#include "unit.h"
#include "lib_dir.h"
#include "lib_tar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "data/tarin.h"
#include "data/tarout.h"

static struct dir from, to;

static void
setup(void)
{
	dir_make(&from);
	dir_make(&to);
}

static void
teardown(void)
{
	dir_drop(&from);
	dir_drop(&to);
}

static int
write_str(void *arg, const void *p, size_t len)
{
	str_addn(arg, p, len);
	return 0;
}

/* ---- a tree that has everything ---- */

static void
set_time(const char *name, time_t sec, long nsec)
{
	const struct timespec	t[2] = { { sec, nsec }, { sec, nsec } };

	ck_assert_int_eq(utimensat(from.fd, name, t, AT_SYMLINK_NOFOLLOW), 0);
}

static void
make_tree(void)
{
	char	name[600], *big;
	int	fd;

	ck_assert_int_ne(fd = tree_open_dir(from.fd, "d/e/empty", true, NULL), -1);
	close(fd);
	dir_write(&from, "d/f", "text");
	dir_write(&from, "d-", "sorts between d and d/");
	dir_write(&from, "-rf", "");
	dir_write(&from, "new\nline", "n");
	dir_write(&from, "A\xcc\x88", "decomposed");
	dir_write(&from, "\xff\xfe", "bytes");
	memset(name, 'n', 255);
	name[255] = '\0';
	dir_write(&from, name, "long");
	snprintf(name, sizeof name, "%0100d", 7);	/* just fits */
	dir_write(&from, name, "100");
	snprintf(name, sizeof name, "%0101d", 7);	/* just does not */
	dir_write(&from, name, "101");
	snprintf(name, sizeof name, "%0200d/%0200d", 1, 2);
	close(tree_open_dir(from.fd, name, true, NULL));
	ck_assert_int_eq(symlinkat("d/f", from.fd, "l"), 0);
	memset(name, 't', 300);
	name[300] = '\0';
	ck_assert_int_eq(symlinkat(name, from.fd, "long-link"), 0);
	ck_assert_int_eq(linkat(from.fd, "d/f", from.fd, "hard", 0), 0);
	ck_assert_int_eq(linkat(from.fd, "l", from.fd, "l-hard", 0), 0);
	dir_write(&from, "exe", "#!");
	ck_assert_int_eq(fchmodat(from.fd, "exe", 0755, 0), 0);
	big = malloc(700001);
	for (int i = 0; i < 700000; i++)
		big[i] = (char)('a' + i * 7 % 26);
	big[700000] = '\0';
	dir_write(&from, "big", big);
	free(big);
	set_time("exe", 1234567890, 123456789);
	set_time("big", 1234567890, 500000000);
	set_time("l", 1000, 1);
	set_time("d-", 1000, 0);
	set_time("new\nline", -2, 0);	/* before 1970 */
	set_time("d/e/empty", 77, 0);
	ck_assert_int_eq(fchmodat(from.fd, "d/e", 0555, 0), 0);
	ck_assert_int_eq(mkfifoat(from.fd, "fifo", 0600), 0);
}

static void
pack_to(struct str *out, enum tarout_format format)
{
	struct err	 e = ERR_INIT;
	struct tarout	*t = tarout_new(format, 0, write_str, out, &e);

	ck_assert_msg(t != NULL, "%s", e.msg);
	ck_assert_msg(tarout_add_tree(t, from.fd, &e) == 0, "%s", e.msg);
	ck_assert_msg(tarout_finish(t, &e) == 0, "%s", e.msg);
	tarout_free(t);
}

static void
unpack(const struct str *tar)
{
	struct err	e = ERR_INIT;
	int		fd = tar_file(tar->s, tar->len);

	ck_assert_msg(tarin_extract(fd, to.fd, NULL, &e) == 0, "%s", e.msg);
	close(fd);
}

/* ---- comparing ---- */

static void same_dir(int a, int b, const char *where);

static void
same_content(int a, int b, const char *name)
{
	char	*x = malloc(1000000), *y = malloc(1000000);
	int	fa = openat(a, name, O_RDONLY), fb = openat(b, name, O_RDONLY);
	ssize_t	n = file_read_full(fa, x, 1000000), m = file_read_full(fb, y, 1000000);

	ck_assert_int_eq(n, m);
	ck_assert_int_ge(n, 0);
	ck_assert_int_eq(memcmp(x, y, (size_t)n), 0);
	close(fa);
	close(fb);
	free(x);
	free(y);
}

static void
same_entry(int a, int b, const char *name)
{
	struct stat	x, y;
	char		l[1000], m[1000];
	ssize_t		n;
	int		da, db;

	ck_assert_int_eq(fstatat(a, name, &x, AT_SYMLINK_NOFOLLOW), 0);
	if (S_ISFIFO(x.st_mode)) {
		ck_assert_int_eq(faccessat(b, name, F_OK, AT_SYMLINK_NOFOLLOW), -1);
		return;
	}
	ck_assert_msg(fstatat(b, name, &y, AT_SYMLINK_NOFOLLOW) == 0, "%s is missing", name);
	ck_assert_uint_eq(x.st_mode, y.st_mode);
	ck_assert_msg(x.st_mtim.tv_sec == y.st_mtim.tv_sec &&
	    x.st_mtim.tv_nsec == y.st_mtim.tv_nsec, "%s: mtime", name);
	if (!S_ISDIR(x.st_mode))
		ck_assert_uint_eq(x.st_nlink, y.st_nlink);
	if (S_ISREG(x.st_mode))
		same_content(a, b, name);
	else if (S_ISLNK(x.st_mode)) {
		n = readlinkat(a, name, l, sizeof l);
		ck_assert_int_eq(readlinkat(b, name, m, sizeof m), n);
		ck_assert_int_eq(memcmp(l, m, (size_t)n), 0);
	} else {
		da = openat(a, name, O_RDONLY | O_DIRECTORY);
		db = openat(b, name, O_RDONLY | O_DIRECTORY);
		same_dir(da, db, name);
		close(da);
		close(db);
	}
}

static int
count(int fd, bool fifos)
{
	DIR		*d = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY));
	struct dirent	*ent;
	int		 n = 0;

	ck_assert_ptr_nonnull(d);
	while ((ent = readdir(d)) != NULL)
		n += fifos || strcmp(ent->d_name, "fifo") != 0;
	closedir(d);
	return n;
}

static void
same_dir(int a, int b, const char *where)
{
	DIR		*d = fdopendir(openat(a, ".", O_RDONLY | O_DIRECTORY));
	struct dirent	*ent;

	ck_assert_ptr_nonnull(d);
	while ((ent = readdir(d)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			same_entry(a, b, ent->d_name);
	closedir(d);
	ck_assert_msg(count(a, false) == count(b, true), "%s has more entries", where);
}

static void
same_file(const char *a, const char *b, bool same)
{
	struct stat	x, y;

	ck_assert_int_eq(fstatat(to.fd, a, &x, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(fstatat(to.fd, b, &y, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(x.st_ino == y.st_ino, same);
}

/* ---- tests ---- */

START_TEST(there_and_back)
{
	struct str	tar = STR_INIT;

	make_tree();
	pack_to(&tar, (enum tarout_format)_i);
	unpack(&tar);
	same_dir(from.fd, to.fd, "top");
	same_file("d/f", "hard", true);
	same_file("l", "l-hard", true);
	same_file("l", "long-link", false);
	str_release(&tar);
}
END_TEST

/* Runs argv with fd as standard input or output; its exit status. */
static int
run(char *const *argv, int in, int out)
{
	int	status;
	pid_t	pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		alarm(30);
		if (in != -1)
			dup2(in, 0);
		if (out != -1)
			dup2(out, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static bool
have_gnu_tar(void)
{
	char *const	argv[] = { "tar", "--version", NULL };
	int		null = open("/dev/null", O_WRONLY);
	int		r = run(argv, -1, null);

	close(null);
	return r == 0;
}

START_TEST(system_tar_unpacks)
{
	char *const	argv[] = { "tar", "-C", to.path, "-xpzf", "-", NULL };
	struct str	tar = STR_INIT;
	int		fd;

	if (!have_gnu_tar())
		return;
	make_tree();
	pack_to(&tar, TAROUT_TAR_GZ);
	fd = tar_file(tar.s, tar.len);
	ck_assert_int_eq(run(argv, fd, -1), 0);
	close(fd);
	same_dir(from.fd, to.fd, "top");
	str_release(&tar);
}
END_TEST

START_TEST(system_tar_packs)
{
	static char *const	formats[] = { "--format=gnu", "--format=pax" };
	char *const		argv[] = { "tar", "-C", from.path, formats[_i],
		"--exclude=fifo", "-cf", "-", ".", NULL };
	struct err		e = ERR_INIT;
	int			fd;

	if (!have_gnu_tar())
		return;
	make_tree();
	fd = tar_file("", 0);
	ck_assert_int_eq(run(argv, -1, fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_msg(tarin_extract(fd, to.fd, NULL, &e) == 0, "%s", e.msg);
	close(fd);
	if (_i == 1)
		same_dir(from.fd, to.fd, "top");
	else	/* that format knows no fractions */
		same_entry(from.fd, to.fd, "d-");
}
END_TEST

START_TEST(equal_trees_equal_archives)
{
	struct str	a = STR_INIT, b = STR_INIT;

	make_tree();
	pack_to(&a, (enum tarout_format)_i);
	/* Made again elsewhere: other inodes, other order in the directory. */
	unpack(&a);
	{
		struct dir	t = from;

		from = to;
		to = t;
	}
	pack_to(&b, (enum tarout_format)_i);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_int_eq(memcmp(a.s, b.s, a.len), 0);
	str_release(&a);
	str_release(&b);
}
END_TEST

/* The names of an archive of small files with ustar headers alone. */
static void
list(const struct str *tar, struct strs *names)
{
	const char	*p;
	size_t		 at = 0, size;

	while (at + 512 <= tar->len && tar->s[at] != '\0') {
		p = tar->s + at;
		size = strtoul(p + 124, NULL, 8);
		if (p[156] != 'x')
			strs_adopt(names, strndup(p, 100));
		at += 512 + (size + 511) / 512 * 512;
	}
	ck_assert_uint_eq(tar->len, at + 1024);
}

START_TEST(order)
{
	static const char *const	want[] = { "B", "a/", "a/b/", "a/b/x", "a/c", "a-b", "b/" };
	struct str			tar = STR_INIT;
	struct strs			names = STRS_INIT;

	close(tree_open_dir(from.fd, "a/b", true, NULL));
	close(tree_open_dir(from.fd, "b", true, NULL));
	dir_write(&from, "a/b/x", "");
	dir_write(&from, "a/c", "text");
	dir_write(&from, "a-b", "");
	dir_write(&from, "B", "");
	pack_to(&tar, TAROUT_TAR);
	list(&tar, &names);
	/* Each directory sorted by itself, as walks do it. */
	ck_assert_uint_eq(names.n, nitems(want));
	ck_assert_str_eq(names.v[0], "B");
	ck_assert_str_eq(names.v[1], "a/");
	ck_assert_str_eq(names.v[2], "a/b/");
	ck_assert_str_eq(names.v[3], "a/b/x");
	ck_assert_str_eq(names.v[4], "a/c");
	ck_assert_str_eq(names.v[5], "a-b");
	ck_assert_str_eq(names.v[6], "b/");
	strs_release(&names);
	str_release(&tar);
}
END_TEST

START_TEST(single_objects)
{
	struct err	 e = ERR_INIT;
	struct str	 tar = STR_INIT;
	struct tarout	*t = tarout_new(TAROUT_TAR_GZ, 9, write_str, &tar, &e);
	char		*text;

	dir_write(&from, "f", "file");
	ck_assert_int_eq(symlinkat("/etc/passwd", from.fd, "l"), 0);
	ck_assert_int_eq(tarout_add(t, from.fd, "f", "go/other", &e), 0);
	ck_assert_int_eq(tarout_add(t, from.fd, "l", "go/link", &e), 0);
	/* A missing one is told, and the archive goes on. */
	ck_assert_int_eq(tarout_add(t, from.fd, "none", "go/none", &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_str_eq(e.msg, "look at go/none: No such file or directory");
	ck_assert_int_eq(tarout_add_data(t, "VERSION", 0600, "go1.19", 6, &e), 0);
	ck_assert_int_eq(tarout_add_data(t, "EMPTY", 0644, NULL, 0, &e), 0);
	ck_assert_int_eq(tarout_finish(t, &e), 0);
	tarout_free(t);
	unpack(&tar);
	text = dir_read(&to, "go/other");
	ck_assert_str_eq(text, "file");
	free(text);
	text = dir_read(&to, "VERSION");
	ck_assert_str_eq(text, "go1.19");
	free(text);
	ck_assert_uint_eq(dir_mode(&to, "VERSION"), S_IFREG | 0600);
	ck_assert(S_ISLNK(dir_mode(&to, "go/link")));
	ck_assert(dir_has(&to, "EMPTY"));
	str_release(&tar);
	/* Broken off, and never begun. */
	t = tarout_new(TAROUT_TAR_ZST, 0, write_str, &tar, &e);
	ck_assert_int_eq(tarout_add(t, from.fd, "f", "f", &e), 0);
	tarout_free(t);
	tarout_free(NULL);
	ck_assert_ptr_null(tarout_new(TAROUT_TAR_GZ, 99, write_str, &tar, &e));
	str_release(&tar);
}
END_TEST

/* What is written says when it shrinks under us. */
struct shrink { size_t seen; };

static int
write_and_shrink(void *arg, const void *p, size_t len)
{
	struct shrink	*s = arg;

	(void)p;
	if (s->seen == 0)
		ck_assert_int_eq(ftruncate(openat(from.fd, "big", O_WRONLY), 10), 0);
	s->seen += len;
	return 0;
}

START_TEST(shrinking_file)
{
	struct err	 e = ERR_INIT;
	struct shrink	 s = { 0 };
	struct tarout	*t = tarout_new(TAROUT_TAR, 0, write_and_shrink, &s, &e);
	int		 fd;

	dir_write(&from, "big", "");
	fd = openat(from.fd, "big", O_WRONLY);
	ck_assert_int_eq(ftruncate(fd, 4000000), 0);
	close(fd);
	ck_assert_int_eq(tarout_add_tree(t, from.fd, &e), -1);
	ck_assert_str_eq(e.msg, "read big: it shrank meanwhile");
	tarout_free(t);
}
END_TEST

static int
write_full(void *arg, const void *p, size_t len)
{
	(void)arg;
	(void)p;
	(void)len;
	errno = ENOSPC;
	return -1;
}

START_TEST(write_fails)
{
	struct err	 e = ERR_INIT;
	struct tarout	*t = tarout_new((enum tarout_format)_i, 0, write_full, NULL, &e);
	int		 r;

	dir_write(&from, "f", "x");
	r = tarout_add_tree(t, from.fd, &e);
	if (r == 0)
		r = tarout_finish(t, &e);
	ck_assert_int_eq(r, -1);
	ck_assert_int_eq(e.code, ENOSPC);
	ck_assert_str_eq(e.msg, "write the archive: No space left on device");
	tarout_free(t);
}
END_TEST

/* Deeper than there are descriptors. */
START_TEST(deep)
{
	struct str	tar = STR_INIT;
	char		name[2 * 1500];
	int		fd;

	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 2 != 0 ? '/' : 'd';
	name[sizeof name - 1] = '\0';
	fd = tree_open_dir(from.fd, name, true, NULL);
	ck_assert_int_ne(fd, -1);
	close(fd);
	pack_to(&tar, TAROUT_TAR_ZST);
	unpack(&tar);
	fd = tree_open_dir(to.fd, name, false, NULL);
	ck_assert_int_ne(fd, -1);
	close(fd);
	str_release(&tar);
}
END_TEST

START_TEST(unreadable)
{
	struct err	 e = ERR_INIT;
	struct str	 tar = STR_INIT;
	struct tarout	*t;

	dir_write(&from, "secret", "x");
	ck_assert_int_eq(fchmodat(from.fd, "secret", 0, 0), 0);
	ck_assert_int_eq(fchmod(from.fd, 0755), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	t = tarout_new(TAROUT_TAR, 0, write_str, &tar, &e);
	ck_assert_int_eq(tarout_add_tree(t, from.fd, &e), -1);
	ck_assert_int_eq(e.code, EACCES);
	ck_assert_str_eq(e.msg, "open secret: Permission denied");
	tarout_free(t);
	str_release(&tar);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("tarout");
	TCase	*t = tcase_create("tarout");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, there_and_back, TAROUT_TAR, TAROUT_TAR_ZST + 1);
	tcase_add_test(t, system_tar_unpacks);
	tcase_add_loop_test(t, system_tar_packs, 0, 2);
	tcase_add_loop_test(t, equal_trees_equal_archives, TAROUT_TAR, TAROUT_TAR_ZST + 1);
	tcase_add_test(t, order);
	tcase_add_test(t, single_objects);
	tcase_add_test(t, shrinking_file);
	tcase_add_loop_test(t, write_fails, TAROUT_TAR, TAROUT_TAR_ZST + 1);
	tcase_add_test(t, deep);
	tcase_add_test(t, unreadable);
	suite_add_tcase(s, t);
	return s;
}
