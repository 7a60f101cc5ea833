/*
 * options.c - tests of the coordinator's command line: options before and
 * behind the words of a verb, what goes together, and the verbs' own usage.
 */
#include <string.h>

#include "coordinator/dev.h"
#include "coordinator/near.h"
#include "coordinator/options.h"
#include "test/unit/unit.h"

#define ARGS_MAX 12

/* Splits line at blanks and parses it; words and strings lie in buf. */
static int
parse(struct options *o, const char *line, char buf[256], struct err *e)
{
	char	*argv[ARGS_MAX] = { "coordinator" }, *p = buf;
	int	 argc = 1;

	snprintf(buf, 256, "%s", line);
	options_init(o);
	*e = (struct err)ERR_INIT;
	while (*p != '\0' && argc < ARGS_MAX - 1) {
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	return options_parse(o, argc, argv, e);
}

START_TEST(options_stand_before_and_behind_the_words)
{
	static const char *const lines[] = {
		"-state-dir /s user add alice",
		"user add alice -state-dir /s",
		"user -state-dir=/s add alice",
		"user add --state-dir /s alice",
	};
	struct options	o;
	struct err	e;
	char		buf[256];

	ck_assert_msg(parse(&o, lines[_i], buf, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(o.state_dir, "/s");
	ck_assert_uint_eq(o.words.n, 3);
	ck_assert_str_eq(o.words.v[0], "user");
	ck_assert_str_eq(o.words.v[2], "alice");
	options_release(&o);
}
END_TEST

static const struct { const char *line, *error; } wrong[] = {
	{ "", "one of -config, -dev or a verb" },
	{ "-dev", "-dev needs -state-dir" },
	{ "-dev -state-dir /s -config c", "exclude one another" },
	{ "-config c -idle 3s", "need -dev" },
	{ "-config c -local-limit 3", "need -dev" },
	{ "-t -dev -state-dir /s", "-t needs -config" },
	{ "-config c -log loud", "no such level: loud" },
	{ "-config c -idle soon", "-idle" },
	{ "user list", "which coordinator?" },
	{ "user list -state-dir /s -dev", "go with no verb" },
	{ "user -state-dir /s", "there is no verb \"user\"" },
	{ "user remove x -state-dir /s", "there is no verb \"user remove\"" },
	{ "user list x -state-dir /s", "usage: coordinator user list" },
	{ "key add host -state-dir /s", "usage: coordinator key add HOST-TYPE NAME" },
	{ "drain -state-dir /s", "usage: coordinator drain MACHINE" },
};

START_TEST(what_does_not_go_together_is_refused)
{
	struct options	o;
	struct err	e;
	char		buf[256];

	ck_assert_int_eq(parse(&o, wrong[_i].line, buf, &e), -1);
	ck_assert_msg(strstr(e.msg, wrong[_i].error) != NULL, "%s: %s", wrong[_i].line, e.msg);
	options_release(&o);
}
END_TEST

START_TEST(help_and_version_need_nothing_else)
{
	struct options	o;
	struct err	e;
	char		buf[256];

	ck_assert_int_eq(parse(&o, "-help", buf, &e), -2);
	options_release(&o);
	ck_assert_int_eq(parse(&o, "-version", buf, &e), 0);
	ck_assert(o.version);
	options_release(&o);
}
END_TEST

START_TEST(platform_is_named_as_go_names_it)
{
	char	buf[64];

	ck_assert_str_eq(dev_platform("Linux", "x86_64", buf), "linux-amd64");
	ck_assert_str_eq(dev_platform("Linux", "aarch64", buf), "linux-arm64");
	ck_assert_str_eq(dev_platform("FreeBSD", "amd64", buf), "freebsd-amd64");
	ck_assert_str_eq(dev_platform("Darwin", "arm64", buf), "darwin-arm64");
	ck_assert_str_eq(dev_platform("Linux", "i686", buf), "linux-386");
	ck_assert_str_eq(dev_platform("Linux", "sparc64", buf), "linux-sparc64");
}
END_TEST

static void
add_builder(struct catalog *c, const char *name)
{
	struct builder_type	b;
	struct err		e = ERR_INIT;

	memset(&b, 0, sizeof b);
	b.name = (char *)name;
	b.host_type = (char *)"h";
	ck_assert_int_eq(catalog_add_builder(c, &b, &e), 0);
}

static void
check_near(const struct catalog *c, const char *wanted, const char *text)
{
	struct str	s = STR_INIT;

	near_builders(c, wanted, &s);
	ck_assert_str_eq(str_text(&s), text);
	str_release(&s);
}

START_TEST(near_names_are_offered)
{
	struct catalog	*c = catalog_new();
	char		 name[32];
	int		 i;

	check_near(c, "linux", "; none is offered");
	add_builder(c, "linux-amd64");
	add_builder(c, "plan9-arm");
	check_near(c, "linux-amd46", "; did you mean linux-amd64?");
	check_near(c, "linux", "; did you mean linux-amd64?");
	check_near(c, "windows-2022", "; there is linux-amd64, plan9-arm");
	check_near(c, "", "; there is linux-amd64, plan9-arm");
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "zzzzzz-%d", i);
		add_builder(c, name);
	}
	check_near(c, "windows-2022", "; there are 22, see /builders");
	/* Longer than any name can be. */
	check_near(c, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaa", "; there are 22, see /builders");
	catalog_unref(c);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("options");
	TCase	*t = tcase_create("options");

	tcase_add_loop_test(t, options_stand_before_and_behind_the_words, 0, 4);
	tcase_add_loop_test(t, what_does_not_go_together_is_refused, 0,
	    (int)(sizeof wrong / sizeof wrong[0]));
	tcase_add_test(t, help_and_version_need_nothing_else);
	tcase_add_test(t, platform_is_named_as_go_names_it);
	tcase_add_test(t, near_names_are_offered);
	suite_add_tcase(s, t);
	return s;
}
