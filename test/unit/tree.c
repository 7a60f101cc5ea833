/*
 * tree.c - unit tests of base/tree.h. The same tests run a second time in a
 * process from which openat2 is hidden, as on systems that lack it.
 */
#include "unit.h"
#include "lib_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"

static struct dir	dir;
static bool		hidden;

static void
setup(void)
{
	hidden = false;
	dir_make(&dir);
}

static void
teardown(void)
{
	dir_drop(&dir);
}

/* Only where Check forks: the filter stays for good. */
static void
setup_hidden(void)
{
#if defined(SYS_openat2) && defined(SECCOMP_RET_ERRNO)
	struct sock_filter	code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog	prog = { 4, code };

	setup();
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	hidden = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0;
#else
	setup();
#endif
}

static char *
slurp(int fd)
{
	static char	text[256];
	ssize_t		n = file_read_full(fd, text, sizeof text - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void
refuse(const char *rel, int code)
{
	struct err	e = ERR_INIT;

	ck_assert_int_eq(tree_open(dir.fd, rel, 0, &e), -1);
	ck_assert_msg(e.code == code, "%s: %s", rel, e.msg);
}

START_TEST(open_plain)
{
	struct err	e = ERR_INIT;
	int		fd;

	ck_assert_int_eq(mkdirat(dir.fd, "a", 0755), 0);
	dir_write(&dir, "a/f", "text");
	fd = tree_open(dir.fd, "a/f", 0, &e);
	ck_assert_msg(fd != -1, "%s", e.msg);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_str_eq(slurp(fd), "text");
	ck_assert_str_eq(slurp(tree_open(dir.fd, "./a//./f", 0, &e)), "text");
	fd = tree_open(dir.fd, "", O_DIRECTORY, &e);
	ck_assert_int_ne(fd, -1);
	close(fd);
	ck_assert_int_eq(tree_open(dir.fd, "a/none", 0, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	ck_assert_str_eq(e.msg, "open a/none: No such file or directory");
	ck_assert_int_eq(tree_open(dir.fd, "a/f/g", 0, &e), -1);
	ck_assert_int_eq(e.code, ENOTDIR);
	ck_assert_int_eq(tree_open(dir.fd, "nul", 0, NULL), -1);
}
END_TEST

START_TEST(open_fifo_does_not_hang)
{
	struct err	e = ERR_INIT;
	int		fd;

	ck_assert_int_eq(mkfifoat(dir.fd, "fifo", 0600), 0);
	fd = tree_open(dir.fd, "fifo", 0, &e);
	ck_assert_msg(fd != -1, "%s", e.msg);
	close(fd);
}
END_TEST

START_TEST(escapes)
{
	refuse("../x", EINVAL);
	refuse("a/../../x", EINVAL);
	refuse("/etc/passwd", EINVAL);
	ck_assert_int_eq(symlinkat("/etc/passwd", dir.fd, "abs"), 0);
	ck_assert_int_eq(symlinkat("../../../../etc/passwd", dir.fd, "up"), 0);
	ck_assert_int_eq(symlinkat("/", dir.fd, "root"), 0);
	ck_assert_int_eq(symlinkat("..", dir.fd, "parent"), 0);
	ck_assert_int_eq(symlinkat("/proc/self/root", dir.fd, "magic"), 0);
	ck_assert_int_eq(symlinkat("loop", dir.fd, "loop"), 0);
	refuse("abs", hidden ? ELOOP : EXDEV);
	refuse("up", hidden ? ELOOP : EXDEV);
	refuse("root/etc/passwd", hidden ? ELOOP : EXDEV);
	refuse("parent", hidden ? ELOOP : EXDEV);
	refuse("magic/etc/passwd", hidden ? ELOOP : EXDEV);
	refuse("loop", ELOOP);
}
END_TEST

START_TEST(links_inside)
{
	struct err	e = ERR_INIT;
	int		fd;

	ck_assert_int_eq(mkdirat(dir.fd, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(dir.fd, "b", 0755), 0);
	dir_write(&dir, "a/f", "inside");
	ck_assert_int_eq(symlinkat("../a", dir.fd, "b/l"), 0);
	fd = tree_open(dir.fd, "b/l/f", 0, &e);
	if (hidden) {
		ck_assert_int_eq(fd, -1);
		ck_assert_int_eq(e.code, ELOOP);
	} else
		ck_assert_str_eq(slurp(fd), "inside");
	ck_assert_int_eq(tree_open_dir_strict(dir.fd, "b/l", false, &e), -1);
	ck_assert_int_eq(e.code, ELOOP);
	ck_assert_int_eq(tree_open_dir_strict(dir.fd, "b/l/new", true, &e), -1);
	ck_assert_int_eq(e.code, ELOOP);
	ck_assert(!dir_has(&dir, "a/new"));
	if (!hidden) {
		fd = tree_open_dir(dir.fd, "b/l/new/deep", true, &e);
		ck_assert_msg(fd != -1, "%s", e.msg);
		close(fd);
		ck_assert(dir_has(&dir, "a/new/deep"));
	}
}
END_TEST

START_TEST(make_dirs)
{
	struct err	e = ERR_INIT;
	mode_t		old = umask(022);
	int		fd;

	ck_assert_int_eq(tree_open_dir(dir.fd, "x/y/z", false, &e), -1);
	ck_assert_int_eq(e.code, ENOENT);
	fd = tree_open_dir(dir.fd, "x/y/z", true, &e);
	ck_assert_msg(fd != -1, "%s", e.msg);
	close(fd);
	ck_assert_uint_eq(dir_mode(&dir, "x/y"), S_IFDIR | 0755);
	fd = tree_open_dir(dir.fd, "x/y/z", true, &e);
	ck_assert_int_ne(fd, -1);
	close(fd);
	dir_write(&dir, "file", "");
	ck_assert_int_eq(tree_open_dir(dir.fd, "file/z", true, &e), -1);
	ck_assert_int_eq(e.code, ENOTDIR);
	ck_assert_int_eq(symlinkat("/tmp", dir.fd, "out"), 0);
	ck_assert_int_eq(tree_open_dir(dir.fd, "out/unit-never", true, &e), -1);
	ck_assert_int_eq(access("/tmp/unit-never", F_OK), -1);
	ck_assert_int_eq(symlinkat("nowhere", dir.fd, "dangling"), 0);
	ck_assert_int_eq(tree_open_dir(dir.fd, "dangling/z", true, &e), -1);
	ck_assert(!dir_has(&dir, "nowhere"));
	umask(old);
}
END_TEST

START_TEST(create)
{
	struct err		 e = ERR_INIT;
	struct tree_file	*f;
	mode_t			 old = umask(077);
	char			*text;

	f = tree_create(dir.fd, "d/f", 04755, &e);
	ck_assert_msg(f != NULL, "%s", e.msg);
	ck_assert_int_eq(file_write_all(tree_fd(f), "new", 3), 0);
	ck_assert(!dir_has(&dir, "d/f"));
	ck_assert_int_eq(dir_count(&dir, "d"), 1);
	ck_assert_int_eq(tree_commit(f, &e), 0);
	ck_assert_uint_eq(dir_mode(&dir, "d/f"), S_IFREG | 0755);
	/* Dropped: the old one stays, nothing beside it. */
	f = tree_create(dir.fd, "d/f", 0600, &e);
	ck_assert_int_eq(file_write_all(tree_fd(f), "other", 5), 0);
	tree_drop(f);
	tree_drop(NULL);
	text = dir_read(&dir, "d/f");
	ck_assert_str_eq(text, "new");
	free(text);
	ck_assert_int_eq(dir_count(&dir, "d"), 1);
	umask(old);
}
END_TEST

/* A link in the place of the file is replaced, never written through. */
START_TEST(create_over_link)
{
	struct err		 e = ERR_INIT;
	struct tree_file	*f;
	char			*text;

	dir_write(&dir, "target", "untouched");
	ck_assert_int_eq(symlinkat("target", dir.fd, "l"), 0);
	f = tree_create(dir.fd, "l", 0644, &e);
	ck_assert_int_eq(file_write_all(tree_fd(f), "x", 1), 0);
	ck_assert_int_eq(tree_commit(f, &e), 0);
	ck_assert(S_ISREG(dir_mode(&dir, "l")));
	text = dir_read(&dir, "target");
	ck_assert_str_eq(text, "untouched");
	free(text);
}
END_TEST

START_TEST(create_refused)
{
	struct err		 e = ERR_INIT;
	struct tree_file	*f;

	ck_assert_int_eq(mkdirat(dir.fd, "d", 0755), 0);
	ck_assert_ptr_null(tree_create(dir.fd, "d", 0644, &e));
	ck_assert_int_eq(e.code, EISDIR);
	ck_assert_ptr_null(tree_create(dir.fd, "", 0644, &e));
	ck_assert_int_eq(e.code, EISDIR);
	ck_assert_ptr_null(tree_create(dir.fd, "../f", 0644, &e));
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_int_eq(symlinkat("/tmp", dir.fd, "out"), 0);
	ck_assert_ptr_null(tree_create(dir.fd, "out/unit-never", 0644, &e));
	/* It becomes a directory while it is written. */
	f = tree_create(dir.fd, "late", 0644, &e);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(mkdirat(dir.fd, "late", 0755), 0);
	ck_assert_int_eq(tree_commit(f, &e), -1);
	ck_assert_int_eq(e.code, EISDIR);
	ck_assert_int_eq(dir_count(&dir, "."), 3);
}
END_TEST

START_TEST(temp_names)
{
	char	a[TREE_TEMP_MAX], b[TREE_TEMP_MAX];

	tree_temp_name(a);
	tree_temp_name(b);
	ck_assert_str_ne(a, b);
	ck_assert(tree_is_temp(a) && tree_is_temp(b));
	ck_assert(!tree_is_temp(".gomote-"));
	ck_assert(!tree_is_temp(".gomote-0123456789ag"));
	ck_assert(!tree_is_temp(".gomote-0123456789abc"));
	ck_assert(!tree_is_temp("x.gomote-0123456789ab"));
	ck_assert(tree_is_temp(".gomote-0123456789ab"));
}
END_TEST

static void
remove_ok(const char *rel)
{
	struct err	e = ERR_INIT;

	ck_assert_msg(tree_remove(dir.fd, rel, &e) == 0, "%s", e.msg);
}

START_TEST(remove_tree)
{
	struct err	e = ERR_INIT;
	int		fd = tree_open_dir(dir.fd, "t/a/b/c", true, &e);

	ck_assert_int_ne(fd, -1);
	close(fd);
	dir_write(&dir, "t/a/f", "");
	dir_write(&dir, "t/a/b/-rf *\n", "");
	dir_write(&dir, "keep", "");
	ck_assert_int_eq(mkfifoat(dir.fd, "t/fifo", 0600), 0);
	remove_ok("t");
	ck_assert(!dir_has(&dir, "t"));
	ck_assert(dir_has(&dir, "keep"));
	remove_ok("t");			/* missing */
	remove_ok("no/such/thing");
	remove_ok("keep/below");	/* a file has nothing below */
	ck_assert(dir_has(&dir, "keep"));
	remove_ok("keep");
	ck_assert_int_eq(tree_remove(dir.fd, "../x", &e), -1);
	ck_assert_int_eq(e.code, EINVAL);
	ck_assert_int_eq(tree_remove(dir.fd, "/tmp", &e), -1);
}
END_TEST

START_TEST(remove_root_empties)
{
	struct err	e = ERR_INIT;

	close(tree_open_dir(dir.fd, "a/b", true, &e));
	dir_write(&dir, "a/f", "");
	dir_write(&dir, ".hidden", "");
	remove_ok(".");
	ck_assert_int_eq(dir_count(&dir, "."), 0);
	remove_ok("");
	ck_assert_int_eq(access(dir.path, F_OK), 0);
}
END_TEST

START_TEST(remove_follows_no_link)
{
	struct err	e = ERR_INIT;
	struct dir	other;

	dir_make(&other);
	dir_write(&other, "precious", "");
	close(tree_open_dir(dir.fd, "a", true, &e));
	ck_assert_int_eq(symlinkat(other.path, dir.fd, "a/l"), 0);
	ck_assert_int_eq(tree_remove(dir.fd, "a/l/precious", &e), -1);
	ck_assert(dir_has(&other, "precious"));
	remove_ok("a");
	ck_assert(dir_has(&other, "precious"));
	ck_assert_int_eq(symlinkat(other.path, dir.fd, "l"), 0);
	remove_ok("l");
	ck_assert(!dir_has(&dir, "l"));
	ck_assert(dir_has(&other, "precious"));
	dir_drop(&other);
}
END_TEST

/* As somebody whom permissions hold back. */
START_TEST(remove_read_only)
{
	struct err	e = ERR_INIT;

	if (getuid() == 0) {
		ck_assert_int_eq(fchown(dir.fd, 65534, 65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	close(tree_open_dir(dir.fd, "a/b/c", true, &e));
	close(tree_open_dir(dir.fd, "a/read/only", true, &e));
	dir_write(&dir, "a/b/f", "");
	ck_assert_int_eq(fchmodat(dir.fd, "a/read", 0600, 0), 0);
	ck_assert_int_eq(fchmodat(dir.fd, "a/b/c", 0, 0), 0);
	ck_assert_int_eq(fchmodat(dir.fd, "a/b", 0555, 0), 0);
	ck_assert_int_eq(fchmodat(dir.fd, "a", 0100, 0), 0);
	remove_ok("a");
	ck_assert(!dir_has(&dir, "a"));
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* Deeper than descriptors, than the stack, and than a path may be long. */
START_TEST(remove_deep)
{
	int	at = dup(dir.fd), next, depth;

	for (depth = 0; depth < 5000; depth++) {
		ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		ck_assert_int_ne(next, -1);
		close(at);
		at = next;
	}
	close(at);
	dir_write(&dir, "d/f", "");
	remove_ok("d");
	ck_assert_int_eq(dir_count(&dir, "."), 0);
}
END_TEST

START_TEST(remove_wide)
{
	char	name[32];

	ck_assert_int_eq(mkdirat(dir.fd, "w", 0755), 0);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "w/%d", i);
		ck_assert_int_eq(i % 10 != 0 ? mknodat(dir.fd, name, S_IFREG | 0600, 0) :
		    mkdirat(dir.fd, name, 0700), 0);
	}
	remove_ok("w");
	ck_assert(!dir_has(&dir, "w"));
}
END_TEST

START_TEST(remove_stops_at_mounts)
{
	struct err	e = ERR_INIT;
	char		from[80];

	if (!dir_mount(&dir, "mnt", "size=64k"))
		return;
	dir_write(&dir, "mnt/theirs", "");
	dir_write(&dir, "ours", "");
	ck_assert_int_eq(tree_remove(dir.fd, ".", &e), -1);
	ck_assert_int_eq(e.code, EXDEV);
	ck_assert(dir_has(&dir, "mnt/theirs"));
	ck_assert(!dir_has(&dir, "ours"));
	/* The same file system, mounted once more. */
	ck_assert_int_eq(mkdirat(dir.fd, "mnt/src", 0755), 0);
	ck_assert_int_eq(mkdirat(dir.fd, "mnt/b", 0755), 0);
	dir_write(&dir, "mnt/src/theirs", "");
	snprintf(from, sizeof from, "%s/mnt/src", dir.path);
	ck_assert_int_eq(fchdir(dir.fd), 0);
	ck_assert_int_eq(mount(from, "mnt/b", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(tree_remove(dir.fd, "mnt/b", &e), -1);
	ck_assert(dir_has(&dir, "mnt/src/theirs"));
	ck_assert_int_eq(umount2("mnt/b", MNT_DETACH), 0);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static void
add_tests(TCase *t)
{
	tcase_set_timeout(t, 60);
	tcase_add_test(t, open_plain);
	tcase_add_test(t, open_fifo_does_not_hang);
	tcase_add_test(t, escapes);
	tcase_add_test(t, links_inside);
	tcase_add_test(t, make_dirs);
	tcase_add_test(t, create);
	tcase_add_test(t, create_over_link);
	tcase_add_test(t, create_refused);
	tcase_add_test(t, temp_names);
	tcase_add_test(t, remove_tree);
	tcase_add_test(t, remove_root_empties);
	tcase_add_test(t, remove_follows_no_link);
	tcase_add_test(t, remove_read_only);
	tcase_add_test(t, remove_deep);
	tcase_add_test(t, remove_wide);
	tcase_add_test(t, remove_stops_at_mounts);
}

Suite *
unit_suite(void)
{
	Suite		*s = suite_create("tree");
	TCase		*t = tcase_create("tree");
	const char	*forks = getenv("CK_FORK");

	tcase_add_checked_fixture(t, setup, teardown);
	add_tests(t);
	suite_add_tcase(s, t);
	if (forks != NULL && strcmp(forks, "no") == 0)
		return s;
	t = tcase_create("without openat2");
	tcase_add_checked_fixture(t, setup_hidden, teardown);
	add_tests(t);
	suite_add_tcase(s, t);
	return s;
}
