/* lswalk.c - the walk behind GET /ls: order, digests, skipping, depth. */
#include "unit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/lswalk.h"

#define SHA1_ABC "a9993e364706816aba3e25717850c26c9cd0d89d"

static char		 dir[64];
static int		 root;
static struct str	 seen;		/* "a/ a/b c=SHA " */
static struct err	 e;

static void
file_make(const char *name, const char *text)
{
	char	*path = xasprintf("%s/%s", dir, name);

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	free(path);
}

static void
dir_make(const char *name)
{
	ck_assert_int_eq(mkdirat(root, name, 0755), 0);
}

static void
setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/lswalk.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ne(root, -1);
	str_init(&seen);
	e = (struct err)ERR_INIT;
}

static void
teardown(void)
{
	ck_assert_int_eq(tree_remove(root, ".", &e), 0);
	close(root);
	rmdir(dir);
	str_release(&seen);
}

static int
note(const struct api_ls *entry, void *arg)
{
	(void)arg;
	str_addf(&seen, "%s%s", entry->path, entry->dir ? "/" : "");
	if (entry->sha1[0] != '\0')
		str_addf(&seen, "=%s", entry->sha1);
	if (entry->target != NULL)
		str_addf(&seen, "->%s", entry->target);
	str_addc(&seen, ' ');
	return 0;
}

static int
stop(const struct api_ls *entry, void *arg)
{
	(void)entry;
	++*(int *)arg;
	return -1;
}

static int
walk(bool recursive, bool digest, const struct strs *skip)
{
	const struct lswalk	how = { .recursive = recursive, .digest = digest, .skip = skip };

	str_clear(&seen);
	return lswalk(root, &how, note, NULL, &e);
}

START_TEST(lexical_order_parents_first)
{
	dir_make("b");
	dir_make("a");
	dir_make("a/z");
	file_make("a/y", "");
	file_make("a.txt", "");
	file_make("a-b", "");
	file_make("B", "");
	ck_assert_int_eq(walk(true, false, NULL), 0);
	ck_assert_str_eq(str_text(&seen), "B a/ a/y a/z/ a-b a.txt b/ ");
	ck_assert_int_eq(walk(false, false, NULL), 0);
	ck_assert_str_eq(str_text(&seen), "B a/ a-b a.txt b/ ");
}
END_TEST

START_TEST(digests_of_regular_files)
{
	file_make("abc", "abc");
	ck_assert_int_eq(symlinkat("abc", root, "link"), 0);
	ck_assert_int_eq(mkfifoat(root, "pipe", 0644), 0);
	ck_assert_int_eq(walk(true, true, NULL), 0);
	ck_assert_str_eq(str_text(&seen), "abc=" SHA1_ABC " link pipe ");
}
END_TEST

START_TEST(links_are_not_followed)
{
	dir_make("d");
	file_make("d/f", "");
	ck_assert_int_eq(symlinkat("d", root, "l"), 0);
	ck_assert_int_eq(symlinkat("..", root, "d/up"), 0);
	ck_assert_int_eq(walk(true, false, NULL), 0);
	ck_assert_str_eq(str_text(&seen), "d/ d/f d/up l ");
}
END_TEST

START_TEST(skip_leaves_directories_out)
{
	struct strs	skip = STRS_INIT;

	dir_make("a");
	dir_make("a/pkg");
	file_make("a/pkg/f", "");
	dir_make("pkg");
	file_make("file", "");
	strs_add(&skip, "a/pkg");
	strs_add(&skip, "file");	/* not a directory: stays */
	ck_assert_int_eq(walk(true, false, &skip), 0);
	ck_assert_str_eq(str_text(&seen), "a/ file pkg/ ");
	strs_release(&skip);
}
END_TEST

START_TEST(temporary_files_are_hidden)
{
	char	name[TREE_TEMP_MAX];

	tree_temp_name(name);
	file_make(name, "half");
	file_make("f", "");
	ck_assert_int_eq(walk(true, false, NULL), 0);
	ck_assert_str_eq(str_text(&seen), "f ");
}
END_TEST

/* More levels than there are descriptors. */
START_TEST(deep_trees_need_no_descriptors)
{
	int	at = dup(root), next, i;
	size_t	count = 0;
	char	*p;

	for (i = 0; i < 1500; i++) {
		ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ne(next, -1);
		close(at);
		at = next;
	}
	close(at);
	ck_assert_int_eq(walk(true, false, NULL), 0);
	for (p = seen.s; *p != '\0'; p++)
		count += *p == ' ';
	ck_assert_uint_eq(count, 1500);
}
END_TEST

START_TEST(too_long_a_path_is_an_error)
{
	int	at = dup(root), next, i;

	for (i = 0; i < 2100; i++) {
		ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ne(next, -1);
		close(at);
		at = next;
	}
	close(at);
	ck_assert_int_eq(walk(true, false, NULL), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "a path of over"));
}
END_TEST

START_TEST(targets_for_who_asks)
{
	const struct lswalk	how = { .links = true };

	ck_assert_int_eq(symlinkat("../else where", root, "l"), 0);
	str_clear(&seen);
	ck_assert_int_eq(lswalk(root, &how, note, NULL, &e), 0);
	ck_assert_str_eq(str_text(&seen), "l->../else where ");
}
END_TEST

START_TEST(stops_when_told)
{
	const struct lswalk	how = { .recursive = true };
	int			calls = 0;

	file_make("a", "");
	file_make("b", "");
	ck_assert_int_eq(lswalk(root, &how, stop, &calls, &e), -1);
	ck_assert_int_eq(calls, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("lswalk");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lexical_order_parents_first);
	tcase_add_test(t, digests_of_regular_files);
	tcase_add_test(t, links_are_not_followed);
	tcase_add_test(t, skip_leaves_directories_out);
	tcase_add_test(t, temporary_files_are_hidden);
	tcase_add_test(t, deep_trees_need_no_descriptors);
	tcase_add_test(t, too_long_a_path_is_an_error);
	tcase_add_test(t, targets_for_who_asks);
	tcase_add_test(t, stops_when_told);
	suite_add_tcase(s, t);
	return s;
}
