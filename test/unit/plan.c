/* plan.c - unit tests of client/plan.h: a tree here, lines of GET /ls there. */
#include "unit.h"
#include "lib_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "client/plan.h"

#define ABC	"a9993e364706816aba3e25717850c26c9cd0d89d"
#define TIME	"2026-11-21T19:13:20Z"
#define FILE_ABC(mode, path) mode "\t" path "\t3\t" TIME "\t" ABC

static struct dir		d;
static struct local		l;
static struct ignore		*ig;
static struct rules		*rs;
static struct manifest		*m;
static struct plan		*p;
static struct plan_rules	rules;
static struct err		e;

static void
setup(void)
{
	dir_make(&d);
	rs = rules_new();
	ck_assert_int_eq(rules_add(rs, rules_always, "rules", &e), 0);
	ig = ignore_new(rs);
	e = (struct err)ERR_INIT;
	rules = (struct plan_rules){ .links = true, .exact = true, .keep = rs };
	setenv("XDG_CACHE_HOME", d.path, 1);
	m = manifest_open(NULL, "i", "go", &e);
	ck_assert_ptr_nonnull(m);
}

static void
teardown(void)
{
	plan_free(p);
	manifest_close(m);
	local_release(&l);
	ignore_free(ig);
	rules_free(rs);
	dir_drop(&d);
}

static void
file(const char *name, mode_t mode)
{
	dir_write(&d, name, "abc");
	ck_assert_int_eq(fchmodat(d.fd, name, mode, 0), 0);
}

static void
directory(const char *name)
{
	ck_assert_int_eq(mkdirat(d.fd, name, 0755), 0);
}

static void
scan(void)
{
	ck_assert_msg(local_scan(&l, d.path, ig, NULL, NULL, &e) == 0, "%s", e.msg);
	p = plan_new(&l, m, &rules);
}

static void
line(const char *text)
{
	ck_assert_msg(plan_line(p, text, &e) == 0, "%s", e.msg);
}

static void
end(void)
{
	ck_assert_msg(plan_end(p, &e) == 0, "%s", e.msg);
}

static char *
joined(const struct strs *list)
{
	struct str	s = STR_INIT;
	size_t		i;

	for (i = 0; i < list->n; i++)
		str_addf(&s, "%s%s", i > 0 ? " " : "", list->v[i]);
	return str_take(&s);
}

static void
expect(const char *send, const char *first, const char *removals)
{
	struct strs	sends = STRS_INIT;
	char		*got;
	size_t		i;

	for (i = 0; i < l.inv.n; i++)
		if (plan_sends(&l.inv.v[i]))
			strs_add(&sends, l.inv.v[i].path);
	ck_assert_uint_eq(plan_send_count(p), sends.n);
	got = joined(&sends);
	ck_assert_str_eq(got, send);
	free(got);
	got = joined(plan_first(p));
	ck_assert_str_eq(got, first);
	free(got);
	got = joined(plan_removals(p));
	ck_assert_str_eq(got, removals);
	free(got);
	strs_release(&sends);
}

START_TEST(test_empty_there)
{
	directory("dir");
	file("dir/x", 0644);
	scan();
	ck_assert(plan_remote_empty(p));
	end();
	expect("dir dir/x", "", "");
	ck_assert_uint_eq(plan_send_bytes(p), 3);
}
END_TEST

START_TEST(test_nothing_differs)
{
	directory("dir");
	file("dir/x", 0755);
	ck_assert_int_eq(symlinkat("../a b%c", d.fd, "ln"), 0);
	scan();
	line("drwxr-xr-x\tdir/");
	line(FILE_ABC("-rwxr-xr-x", "dir/x"));
	line("Lrwxrwxrwx\tln\t->../a%20b%25c");
	ck_assert(!plan_remote_empty(p));
	end();
	expect("", "", "");
}
END_TEST

START_TEST(test_each_difference)
{
	directory("dir");
	file("content", 0644);
	file("kind", 0644);
	file("mode", 0755);
	file("size", 0644);
	file("undigested", 0644);
	ck_assert_int_eq(symlinkat("new", d.fd, "target"), 0);
	scan();
	line("drwx------\tdir/");
	line("-rw-r--r--\tcontent\t3\t" TIME "\tda39a3ee5e6b4b0d3255bfef95601890afd80709");
	line("Lrwxrwxrwx\tkind\t->x");
	line(FILE_ABC("-rw-r--r--", "mode"));
	line("-rw-r--r--\tsize\t4\t" TIME "\t" ABC);
	line("-rw-r--r--\tundigested\t3\t" TIME);
	line("Lrwxrwxrwx\ttarget\t->old");
	end();
	expect("content dir kind mode size target undigested", "", "");
}
END_TEST

/* A stock buildlet tells no targets, applies its umask, lets a file that is
 * there keep its mode, and skips links. */
START_TEST(test_stock)
{
	directory("dir");
	file("group", 0664);
	file("x", 0755);
	ck_assert_int_eq(symlinkat("new", d.fd, "ln"), 0);
	ck_assert_int_eq(symlinkat("new", d.fd, "missing"), 0);
	rules = (struct plan_rules){ .links = false, .exact = false };
	scan();
	line("drwx------\tdir/");
	line(FILE_ABC("-rw-r--r--", "group"));
	line(FILE_ABC("-rw-r--r--", "x"));
	line("Lrwxrwxrwx\tln");
	end();
	expect("x", "x", "");
	ck_assert_uint_eq(plan_left_out(p), 1);
}
END_TEST

START_TEST(test_removals)
{
	file("x", 0644);
	manifest_add(m, "x");
	manifest_add(m, "gone");
	manifest_add(m, "old");
	manifest_add(m, "old/a");
	manifest_add(m, "old/b");
	manifest_add(m, "mixed");
	manifest_add(m, "mixed/ours");
	manifest_add(m, "not-there");
	scan();
	line(FILE_ABC("-rw-r--r--", "gone"));
	line(FILE_ABC("-rw-r--r--", "made-there"));
	line("drwxr-xr-x\tmixed/");
	line(FILE_ABC("-rw-r--r--", "mixed/ours"));
	line(FILE_ABC("-rw-r--r--", "mixed/theirs"));
	line("drwxr-xr-x\told/");
	line(FILE_ABC("-rw-r--r--", "old/a"));
	line(FILE_ABC("-rw-r--r--", "old/b"));
	line(FILE_ABC("-rw-r--r--", "x"));
	end();
	expect("", "", "gone mixed/ours old");
	ck_assert(plan_stays(p, "x"));
	ck_assert(plan_stays(p, "mixed"));
	ck_assert(plan_stays(p, "made-there"));
	ck_assert(!plan_stays(p, "old/a"));
	ck_assert(!plan_stays(p, "gone"));
	ck_assert(!plan_stays(p, "not-there"));
	ck_assert(plan_remote_has(p, "gone"));
	ck_assert(!plan_remote_has(p, "x"));
}
END_TEST

START_TEST(test_directory_in_the_way)
{
	file("x", 0644);
	manifest_add(m, "x");
	manifest_add(m, "x/a");
	scan();
	line("drwxr-xr-x\tx/");
	line(FILE_ABC("-rw-r--r--", "x/a"));
	end();
	expect("x", "x", "");
	ck_assert(!plan_stays(p, "x/a"));
}
END_TEST

START_TEST(test_foreign_directory_in_the_way)
{
	file("x", 0644);
	manifest_add(m, "x");
	scan();
	line("drwxr-xr-x\tx/");
	line(FILE_ABC("-rw-r--r--", "x/theirs"));
	ck_assert_int_eq(plan_end(p, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "x:"));
	ck_assert_ptr_nonnull(strstr(e.msg, "gomote rm"));
}
END_TEST

START_TEST(test_file_in_the_way)
{
	directory("x");
	file("x/a", 0644);
	scan();
	line(FILE_ABC("-rw-r--r--", "x"));
	end();
	expect("x x/a", "x", "");
}
END_TEST

START_TEST(test_kept)
{
	ck_assert_int_eq(rules_add(rs, rules_go, "rules", &e), 0);
	manifest_add(m, "VERSION");
	manifest_add(m, "src/go/build/zcgo.go");
	manifest_add(m, "src/go/build/x.go");
	scan();
	line(FILE_ABC("-rw-r--r--", "VERSION"));
	line("drwxr-xr-x\tsrc/");
	line("drwxr-xr-x\tsrc/go/");
	line("drwxr-xr-x\tsrc/go/build/");
	line(FILE_ABC("-rw-r--r--", "src/go/build/x.go"));
	line(FILE_ABC("-rw-r--r--", "src/go/build/zcgo.go"));
	end();
	expect("", "", "src/go/build/x.go");
}
END_TEST

START_TEST(test_strange_lines)
{
	file("x", 0644);
	scan();
	line("");
	line("nonsense");
	line("-rw-r--r--\t../x\t3\t" TIME "\t" ABC);
	line("drwxr-xr-x\t/");
	line("L\t\t->");
	ck_assert(plan_remote_empty(p));
	end();
	expect("x", "", "");
}
END_TEST

START_TEST(test_unreadable_file)
{
	file("x", 0644);
	scan();
	ck_assert_int_eq(unlinkat(d.fd, "x", 0), 0);
	ck_assert_int_eq(plan_line(p, FILE_ABC("-rw-r--r--", "x"), &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "/x"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("plan");
	TCase	*c = tcase_create("plan");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_empty_there);
	tcase_add_test(c, test_nothing_differs);
	tcase_add_test(c, test_each_difference);
	tcase_add_test(c, test_stock);
	tcase_add_test(c, test_removals);
	tcase_add_test(c, test_directory_in_the_way);
	tcase_add_test(c, test_foreign_directory_in_the_way);
	tcase_add_test(c, test_file_in_the_way);
	tcase_add_test(c, test_kept);
	tcase_add_test(c, test_strange_lines);
	tcase_add_test(c, test_unreadable_file);
	suite_add_tcase(s, c);
	return s;
}
