/* opt.c - unit tests of base/opt.h: command lines as Go's flag package reads
 * them. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/opt.h"

static char *name;
static struct strs env;
static bool debug;
static int64_t number, idle;

static const struct opt table[] = {
	{ "name", OPT_STRING, &name, "NAME", "who it is" },
	{ "e", OPT_STRINGS, &env, "KEY=VALUE", "add to the environment" },
	{ "debug", OPT_BOOL, &debug, NULL, "say more" },
	{ "n", OPT_INT, &number, "N", "how many" },
	{ "idle", OPT_DURATION, &idle, "TIME", "how long to wait" },
	{ NULL, 0, NULL, NULL, NULL },
};

static void
setup(void)
{
	static char	 nobody[] = "nobody";

	name = nobody;
	debug = false;
	number = 3;
	idle = 1800000;
}

static void
teardown(void)
{
	strs_release(&env);
}

#define MAX_WORDS 16

/* Parses "prog" and the words up to NULL. */
static int
parse(struct err *e, char *const *words)
{
	static char	 prog[] = "prog";
	char		*argv[MAX_WORDS + 2] = { prog };
	int		 argc = 1;

	while (argc <= MAX_WORDS && words[argc - 1] != NULL) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	return opt_parse(table, argc, argv, e);
}

#define PARSE(e, ...) \
	parse((e), (char *[]){ __VA_ARGS__, NULL })

/* The message that these words get. */
static const char *
refused(struct err *e, char *const *words)
{
	e->msg[0] = '\0';
	ck_assert_int_eq(parse(e, words), -1);
	return e->msg;
}

#define REFUSED(e, ...) \
	refused((e), (char *[]){ __VA_ARGS__, NULL })

START_TEST(nothing_keeps_defaults)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(PARSE(&e, NULL), 1);
	ck_assert_str_eq(name, "nobody");
	ck_assert_uint_eq(env.n, 0);
	ck_assert(!debug);
	ck_assert_int_eq(number, 3);
	ck_assert_int_eq(idle, 1800000);
	ck_assert_int_eq(opt_parse(table, 0, (char *[]){ NULL }, &e), 0);
}
END_TEST

START_TEST(each_form)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(PARSE(&e, "-name", "a", "--name", "b", "x"), 5);
	ck_assert_str_eq(name, "b");
	ck_assert_int_eq(PARSE(&e, "-name=c=d", "--n=7"), 3);
	ck_assert_str_eq(name, "c=d");
	ck_assert_int_eq(number, 7);
	ck_assert_int_eq(PARSE(&e, "-name=", "-n", "0"), 4);
	ck_assert_str_eq(name, "");
	ck_assert_int_eq(number, 0);
	ck_assert_int_eq(PARSE(&e, "-name", "", "-idle", "1h30m"), 5);
	ck_assert_str_eq(name, "");
	ck_assert_int_eq(idle, 5400000);
	ck_assert_int_eq(PARSE(&e, "-name", "-debug"), 3);
	ck_assert_str_eq(name, "-debug");	/* its argument, as in Go */
	ck_assert(!debug);
	ck_assert_int_eq(PARSE(&e, "-n", "2147483647"), 3);
	ck_assert_int_eq(number, 2147483647);
}
END_TEST

START_TEST(list_takes_each)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(PARSE(&e, "-e", "A=1", "-e=B=2", "-e", "A=1"), 6);
	ck_assert_uint_eq(env.n, 3);
	ck_assert_str_eq(env.v[0], "A=1");
	ck_assert_str_eq(env.v[1], "B=2");
	ck_assert_str_eq(env.v[2], "A=1");
}
END_TEST

START_TEST(operands_end_options)
{
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(PARSE(&e, "-n", "5", "cmd", "-n", "6"), 3);
	ck_assert_int_eq(number, 5);
	ck_assert_int_eq(PARSE(&e, "-n", "5", "--", "-n", "6"), 4);
	ck_assert_int_eq(number, 5);
	ck_assert_int_eq(PARSE(&e, "--"), 2);
	ck_assert_int_eq(PARSE(&e, "-", "-n", "6"), 1);	/* stdin, a word */
	ck_assert_int_eq(PARSE(&e, "", "-n", "6"), 1);
	ck_assert_int_eq(number, 5);
}
END_TEST

START_TEST(bool_forms)
{
	static char *const	 yes[] = { "-debug=1", "-debug=t", "-debug=T",
		"-debug=true", "--debug=TRUE", "-debug=True", "-debug" };
	static char *const	 no[] = { "-debug=0", "-debug=f", "-debug=F",
		"-debug=false", "--debug=FALSE", "-debug=False" };
	struct err		 e = ERR_INIT;
	size_t			 i;

	for (i = 0; i < nitems(yes); i++) {
		debug = false;
		ck_assert_int_eq(PARSE(&e, yes[i]), 2);
		ck_assert(debug);
	}
	for (i = 0; i < nitems(no); i++) {
		debug = true;
		ck_assert_int_eq(PARSE(&e, no[i]), 2);
		ck_assert(!debug);
	}
	/* A bare one takes no word, not even one that looks like its value. */
	ck_assert_int_eq(PARSE(&e, "-debug", "false"), 2);
	ck_assert(debug);
}
END_TEST

START_TEST(wrong_is_named)
{
	struct err	 e = ERR_INIT;

	ck_assert_str_eq(REFUSED(&e, "-x"), "unknown option -x");
	ck_assert_str_eq(REFUSED(&e, "--x=5"), "unknown option -x");
	ck_assert_str_eq(REFUSED(&e, "-nam"), "unknown option -nam");
	ck_assert_str_eq(REFUSED(&e, "-names"), "unknown option -names");
	ck_assert_str_eq(REFUSED(&e, "-n", "abc"),
	    "option -n: not a number: abc");
	ck_assert_str_eq(REFUSED(&e, "-n", "-1"),
	    "option -n: not a number: -1");
	ck_assert_str_eq(REFUSED(&e, "-n="), "option -n: not a number: ");
	ck_assert_str_eq(REFUSED(&e, "-n=2147483648"),
	    "option -n: not a number up to 2147483647: 2147483648");
	ck_assert_str_eq(REFUSED(&e, "-n"), "option -n: needs an argument");
	ck_assert_str_eq(REFUSED(&e, "-debug=yes"),
	    "option -debug: not true or false: yes");
	ck_assert_str_eq(REFUSED(&e, "-debug="),
	    "option -debug: not true or false: ");
	ck_assert_str_eq(REFUSED(&e, "-idle", "-5s"),
	    "option -idle: not a duration such as 90s or 1h30m: -5s");
	ck_assert_str_eq(REFUSED(&e, "---n", "5"), "not an option: ---n");
	ck_assert_str_eq(REFUSED(&e, "-=5"), "not an option: -=5");
	ck_assert_str_eq(REFUSED(&e, "--=5"), "not an option: --=5");
	ck_assert_int_eq(parse(NULL, (char *[]){ "-x", NULL }), -1);
	ck_assert_int_eq(number, 3);
	ck_assert(!debug);
	ck_assert_int_eq(idle, 1800000);
}
END_TEST

START_TEST(help_is_asked)
{
	static bool		 h;
	static const struct opt	 own[] = {
		{ "h", OPT_BOOL, &h, NULL, "an h of its own" },
		{ NULL, 0, NULL, NULL, NULL },
	};
	struct err		 e = ERR_INIT;

	ck_assert_int_eq(PARSE(&e, "-h"), -2);
	ck_assert_int_eq(PARSE(&e, "--help"), -2);
	ck_assert_int_eq(PARSE(&e, "-n", "5", "-help", "-x"), -2);
	ck_assert_int_eq(PARSE(&e, "--", "-h"), 2);
	ck_assert_int_eq(opt_parse(own, 2, (char *[]){ "p", "-h", NULL }, &e),
	    2);
	ck_assert(h);
}
END_TEST

/* What opt_usage prints; free() it. */
static char *
usage_of(const struct opt *t)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	opt_usage(t, f);
	fclose(f);
	return text;
}

START_TEST(usage_is_a_table)
{
	char	*text = usage_of(table);

	ck_assert_str_eq(text,
	    "  -name NAME      who it is (default \"nobody\")\n"
	    "  -e KEY=VALUE    add to the environment\n"
	    "  -debug          say more\n"
	    "  -n N            how many (default 3)\n"
	    "  -idle TIME      how long to wait (default 30m0s)\n");
	free(text);
	name = NULL;
	number = idle = 0;
	debug = true;
	strs_add(&env, "A=1");
	text = usage_of(table);
	ck_assert_str_eq(text,
	    "  -name NAME      who it is\n"
	    "  -e KEY=VALUE    add to the environment (default \"A=1\")\n"
	    "  -debug          say more (default true)\n"
	    "  -n N            how many\n"
	    "  -idle TIME      how long to wait\n");
	free(text);
}
END_TEST

START_TEST(usage_breaks_wide_ones)
{
	static char		*value;
	static const struct opt	 wide[] = {
		{ "n", OPT_STRING, &value, "N", "short" },
		{ "a-very-long-option", OPT_STRING, &value, "LONG-ARGUMENT",
		    "long" },
		{ NULL, 0, NULL, NULL, NULL },
	};
	char			*text = usage_of(wide);

	ck_assert_str_eq(text,
	    "  -n N    short\n"
	    "  -a-very-long-option LONG-ARGUMENT\n"
	    "          long\n");
	free(text);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("opt");
	TCase	*t = tcase_create("opt");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_keeps_defaults);
	tcase_add_test(t, each_form);
	tcase_add_test(t, list_takes_each);
	tcase_add_test(t, operands_end_options);
	tcase_add_test(t, bool_forms);
	tcase_add_test(t, wrong_is_named);
	tcase_add_test(t, help_is_asked);
	tcase_add_test(t, usage_is_a_table);
	tcase_add_test(t, usage_breaks_wide_ones);
	suite_add_tcase(s, t);
	return s;
}
