/* cred.c - unit tests of client/cred.h: where settings come from. */
#include "unit.h"
#include "lib_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/cred.h"

static struct dir		d;
static struct cred		c;
static struct cred_flags	flags;
static struct err		e;

static void
setup(void)
{
	static const char *const	ours[] = { "GOMOTE_SERVER", "GOMOTE_CA",
		"GOMOTE_USER", "GOMOTE_TOKEN", "GOMOTE_AGENT", "HOME" };
	size_t				i;

	for (i = 0; i < nitems(ours); i++)
		unsetenv(ours[i]);
	dir_make(&d);
	setenv("XDG_CONFIG_HOME", d.path, 1);
	ck_assert_int_eq(mkdirat(d.fd, "gomote", 0700), 0);
	memset(&flags, 0, sizeof flags);
	memset(&c, 0, sizeof c);
	e = (struct err)ERR_INIT;
}

static void
teardown(void)
{
	cred_release(&c);
	dir_drop(&d);
}

/* As any user's file: mode 0600. */
static void
config(const char *text)
{
	dir_write(&d, "gomote/config", text);
	ck_assert_int_eq(fchmodat(d.fd, "gomote/config", 0600, 0), 0);
}

static char *
file(const char *name)
{
	return xasprintf("%s/%s", d.path, name);
}

static void
load(void)
{
	cred_release(&c);
	ck_assert_msg(cred_load(&c, &flags, &e) == 0, "%s", e.msg);
}

START_TEST(test_nothing_set)
{
	load();
	ck_assert_ptr_null(c.server);
	ck_assert_ptr_null(c.token);
	ck_assert_ptr_null(cred_authorization(&c));
}
END_TEST

START_TEST(test_order)
{
	char	server[] = "flag";

	config("# mine\n\n  server = file \nuser=alice\ntoken = a=b\n");
	load();
	ck_assert_str_eq(c.server, "file");
	ck_assert_str_eq(c.user, "alice");
	ck_assert_str_eq(c.token, "a=b");
	setenv("GOMOTE_SERVER", "environment", 1);
	setenv("GOMOTE_TOKEN", "secret", 1);
	load();
	ck_assert_str_eq(c.server, "environment");
	ck_assert_str_eq(c.token, "secret");
	ck_assert_str_eq(c.user, "alice");
	flags.server = server;
	load();
	ck_assert_str_eq(c.server, "flag");
}
END_TEST

START_TEST(test_empty_is_not_set)
{
	config("server = file\n");
	setenv("GOMOTE_SERVER", "", 1);
	load();
	ck_assert_str_eq(c.server, "file");
}
END_TEST

START_TEST(test_wrong_lines)
{
	static const struct {
		const char	*text, *says;
	} bad[] = {
		{ "server = x\ncolour = red\n", "config:2: unknown key colour" },
		{ "server\n", "config:1: not of the form" },
		{ "user = a\nuser = b\n", "config:2: user is set twice" },
		{ "= x\n", "config:1: unknown key" },
	};
	size_t	i;

	for (i = 0; i < nitems(bad); i++) {
		config(bad[i].text);
		ck_assert_int_eq(cred_load(&c, &flags, &e), -1);
		ck_assert_msg(strstr(e.msg, bad[i].says) != NULL, "%s", e.msg);
		ck_assert_ptr_null(c.server);
	}
}
END_TEST

START_TEST(test_named_file_must_exist)
{
	char	*path = file("nonesuch");

	flags.config = path;
	ck_assert_int_eq(cred_load(&c, &flags, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "nonesuch"));
	free(path);
}
END_TEST

START_TEST(test_token_files)
{
	char	*other;

	dir_write(&d, "gomote/tok", "  from-file\n");
	config("token-file = tok\nca = ca.pem\n");
	load();
	ck_assert_str_eq(c.token, "from-file");
	ck_assert(str_ends(c.ca, "/gomote/ca.pem"));
	ck_assert_int_eq(c.ca[0], '/');
	setenv("GOMOTE_TOKEN", "from-environment", 1);
	load();
	ck_assert_str_eq(c.token, "from-environment");
	dir_write(&d, "other", "from-flag\n");
	flags.token_file = other = file("other");
	load();
	ck_assert_str_eq(c.token, "from-flag");
	free(other);
}
END_TEST

START_TEST(test_agent)
{
	char	flag[] = "off", wrong[] = "never";

	load();
	ck_assert_int_eq(c.agent_ms, CRED_AGENT_MS);
	config("agent = off\n");
	load();
	ck_assert_int_eq(c.agent_ms, 0);
	setenv("GOMOTE_AGENT", "90s", 1);
	load();
	ck_assert_int_eq(c.agent_ms, 90000);
	setenv("GOMOTE_AGENT", "on", 1);
	load();
	ck_assert_int_eq(c.agent_ms, CRED_AGENT_MS);
	flags.agent = flag;
	load();
	ck_assert_int_eq(c.agent_ms, 0);
	flags.agent = wrong;
	ck_assert_int_eq(cred_load(&c, &flags, &e), -1);
	ck_assert_str_eq(e.msg, "agent never: neither off nor a duration");
}
END_TEST

START_TEST(test_authorization)
{
	char	*field, *plain;

	setenv("GOMOTE_TOKEN", "t", 1);
	load();
	field = cred_authorization(&c);
	ck_assert_str_eq(field, "Bearer t");
	free(field);
	setenv("GOMOTE_USER", "alice", 1);
	load();
	field = cred_authorization(&c);
	ck_assert(str_starts(field, "Basic "));
	plain = str_base64_decode(field + strlen("Basic "), NULL);
	ck_assert_str_eq(plain, "user-alice:t");
	free(plain);
	free(field);
	setenv("GOMOTE_USER", "user-bob", 1);
	load();
	field = cred_authorization(&c);
	plain = str_base64_decode(field + strlen("Basic "), NULL);
	ck_assert_str_eq(plain, "user-bob:t");
	free(plain);
	free(field);
}
END_TEST

START_TEST(test_password)
{
	char	*path = file("pw"), *field, *plain;

	load();
	ck_assert_ptr_null(cred_password(&c));
	dir_write(&d, "pw", "hush\n");
	flags.password_file = path;
	load();
	field = cred_password(&c);
	plain = str_base64_decode(field + strlen("Basic "), NULL);
	ck_assert_str_eq(plain, "gomote:hush");
	free(plain);
	free(field);
	free(path);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("cred");
	TCase	*t = tcase_create("cred");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_nothing_set);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_empty_is_not_set);
	tcase_add_test(t, test_wrong_lines);
	tcase_add_test(t, test_named_file_must_exist);
	tcase_add_test(t, test_token_files);
	tcase_add_test(t, test_agent);
	tcase_add_test(t, test_authorization);
	tcase_add_test(t, test_password);
	suite_add_tcase(s, t);
	return s;
}
