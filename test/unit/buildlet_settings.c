/* buildlet_settings.c - the buildlet's command line and its key files. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "buildlet/settings.h"

#define ARGS_MAX 16

static struct settings	 s;
static struct err	 e;
static char		 dir[64];
static char		*words[ARGS_MAX];

static void
setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/settings.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	unsetenv("GO_BUILD_KEY_PATH");
	unsetenv("GO_BUILD_KEY_DELETE_AFTER_READ");
	setenv("HOME", dir, 1);
	settings_init(&s);
	e = (struct err)ERR_INIT;
}

static void
teardown(void)
{
	char	*path = xasprintf("%s/key", dir);

	settings_release(&s);
	(void)unlink(path);
	free(path);
	path = xasprintf("%s/.gobuildkey-t", dir);
	(void)unlink(path);
	free(path);
	rmdir(dir);
}

/* line is cut at blanks; it stays until the end of the test. */
static int
parse(char *line)
{
	int	n = 0;
	char	*save = NULL, *word;

	for (word = strtok_r(line, " ", &save); word != NULL && n < ARGS_MAX - 1;
	    word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	words[n] = NULL;
	return settings_parse(&s, n, words, &e);
}

static void
key_make(const char *name, const char *text)
{
	char	*path = xasprintf("%s/%s", dir, name);

	ck_assert_int_eq(file_write(path, text, strlen(text), 0600, &e), 0);
	free(path);
}

static const struct {
	const char	*line;
	const char	*text;
} wrong[] = {
	{ "buildlet -workdir w", "one of -listen and -reverse-type" },
	{ "buildlet -listen 1 -reverse-type t -coordinator c -workdir w", "exclude" },
	{ "buildlet -reverse-type t -workdir w", "needs -coordinator" },
	{ "buildlet -reverse-type a/b -coordinator c -workdir w", "not a host type" },
	{ "buildlet -listen 1", "-workdir is needed" },
	{ "buildlet -listen 1 -workdir w -tls-cert c", "need one another" },
	{ "buildlet -listen 1 -workdir w -log loud", "no such level" },
	{ "buildlet -listen 1 -workdir w -log-limit 1K", "-log-limit: not a size from 64K" },
	{ "buildlet -listen 1 -workdir w -log-budget lots", "-log-budget: not a size" },
	{ "buildlet -listen 1 -workdir w -log-budget 2000T", "-log-budget: not a size" },
	{ "buildlet -listen 1 -workdir w rest", "unexpected argument: rest" },
	{ "buildlet -reverse-type t -coordinator c -workdir w -revdial 3", "neither yamux nor 2" },
	{ "buildlet -reverse-type t -coordinator c -workdir w -key-file a "
	    "-join-token-file b", "exclude" },
};

START_TEST(refuses_wrong_usage)
{
	char	*line = xstrdup(wrong[_i].line);

	ck_assert_int_eq(parse(line), -1);
	ck_assert_msg(strstr(e.msg, wrong[_i].text) != NULL, "%s", e.msg);
	free(line);
}
END_TEST

START_TEST(listens_on_loopback_unless_told)
{
	char	a[] = "buildlet -listen :80 -workdir w";
	char	b[] = "buildlet -listen 8080 -workdir w";
	char	c[] = "buildlet -listen 0.0.0.0:80 -workdir w";

	ck_assert_int_eq(parse(a), 0);
	ck_assert_int_eq(settings_load(&s, NULL, &e), 0);
	ck_assert_str_eq(s.address, "127.0.0.1:80");
	ck_assert(!s.halt);
	settings_release(&s);
	ck_assert_int_eq(parse(b), 0);
	ck_assert_int_eq(settings_load(&s, NULL, &e), 0);
	ck_assert_str_eq(s.address, "127.0.0.1:8080");
	settings_release(&s);
	ck_assert_int_eq(parse(c), 0);
	ck_assert_int_eq(settings_load(&s, NULL, &e), 0);
	ck_assert_str_eq(s.address, "0.0.0.0:80");
}
END_TEST

START_TEST(key_is_where_stock_buildlets_look)
{
	char	line[] = "buildlet -reverse-type t -coordinator c:1 -workdir w";
	char	*path = xasprintf("%s/key", dir);

	ck_assert_int_eq(parse(line), 0);
	ck_assert_int_eq(settings_load(&s, NULL, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, ".gobuildkey-t"));
	key_make(".gobuildkey-t", " one\n");
	ck_assert_int_eq(settings_load(&s, NULL, &e), 0);
	ck_assert_str_eq(s.key, "one");
	ck_assert_ptr_nonnull(s.name);
	settings_release(&s);

	key_make("key", "two\n");
	setenv("GO_BUILD_KEY_PATH", path, 1);
	ck_assert_int_eq(settings_load(&s, NULL, &e), 0);
	ck_assert_str_eq(s.key, "two");
	ck_assert_int_eq(access(path, F_OK), 0);
	settings_release(&s);
	setenv("GO_BUILD_KEY_DELETE_AFTER_READ", "1", 1);
	ck_assert_int_eq(settings_load(&s, NULL, &e), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	free(path);
}
END_TEST

START_TEST(an_empty_key_is_none)
{
	char	line[] = "buildlet -reverse-type t -coordinator c:1 -workdir w -hostname h";

	key_make(".gobuildkey-t", "\n");
	ck_assert_int_eq(parse(line), 0);
	ck_assert_int_eq(settings_load(&s, NULL, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "is empty"));
}
END_TEST

/* What the program before us had counts where it cannot be read again. */
START_TEST(a_key_that_was_handed_over)
{
	char	line[] = "buildlet -reverse-type t -coordinator c:1 -workdir w";
	char	*path = xasprintf("%s/key", dir);
	char	*join = xasprintf("%s -join-token-file %s", line, path);
	char	*again = xstrdup(line);

	ck_assert_int_eq(parse(line), 0);
	ck_assert_int_eq(settings_load(&s, "handed", &e), 0);
	ck_assert_str_eq(s.key, "handed");
	ck_assert(s.key_handed);
	settings_release(&s);

	settings_init(&s);
	key_make(".gobuildkey-t", "fresh\n");
	ck_assert_int_eq(parse(again), 0);
	ck_assert_int_eq(settings_load(&s, "handed", &e), 0);
	ck_assert_str_eq(s.key, "fresh");
	ck_assert(!s.key_handed);
	settings_release(&s);

	settings_init(&s);
	key_make("key", "used-up\n");
	ck_assert_int_eq(parse(join), 0);
	ck_assert_int_eq(settings_load(&s, "handed", &e), 0);
	ck_assert_str_eq(s.key, "handed");
	free(again);
	free(join);
	free(path);
}
END_TEST

START_TEST(sizes_of_logs)
{
	char	plain[] = "buildlet -listen 1 -workdir w";
	char	given[] = "buildlet -listen 1 -workdir w -log-limit 2GiB -log-budget 64K";

	ck_assert_int_eq(parse(plain), 0);
	ck_assert_uint_eq(s.log_limit_bytes, 256 << 20);
	ck_assert_uint_eq(s.log_budget_bytes, 4ULL << 30);
	ck_assert_int_eq(parse(given), 0);
	ck_assert_uint_eq(s.log_limit_bytes, 2ULL << 30);
	ck_assert_uint_eq(s.log_budget_bytes, 64 << 10);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*suite = suite_create("buildlet_settings");
	TCase	*t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, refuses_wrong_usage, 0,
	    (int)(sizeof wrong / sizeof wrong[0]));
	tcase_add_test(t, listens_on_loopback_unless_told);
	tcase_add_test(t, key_is_where_stock_buildlets_look);
	tcase_add_test(t, an_empty_key_is_none);
	tcase_add_test(t, a_key_that_was_handed_over);
	tcase_add_test(t, sizes_of_logs);
	suite_add_tcase(suite, t);
	return suite;
}
