/* file.c - unit tests of base/file.h, in a directory of their own. */
#include "unit.h"
#include "lib_child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"

static char dir[64];

static void
setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/unit-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

/* Only what these tests make: flat files and the tree "a". */
static void
teardown(void)
{
	static const char *const	 dirs[] =
	    { "a/b/c", "a/b", "a", "link", "d" };
	struct dirent	*d;
	DIR		*all;
	size_t		 i;

	ck_assert_int_eq(chdir(dir), 0);
	for (i = 0; i < nitems(dirs); i++)
		if (rmdir(dirs[i]) == -1)
			unlink(dirs[i]);
	all = opendir(".");
	ck_assert_ptr_nonnull(all);
	while ((d = readdir(all)) != NULL)
		unlink(d->d_name);
	closedir(all);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int
entries(void)
{
	struct dirent	*d;
	DIR		*all = opendir(".");
	int		 n = 0;

	ck_assert_ptr_nonnull(all);
	while ((d = readdir(all)) != NULL)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	closedir(all);
	return n;
}

static mode_t
mode_of(const char *path)
{
	struct stat	 st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(write_then_read)
{
	struct err	 e = ERR_INIT;
	size_t		 len;
	char		*s;

	ck_assert_int_eq(file_write("f", "a\0b\n", 4, 0600, &e), 0);
	s = file_read("f", 100, &len, &e);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(len, 4);
	ck_assert_int_eq(memcmp(s, "a\0b\n", 5), 0);
	free(s);
	ck_assert_int_eq(file_write("f", NULL, 0, 0600, &e), 0);
	s = file_read("f", 0, NULL, &e);
	ck_assert_str_eq(s, "");
	free(s);
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(write_sets_the_mode)
{
	struct err	 e = ERR_INIT;
	mode_t		 old = umask(077);

	ck_assert_int_eq(file_write("f", "x", 1, 0644, &e), 0);
	ck_assert_uint_eq(mode_of("f"), 0644);
	umask(0);
	ck_assert_int_eq(file_write("f", "x", 1, 0600, &e), 0);
	ck_assert_uint_eq(mode_of("f"), 0600);
	umask(old);
}
END_TEST

START_TEST(write_replaces_whole)
{
	struct err	 e = ERR_INIT;
	char		*s;
	char		 abs[128], name[256];
	int		 old;

	ck_assert_int_eq(file_write("f", "old text", 8, 0600, &e), 0);
	old = open("f", O_RDONLY);
	ck_assert_int_eq(file_write("f", "new", 3, 0600, &e), 0);
	/* Who had it open reads on in the old file. */
	memset(abs, 0, sizeof abs);
	ck_assert_int_eq(file_read_full(old, abs, sizeof abs), 8);
	ck_assert_str_eq(abs, "old text");
	close(old);
	/* A symlink is replaced, what it named stays. */
	ck_assert_int_eq(symlink("f", "link"), 0);
	ck_assert_int_eq(file_write("link", "other", 5, 0600, &e), 0);
	s = file_read("f", 100, NULL, &e);
	ck_assert_str_eq(s, "new");
	free(s);
	snprintf(abs, sizeof abs, "%s/g", dir);
	ck_assert_int_eq(file_write(abs, "x", 1, 0600, &e), 0);
	memset(name, 'n', 255);	/* the longest name: no room for a suffix */
	name[255] = '\0';
	ck_assert_int_eq(file_write(name, "x", 1, 0600, &e), 0);
	ck_assert_int_eq(entries(), 4);
}
END_TEST

START_TEST(write_fails_cleanly)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(mkdir("d", 0700), 0);
	ck_assert_int_eq(file_write("d", "x", 1, 0600, &e), -1);
	ck_assert_int_eq(e.code, EISDIR);
	ck_assert_ptr_nonnull(strstr(e.msg, "rename "));
	ck_assert_int_eq(entries(), 1);		/* nothing is left beside it */
	ck_assert_int_eq(file_write("no/f", "x", 1, 0600, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "create no/.tmp-"));
	ck_assert_int_eq(file_write("no/f", "x", 1, 0600, NULL), -1);
}
END_TEST

START_TEST(read_is_bounded)
{
	static char	 big[100000];
	struct err	 e = ERR_INIT;
	size_t		 len, n;
	/* The buffer of a read is 16384: on, below and above a multiple. */
	static const size_t	 sizes[] =
	    { 16383, 16384, 16385, 32768, 99999, 100000 };
	char		*s;

	memset(big, 'b', sizeof big);
	for (n = 0; n < nitems(sizes); n++) {
		ck_assert_int_eq(file_write("f", big, sizes[n], 0600, &e), 0);
		s = file_read("f", sizes[n], &len, &e);
		ck_assert_ptr_nonnull(s);
		ck_assert_uint_eq(len, sizes[n]);
		ck_assert_uint_eq(strlen(s), sizes[n]);
		free(s);
		ck_assert_ptr_null(file_read("f", sizes[n] - 1, &len, &e));
		ck_assert_int_eq(e.code, EFBIG);
	}
	ck_assert_str_eq(e.msg, "read f: longer than 99999 bytes");
	ck_assert_ptr_null(file_read("f", 0, NULL, NULL));
}
END_TEST

START_TEST(read_fails_with_reason)
{
	struct err	 e = ERR_INIT;

	ck_assert_ptr_null(file_read("none", 10, NULL, &e));
	ck_assert_str_eq(e.msg, "open none: No such file or directory");
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_ptr_null(file_read(".", 10, NULL, &e));
	ck_assert_str_eq(e.msg, "read .: Is a directory");
}
END_TEST

START_TEST(trimmed)
{
	static const char *const	 t[][2] = {
		{ "key", "key" }, { "key\n", "key" }, { "\r\n\t key \v\f\n", "key" },
		{ "a b", "a b" }, { "", "" }, { " \n ", "" },
	};
	struct err	 e = ERR_INIT;
	size_t		 i;
	char		*s;

	for (i = 0; i < nitems(t); i++) {
		ck_assert_int_eq(file_write("f", t[i][0], strlen(t[i][0]), 0600,
		    &e), 0);
		s = file_read_trimmed("f", 20, &e);
		ck_assert_ptr_nonnull(s);
		ck_assert_str_eq(s, t[i][1]);
		free(s);
	}
	ck_assert_int_eq(file_write("f", "key\0x", 5, 0600, &e), 0);
	ck_assert_ptr_null(file_read_trimmed("f", 20, &e));
	ck_assert_str_eq(e.msg, "read f: holds a NUL byte");
	ck_assert_ptr_null(file_read_trimmed("none", 20, &e));
	ck_assert_int_eq(e.code, ENOENT);
}
END_TEST

START_TEST(mkdirs)
{
	struct err	 e = ERR_INIT;
	char		 abs[128];

	ck_assert_int_eq(file_mkdirs("a//b/c/", 0700, &e), 0);
	ck_assert_uint_eq(mode_of("a"), 0700);
	ck_assert_uint_eq(mode_of("a/b/c"), 0700);
	ck_assert_int_eq(chmod("a", 0750), 0);
	ck_assert_int_eq(file_mkdirs("a/b/c", 0700, &e), 0);
	ck_assert_uint_eq(mode_of("a"), 0750);
	snprintf(abs, sizeof abs, "%s/d", dir);
	ck_assert_int_eq(file_mkdirs(abs, 0700, &e), 0);
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(file_mkdirs("link/b", 0700, &e), 0);
	ck_assert_int_eq(file_mkdirs("/", 0700, &e), 0);
	ck_assert_int_eq(file_mkdirs(".", 0700, &e), 0);
}
END_TEST

START_TEST(mkdirs_fails_with_reason)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(file_write("f", "", 0, 0600, &e), 0);
	ck_assert_int_eq(file_mkdirs("f", 0700, &e), -1);
	ck_assert_str_eq(e.msg, "mkdir f: File exists");
	ck_assert_int_eq(file_mkdirs("f/x", 0700, &e), -1);
	ck_assert_int_eq(file_mkdirs("", 0700, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
}
END_TEST

START_TEST(flags)
{
	int	 fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	file_cloexec(fds[0]);
	ck_assert_int_eq(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fds[1], F_GETFD) & FD_CLOEXEC, 0);
	file_nonblock(fds[0], true);
	ck_assert_int_ne(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	file_nonblock(fds[0], false);
	ck_assert_int_eq(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static void
cloexec_of_none(void)
{
	file_cloexec(-1);
}

static void
nonblock_of_none(void)
{
	file_nonblock(-1, true);
}

START_TEST(flags_of_none_die)
{
	ck_assert(child_dies(cloexec_of_none, "descriptor -1: Bad file"));
	ck_assert(child_dies(nonblock_of_none, "descriptor -1: Bad file"));
}
END_TEST

START_TEST(whole_through_a_pipe)
{
	static char	 big[300000], got[400000];
	int		 fds[2], status;
	pid_t		 pid;

	memset(big, 'p', sizeof big);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0)	/* more than a pipe holds: it writes in pieces */
		_exit(file_write_all(fds[1], big, sizeof big) == 0 ? 0 : 1);
	close(fds[1]);
	ck_assert_int_eq(file_read_full(fds[0], got, 1000), 1000);
	ck_assert_int_eq(file_read_full(fds[0], got + 1000, sizeof got - 1000),
	    sizeof big - 1000);
	ck_assert_int_eq(memcmp(got, big, sizeof big), 0);
	ck_assert_int_eq(file_read_full(fds[0], got, 10), 0);
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(whole_fails_with_errno)
{
	struct sigaction	 ign = { .sa_handler = SIG_IGN }, old;
	char			 c;
	int			 fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	file_nonblock(fds[0], true);
	ck_assert_int_eq(file_read_full(fds[0], &c, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(file_read_full(fds[0], &c, 0), 0);
	close(fds[0]);
	sigaction(SIGPIPE, &ign, &old);
	ck_assert_int_eq(file_write_all(fds[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(file_write_all(fds[1], NULL, 0), 0);
	sigaction(SIGPIPE, &old, NULL);
	close(fds[1]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("file");
	TCase	*t = tcase_create("file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, write_then_read);
	tcase_add_test(t, write_sets_the_mode);
	tcase_add_test(t, write_replaces_whole);
	tcase_add_test(t, write_fails_cleanly);
	tcase_add_test(t, read_is_bounded);
	tcase_add_test(t, read_fails_with_reason);
	tcase_add_test(t, trimmed);
	tcase_add_test(t, mkdirs);
	tcase_add_test(t, mkdirs_fails_with_reason);
	tcase_add_test(t, flags);
	tcase_add_test(t, flags_of_none_die);
	tcase_add_test(t, whole_through_a_pipe);
	tcase_add_test(t, whole_fails_with_errno);
	suite_add_tcase(s, t);
	return s;
}
