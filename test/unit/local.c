/* local.c - unit tests of client/local.h, and of client/git.h, which tells it
 * what to leave out. */
#include "unit.h"
#include "lib_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "client/git.h"
#include "client/local.h"
#include "io/loop.h"

static struct dir	d;
static struct local	l;
static struct ignore	*ig;
static struct rules	*rs;
static struct err	e;

static void
setup(void)
{
	dir_make(&d);
	rs = rules_new();
	ck_assert_int_eq(rules_add(rs, rules_always, "rules", &e), 0);
	ig = ignore_new(rs);
	e = (struct err)ERR_INIT;
	memset(&l, 0, sizeof l);
	l.root = -1;
}

static void
teardown(void)
{
	local_release(&l);
	ignore_free(ig);
	rules_free(rs);
	dir_drop(&d);
}

/* The paths, one after another, blanks between. */
static char *
names(void)
{
	struct str	s = STR_INIT;
	size_t		i;

	for (i = 0; i < l.inv.n; i++)
		str_addf(&s, "%s%s", i > 0 ? " " : "", l.inv.v[i].path);
	return str_take(&s);
}

static void
expect(const char *want)
{
	char	*got;

	ck_assert_msg(local_scan(&l, d.path, ig, NULL, NULL, &e) == 0, "%s", e.msg);
	got = names();
	ck_assert_str_eq(got, want);
	free(got);
}

static void
make_dir(const char *name)
{
	ck_assert_int_eq(mkdirat(d.fd, name, 0755), 0);
}

START_TEST(test_order)
{
	make_dir("a");
	make_dir("a/b");
	dir_write(&d, "a.txt", "");
	dir_write(&d, "a-b", "");
	dir_write(&d, "a/b/c", "");
	dir_write(&d, "Z", "");
	expect("Z a a/b a/b/c a-b a.txt");
	ck_assert_int_lt(inv_compare("a", "a/b"), 0);
	ck_assert_int_lt(inv_compare("a/z", "a-b"), 0);
	ck_assert_int_eq(inv_compare("a/b", "a/b"), 0);
	ck_assert_int_gt(inv_compare("b", "a/b"), 0);
}
END_TEST

START_TEST(test_kinds)
{
	struct inv_entry	*x;

	dir_write(&d, "file", "four");
	make_dir("empty");
	ck_assert_int_eq(symlinkat("../no/where", d.fd, "link"), 0);
	ck_assert_int_eq(mkfifoat(d.fd, "fifo", 0600), 0);
	expect("empty file link");
	ck_assert_uint_eq(l.skipped, 1);
	x = inv_find(&l.inv, "file");
	ck_assert_ptr_nonnull(x);
	ck_assert_uint_eq(x->size, 4);
	ck_assert(x->kind == INV_FILE);
	ck_assert_str_eq(x->target, "");
	x = inv_find(&l.inv, "link");
	ck_assert_str_eq(x->target, "../no/where");
	ck_assert_ptr_null(inv_find(&l.inv, "fifo"));
	ck_assert_ptr_null(inv_find(&l.inv, "fil"));
	ck_assert_ptr_null(inv_find(&l.inv, "files"));
}
END_TEST

START_TEST(test_links_are_not_followed)
{
	make_dir("real");
	dir_write(&d, "real/x", "");
	ck_assert_int_eq(symlinkat("real", d.fd, "alias"), 0);
	ck_assert_int_eq(symlinkat(".", d.fd, "loop"), 0);
	expect("alias loop real real/x");
}
END_TEST

START_TEST(test_odd_names)
{
	dir_write(&d, "new\nline", "");
	dir_write(&d, "-dash", "");
	dir_write(&d, "b\303\244ume", "");
	ck_assert_int_eq(local_scan(&l, d.path, ig, NULL, NULL, &e), 0);
	ck_assert_ptr_nonnull(inv_find(&l.inv, "new\nline"));
	ck_assert_ptr_nonnull(inv_find(&l.inv, "-dash"));
	ck_assert_ptr_nonnull(inv_find(&l.inv, "b\303\244ume"));
}
END_TEST

START_TEST(test_deep)
{
	struct str	path = STR_INIT;
	int		i;

	for (i = 0; i < 300; i++) {
		str_addf(&path, "%sd", i > 0 ? "/" : "");
		make_dir(str_text(&path));
	}
	ck_assert_int_eq(local_scan(&l, d.path, ig, NULL, NULL, &e), 0);
	ck_assert_uint_eq(l.inv.n, 300);
	ck_assert_str_eq(l.inv.v[299].path, str_text(&path));
	str_release(&path);
}
END_TEST

START_TEST(test_ignored)
{
	make_dir(".git");
	dir_write(&d, ".git/HEAD", "");
	make_dir("build");
	dir_write(&d, "build/x", "");
	dir_write(&d, "x~", "");
	ignore_add(ig, "build/", 6);
	expect("");
}
END_TEST

/* What a rule includes comes, and the directories that it is in. */
START_TEST(test_included)
{
	ck_assert_int_eq(rules_add(rs, "exclude /out/\ninclude /out/a/tool*\n",
	    "rules", &e), 0);
	make_dir("out");
	make_dir("out/a");
	make_dir("out/b");
	dir_write(&d, "out/a/tool", "");
	dir_write(&d, "out/a/x", "");
	dir_write(&d, "out/b/x", "");
	expect("out out/a out/a/tool");
}
END_TEST

START_TEST(test_sha1)
{
	char	sha1[41];

	dir_write(&d, "x", "abc");
	dir_write(&d, "empty", "");
	expect("empty x");
	ck_assert_int_eq(local_sha1(&l, "x", sha1, &e), 0);
	ck_assert_str_eq(sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	ck_assert_int_eq(local_sha1(&l, "empty", sha1, &e), 0);
	ck_assert_str_eq(sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	ck_assert_int_eq(local_sha1(&l, "gone", sha1, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "gone"));
}
END_TEST

START_TEST(test_not_a_directory)
{
	char	*path = xasprintf("%s/x", d.path);

	dir_write(&d, "x", "");
	ck_assert_int_eq(local_scan(&l, path, ig, NULL, NULL, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, path));
	free(path);
}
END_TEST

/* --- with git ---------------------------------------------------------------- */

static void
run_git(const char *git, const char *sub)
{
	char	*at = xasprintf("%s/%s", d.path, sub);
	pid_t	 pid = fork();
	int	 status;

	if (pid == 0) {
		execl(git, "git", "-C", at, "init", "-q", ".", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	free(at);
}

struct asked {
	struct loop	*loop;
	const char	*git;
	int		 times;
};

static int
on_git(void *arg, const char *path, struct err *why)
{
	struct asked	*a = arg;

	a->times++;
	return git_ignored(a->loop, a->git, d.path, path, ig, why);
}

START_TEST(test_git)
{
	char		*git = git_find(), *got;
	struct asked	 a = { loop_new(NULL), git, 0 };

	if (git == NULL) {
		loop_free(a.loop);
		return;
	}
	run_git(git, "");
	dir_write(&d, ".gitignore", "*.o\n/build/\nodd*\n!keep.o\n");
	make_dir("build");
	dir_write(&d, "build/x", "");
	make_dir("only");
	make_dir("only/deep");
	dir_write(&d, "only/deep/x.o", "");
	make_dir("src");
	make_dir("src/build");
	make_dir("src/none");
	dir_write(&d, "src/a.o", "");
	dir_write(&d, "src/a.c", "");
	dir_write(&d, "src/keep.o", "");
	dir_write(&d, "src/odd\nname", "");
	make_dir("nested");
	run_git(git, "nested");
	dir_write(&d, "nested/.gitignore", "*.log\n");
	dir_write(&d, "nested/x.log", "");
	dir_write(&d, "nested/x.o", "");
	ck_assert_msg(local_scan(&l, d.path, ig, on_git, &a, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(a.times, 2);
	got = names();
	ck_assert_str_eq(got, ".gitignore nested nested/.gitignore nested/x.o "
	    "only only/deep src src/a.c src/build src/keep.o src/none");
	free(got);
	free(git);
	loop_run(a.loop);	/* what git left is let go */
	loop_free(a.loop);
}
END_TEST

/* Of all that was told; git itself is not asked. */
static int
on_top(void *arg, const char *path, struct err *why)
{
	(void)why;
	return *path == '\0' ? *(int *)arg : 0;
}

/* A walk, and the directories whose names may be believed after it. */
static void
walk(struct local *to, struct str *settled)
{
	size_t	i;

	str_clear(settled);
	ck_assert_int_eq(local_scan(to, d.path, ig, NULL, NULL, &e), 0);
	for (i = 0; i < to->inv.n; i++)
		if (to->inv.v[i].kind == INV_DIR && to->inv.v[i].settled)
			str_addf(settled, "%s ", to->inv.v[i].path);
}

/* The names by what is known of a walk before this one, when those directories have
 * become so old that they can be believed; and what that one forgot. */
static void
expect_again(const char *want_settled, const char *forget, int top, const char *want)
{
	struct local	 before;
	struct str	 settled = STR_INIT;
	int64_t		 end = inv_now() + 10 * 1000000000LL;
	char		*got;
	size_t		 i, n = 0;

	for (walk(&before, &settled); !str_eq(str_text(&settled), want_settled) &&
	    inv_now() < end; walk(&before, &settled))
		local_release(&before);
	ck_assert_str_eq(str_text(&settled), want_settled);
	for (i = 0; i < before.inv.n; i++)
		if (!str_eq(before.inv.v[i].path, forget))
			before.inv.v[n++] = before.inv.v[i];
	before.inv.n = n;
	dir_write(&d, "b/new", "");
	ck_assert_msg(local_scan_again(&l, d.path, &before.inv, ig, on_top, &top, &e) == 0,
	    "%s", e.msg);
	got = names();
	ck_assert_str_eq(got, want);
	free(got);
	str_release(&settled);
	local_release(&l);
	local_release(&before);
}

/* What is in a directory whose times are the same is not read, but looked at. */
START_TEST(test_known)
{
	make_dir("a");
	make_dir("a/deep");
	dir_write(&d, "a/1", "");
	dir_write(&d, "a/2", "");
	dir_write(&d, "a/deep/3", "");
	ck_assert_int_eq(symlinkat("2", d.fd, "a/link"), 0);
	make_dir("b");
	dir_write(&d, "b/4", "");
	expect_again("a a/deep b ", "", 0, "a a/1 a/2 a/deep a/deep/3 a/link b b/4 b/new");
	/* They would be found if they were looked for. */
	expect_again("a a/deep b ", "a/2", 0,
	    "a a/1 a/deep a/deep/3 a/link b b/4 b/new");
	expect_again("a a/deep b ", "a/deep/3", 0,
	    "a a/1 a/2 a/deep a/link b b/4 b/new");
	ck_assert_int_eq(unlinkat(d.fd, "b/new", 0), 0);
	expect_again("a a/deep b ", "b/4", 0,
	    "a a/1 a/2 a/deep a/deep/3 a/link b b/4 b/new");
}
END_TEST

/* Unless something in it, or what is said about it, may be another the next time. */
START_TEST(test_not_known)
{
	make_dir(".git");
	make_dir("a");
	dir_write(&d, "a/1", "");
	make_dir("b");
	make_dir("c");
	make_dir("c/.git");
	dir_write(&d, "c/2", "");
	make_dir("d");
	dir_write(&d, "d/3", "");
	ck_assert_int_eq(mkfifoat(d.fd, "d/fifo", 0600), 0);
	expect_again("a b ", "c/2", 0, "a a/1 b b/new c c/2 d d/3");
	expect_again("a b ", "d/3", 0, "a a/1 b b/new c c/2 d d/3");
	expect_again("a b ", "a/1", 0, "a b b/new c c/2 d d/3");
	expect_again("a b ", "a/1", 1, "a a/1 b b/new c c/2 d d/3");
	dir_write(&d, "a/5", "");
	ck_assert_int_eq(local_scan(&l, d.path, ig, NULL, NULL, &e), 0);
	ck_assert(!inv_find(&l.inv, "a")->settled);	/* it is too young */
}
END_TEST

START_TEST(test_git_fails)
{
	char		*git = git_find();
	struct loop	*loop = loop_new(NULL);

	if (git != NULL) {
		ck_assert_int_eq(git_ignored(loop, git, d.path, "no/such", ig,
		    &e), -1);
		ck_assert_ptr_nonnull(strstr(e.msg, "git"));
	}
	ck_assert_int_eq(git_ignored(loop, "/nonesuch/git", d.path, "", ig, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "no such file"));
	loop_run(loop);
	loop_free(loop);
	free(git);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("local");
	TCase	*c = tcase_create("local");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_order);
	tcase_add_test(c, test_kinds);
	tcase_add_test(c, test_links_are_not_followed);
	tcase_add_test(c, test_odd_names);
	tcase_add_test(c, test_deep);
	tcase_add_test(c, test_ignored);
	tcase_add_test(c, test_included);
	tcase_add_test(c, test_sha1);
	tcase_add_test(c, test_not_a_directory);
	tcase_add_test(c, test_git);
	tcase_add_test(c, test_known);
	tcase_add_test(c, test_not_known);
	tcase_add_test(c, test_git_fails);
	suite_add_tcase(s, c);
	return s;
}
