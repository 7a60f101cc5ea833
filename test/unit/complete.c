/* complete.c - unit tests of client/complete.h: places on a command line. */
#include "client/complete.h"

#include <string.h>

#include "base/attr.h"
#include "unit.h"

static struct complete_options	 o;
static struct complete_place	 p;

static void
setup(void)
{
	memset(&o, 0, sizeof o);
	strs_add(&o.lines, "dir\tDIR\twhere to");
	strs_add(&o.lines, "d\t\tdetached");
	strs_add(&o.lines, "skip\tDIR,...\tnot these");
}

static void
teardown(void)
{
	strs_release(&o.lines);
}

static void
find(const char *command, const char *line, bool named, enum complete_kind want)
{
	struct strs	words = STRS_INIT;

	strs_split(&words, line, ' ', false);
	complete_find(&p, command, &o, words.v, words.n, named);
	ck_assert_msg(p.kind == want, "%s %s: kind %d, not %d", command, line,
	    (int)p.kind, (int)want);
	p.instance = p.instance != NULL ? "named" : NULL;	/* words are gone */
	strs_release(&words);
}

START_TEST(operands)
{
	find("ls", "", false, COMPLETE_INSTANCE);
	ck_assert_ptr_null(p.instance);
	find("ls", "inst s", false, COMPLETE_REMOTE);
	ck_assert_ptr_nonnull(p.instance);
	find("ls", "inst dir more", false, COMPLETE_NOTHING);
	find("rm", "inst a b c d", false, COMPLETE_REMOTE);
	find("put", "inst f", false, COMPLETE_FILE);
	find("put", "inst f d", false, COMPLETE_REMOTE);
	find("destroy", "a b c", false, COMPLETE_INSTANCE);
	find("group", "a", false, COMPLETE_WORD);
	find("group", "add d", false, COMPLETE_GROUP);
	find("group", "add debug i j", false, COMPLETE_INSTANCE);
	find("config", "get s", false, COMPLETE_WORD);
	ck_assert_ptr_nonnull(strstr(p.words, "server"));
	find("version", "", false, COMPLETE_NOTHING);
	find("nonesuch", "x", false, COMPLETE_NOTHING);
}
END_TEST

START_TEST(instance_named_before)
{
	find("ls", "", true, COMPLETE_REMOTE);
	ck_assert_ptr_null(p.instance);
	find("put", "f", true, COMPLETE_FILE);
	find("put", "f d", true, COMPLETE_REMOTE);
	find("kill", "x", true, COMPLETE_RUNNING);
}
END_TEST

START_TEST(options)
{
	find("ls", "-", false, COMPLETE_OPTION);
	find("ls", "-d", false, COMPLETE_OPTION);
	find("ls", "-d -dir", false, COMPLETE_OPTION);
	find("ls", "-dir ", false, COMPLETE_REMOTE);
	find("ls", "-dir x ", false, COMPLETE_INSTANCE);
	find("ls", "-dir=x ", false, COMPLETE_INSTANCE);
	find("ls", "--dir x -d inst ", false, COMPLETE_REMOTE);
	find("ls", "-unknown ", false, COMPLETE_INSTANCE);
	find("ls", "-- -", false, COMPLETE_INSTANCE);
	find("ls", "inst -", false, COMPLETE_REMOTE);
	/* What an option takes is none, whatever it looks like. */
	find("ls", "-dir -d ", false, COMPLETE_INSTANCE);
	find("ls", "-dir -", false, COMPLETE_REMOTE);
}
END_TEST

START_TEST(arguments)
{
	static const struct {
		const char		*option;
		enum complete_kind	 kind;
	} is[] = { { "ca", COMPLETE_FILE }, { "group", COMPLETE_GROUP },
	    { "instance", COMPLETE_INSTANCE }, { "agent", COMPLETE_WORD },
	    { "timeout", COMPLETE_NOTHING }, { "", COMPLETE_NOTHING } };
	size_t	i;

	for (i = 0; i < nitems(is); i++) {
		memset(&p, 0, sizeof p);
		complete_argument(&p, is[i].option);
		ck_assert_int_eq(p.kind, is[i].kind);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("complete");
	TCase	*t = tcase_create("complete");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, operands);
	tcase_add_test(t, instance_named_before);
	tcase_add_test(t, options);
	tcase_add_test(t, arguments);
	suite_add_tcase(s, t);
	return s;
}
