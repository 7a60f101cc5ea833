/* who.c - unit tests of client/who.h: which instances are meant, and what had to
 * be asked for that. */
#include "client/who.h"

#include <string.h>

#include "unit.h"

#define ANY	(-1)
#define A0	"user-al-linux-amd64-0"
#define A1	"user-al-linux-amd64-1"
#define A12	"user-al-linux-amd64-12"
#define W0	"user-al-windows-amd64-0"

static struct strs	alive, members;
static struct who_view	view;		/* what is set; alive and members when asked */
static bool		has_group;
static struct who	who;
static struct err	e;
static char		asked[8];	/* 'a' alive, 'g' group, in their order */

static void
setup(void)
{
	memset(&alive, 0, sizeof alive);
	memset(&members, 0, sizeof members);
	memset(&view, 0, sizeof view);
	memset(&who, 0, sizeof who);
	has_group = false;
	e = (struct err)ERR_INIT;
	strs_add(&alive, A0);
	strs_add(&alive, A12);
	strs_add(&alive, W0);
}

static void
teardown(void)
{
	strs_release(&alive);
	strs_release(&members);
	who_release(&who);
}

static void
group(const char *name, bool named)
{
	view.group = name;
	view.group_named = named;
}

static void
is_there(void)
{
	has_group = true;
	strs_add(&members, A0);
	strs_add(&members, W0);
}

/* The words are divided by blanks. */
static enum who_next
decide(const char *words, int min, int max)
{
	struct who_ask	ask = { NULL, 0, min, max, true };
	struct strs	v = STRS_INIT;
	enum who_next	next;
	size_t		n = 0;

	who_release(&who);
	view.alive = NULL;
	view.members = NULL;
	view.group_asked = false;
	strs_split(&v, words, ' ', true);
	ask.operands = v.v;
	ask.n = (int)v.n;
	memset(asked, 0, sizeof asked);
	while ((next = who_decide(&who, &ask, &view, &e)) > WHO_DONE) {
		asked[n++] = next == WHO_NEEDS_ALIVE ? 'a' : 'g';
		ck_assert_uint_lt(n, 3);
		if (next == WHO_NEEDS_ALIVE) {
			view.alive = &alive;
		} else {
			view.group_asked = true;
			view.members = has_group ? &members : NULL;
		}
	}
	strs_release(&v);
	return next;
}

static void
one(const char *words, int min, int max, const char *name, int used, const char *how)
{
	enum who_next	next = decide(words, min, max);

	ck_assert_msg(next == WHO_DONE, "%s: %s", words, e.msg);
	ck_assert_uint_eq(who.names.n, 1);
	ck_assert_str_eq(who.names.v[0], name);
	ck_assert_int_eq(who.used, used);
	ck_assert_msg(strcmp(asked, how) == 0, "%s: asked \"%s\", not \"%s\"", words,
	    asked, how);
}

static void
all(const char *words, int min, int max, const char *how)
{
	enum who_next	next = decide(words, min, max);

	ck_assert_msg(next == WHO_DONE, "%s: %s", words, e.msg);
	ck_assert_uint_eq(who.names.n, 2);
	ck_assert_str_eq(who.names.v[0], A0);
	ck_assert_str_eq(who.names.v[1], W0);
	ck_assert_int_eq(who.used, 0);
	ck_assert_str_eq(who.group, view.group);
	ck_assert_msg(strcmp(asked, how) == 0, "%s: asked \"%s\", not \"%s\"", words,
	    asked, how);
}

static void
refused(const char *words, int min, int max, const char *text)
{
	ck_assert_int_eq(decide(words, min, max), WHO_FAILED);
	ck_assert_msg(strstr(e.msg, text) != NULL, "%s: %s", words, e.msg);
}

/* The usual case costs nothing. */
START_TEST(test_whole_name)
{
	one(A0 " make", 1, ANY, A0, 1, "");
	one(A0, 0, 0, A0, 1, "");
	one(A0 " dir", 0, 1, A0, 1, "");
	/* Alive or not: the server knows. It is not run anywhere else. */
	one(A1 " make", 1, ANY, A1, 1, "");
	one("linux-amd64@10.0.0.1:80 make", 1, ANY, "linux-amd64@10.0.0.1:80", 1, "");
}
END_TEST

START_TEST(test_beginnings)
{
	one("user-al-w make", 1, ANY, W0, 1, "a");
	one("user-al-linux-amd64-12 make", 1, ANY, A12, 1, "");
	one("user-al-linux-amd64-1", 0, 0, A1, 1, "");	/* is no beginning of -12 */
	one("user-al-w", 0, 0, W0, 1, "a");
	one("user-al-w dir", 0, 1, W0, 1, "a");
}
END_TEST

START_TEST(test_ambiguous)
{
	refused("user-al-linux make", 1, ANY, "may be any of " A0 ", " A12);
	refused("user", 0, 0, "may be any of " A0 ", " A12 ", " W0);
	/* A beginning is not looked at where the operand has the shape of a name. */
	group("g", false);
	is_there();
	refused(A1 " make", 1, ANY, "there is no instance \"" A1 "\"");
}
END_TEST

START_TEST(test_group)
{
	group("g", false);
	is_there();
	all("go/src/make.bash", 1, ANY, "g");
	all("make all", 1, ANY, "g");
	all("", 0, 0, "g");
	all("make-it all", 1, ANY, "ag");
	/* An operand that names one means it alone. */
	one(A12 " make", 1, ANY, A12, 1, "a");
	one("user-al-w make", 1, ANY, W0, 1, "a");
	one("linux-amd64@10.0.0.1 make", 1, ANY, "linux-amd64@10.0.0.1", 1, "");
	/* That looks like one, and is none: not run on the others. */
	refused("user-al-linux-amd64-7 path", 1, ANY, "there is no instance");
	refused(A0, 1, ANY, "too few arguments");
	all("a@b/c.txt", 1, ANY, "g");
}
END_TEST

START_TEST(test_group_named)
{
	group("g", true);
	refused("make", 1, ANY, "there is no group \"g\"");
	refused(A0 " make", 1, ANY, "there is no group \"g\"");
	is_there();
	all("make", 1, ANY, "g");
	one(A12 " make", 1, ANY, A12, 1, "ga");
}
END_TEST

START_TEST(test_group_empty)
{
	group("g", false);
	has_group = true;
	refused("make", 1, ANY, "group g has no instances");
	ck_assert_int_eq(e.code, WHO_EMPTY);
	ck_assert_str_eq(who.group, "g");
}
END_TEST

/* One that is not there yet is as if not set. */
START_TEST(test_group_missing)
{
	group("g", false);
	view.usual = A0;
	one("make", 1, ANY, A0, 0, "g");
	one(W0 " make", 1, ANY, W0, 1, "a");
}
END_TEST

START_TEST(test_usual)
{
	view.usual = A0;
	one("make", 1, ANY, A0, 0, "");
	one("go/bin/go test", 1, ANY, A0, 0, "");
	one("", 0, 0, A0, 0, "");
	one("apt-get x", 1, ANY, A0, 0, "a");
	one(W0 " make", 1, ANY, W0, 1, "a");
	view.usual = "user-al-w";
	one("make", 1, ANY, W0, 0, "a");
	view.usual = "user-x";
	refused("make", 1, ANY, "GOMOTE_INSTANCE: there is no instance \"user-x\"");
	view.usual = "linux-amd64@10.0.0.1";
	one("make", 1, ANY, "linux-amd64@10.0.0.1", 0, "");
}
END_TEST

START_TEST(test_only)
{
	refused("make", 1, ANY, "Name one of " A0 ", " A12 ", " W0);
	strs_release(&alive);
	refused("make", 1, ANY, "you have no instance");
	strs_add(&alive, W0);
	one("make", 1, ANY, W0, 0, "a");
	one("", 0, 0, W0, 0, "a");
	one("file dest", 1, 2, W0, 0, "a");
	one("u", 0, 0, W0, 1, "a");
	/* One that has ended is not taken for something else, nor for another. */
	one(A0 " make", 1, ANY, A0, 1, "");
	refused(A0, 1, ANY, "too few arguments");
	refused("nonesuch", 0, 0, "there is no instance \"nonesuch\"");
}
END_TEST

START_TEST(test_named)
{
	view.one = A1;
	group("g", false);
	is_there();
	one("make", 1, ANY, A1, 0, "");
	one(A0 " make", 1, ANY, A1, 0, "");	/* A0 is the command then */
	one("", 0, 0, A1, 0, "");
	one(A1, 0, 0, A1, 1, "");
	refused(A0, 0, 0, "too many arguments");
	refused("", 1, ANY, "too few arguments");
}
END_TEST

START_TEST(test_counts)
{
	refused("", 1, ANY, "too few arguments");
	ck_assert_int_eq(e.code, WHO_USAGE);
	refused("a b", 0, 0, "too many arguments");
	refused("a b c d", 1, 2, "too many arguments");
	ck_assert_str_eq(asked, "");
	/* As many as this only with an instance. */
	refused("x-y b c", 1, 2, "there is no instance \"x-y\"");
	refused("bad/name b c", 1, 2, "no name of an instance");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("who");
	TCase	*c = tcase_create("who");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_whole_name);
	tcase_add_test(c, test_beginnings);
	tcase_add_test(c, test_ambiguous);
	tcase_add_test(c, test_group);
	tcase_add_test(c, test_group_named);
	tcase_add_test(c, test_group_empty);
	tcase_add_test(c, test_group_missing);
	tcase_add_test(c, test_usual);
	tcase_add_test(c, test_only);
	tcase_add_test(c, test_named);
	tcase_add_test(c, test_counts);
	suite_add_tcase(s, c);
	return s;
}
