/*
 * settings.c - tests of coordinator.conf: what a good file means, and that a
 * bad one is refused with file, line and reason.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "coordinator/settings.h"
#include "test/unit/unit.h"

static struct settings *
parse(const char *text, struct err *e)
{
	*e = (struct err)ERR_INIT;
	return settings_parse("c.conf", text, strlen(text), e);
}

static struct settings *
good(const char *text)
{
	struct err	 e;
	struct settings	*s = parse(text, &e);

	ck_assert_msg(s != NULL, "%s: %s", text, e.msg);
	ck_assert_str_eq(e.msg, "");
	return s;
}

START_TEST(empty_file_has_the_defaults)
{
	struct settings	*s = good("# nothing\n");

	ck_assert_str_eq(s->listen, "127.0.0.1:8119");
	ck_assert_str_eq(s->state_dir, "/var/lib/gomote");
	ck_assert_str_eq(s->log, "info");
	ck_assert_int_eq(s->grace_ms, 5 * 60 * 1000);
	ck_assert_int_eq(s->user_limit, -1);
	ck_assert_int_eq(s->head_ms, 10 * 1000);
	ck_assert_int_eq(s->stall_ms, 60 * 1000);
	ck_assert_int_eq(s->keep_output_ms, 24 * 3600 * 1000);
	ck_assert_int_eq(s->exec_poll_ms, 5000);
	ck_assert_int_eq(s->save_ms, 5000);
	ck_assert_uint_eq(s->connections, 10000);
	ck_assert_uint_eq(s->stream_mib, 512);
	ck_assert_uint_eq(s->public_names.n, 0);
	ck_assert_uint_eq(catalog_hosts(s->catalog), 0);
	ck_assert_int_eq(catalog_limit(s->catalog, "alice"), -1);
	settings_free(s);
}
END_TEST

START_TEST(sections_make_the_catalog)
{
	struct settings			*s = good(
	    "host-type h-local { pool = local limit = 3 }\n"
	    "host-type h-lab { expect = 4 owner = \"the lab\" env = { 'A=$1', \"B=2\" } }\n"
	    "builder-type lab { host-type = h-lab idle = 90s lifetime = 4h env = { \"C=3\" } }\n"
	    "builder-type loc { host-type = h-local setup = make lifetime = none "
	    "bootstrap = \"https://x/y.tar.gz\" }\n");
	const struct host_type		*h = catalog_host(s->catalog, "h-lab");
	const struct builder_type	*b = catalog_builder(s->catalog, "lab");

	ck_assert_uint_eq(catalog_hosts(s->catalog), 2);
	ck_assert_str_eq(h->pool, "reverse");
	ck_assert_uint_eq(h->expect, 4);
	ck_assert_str_eq(h->owner, "the lab");
	ck_assert_uint_eq(h->env.n, 2);
	ck_assert_str_eq(h->env.v[0], "A=$1");
	ck_assert_uint_eq(catalog_host(s->catalog, "h-local")->limit, 3);
	ck_assert_str_eq(b->host_type, "h-lab");
	ck_assert_int_eq(b->idle_ms, 90 * 1000);
	ck_assert_int_eq(b->lifetime_ms, 4 * 3600 * 1000);
	ck_assert_str_eq(b->setup, "make.bash");
	b = catalog_builder(s->catalog, "loc");
	ck_assert_int_eq(b->idle_ms, 30 * 60 * 1000);
	ck_assert_int_eq(b->lifetime_ms, 0);
	ck_assert_str_eq(b->setup, "make");
	ck_assert_str_eq(b->bootstrap, "https://x/y.tar.gz");
	settings_free(s);
}
END_TEST

START_TEST(space_for_uploads)
{
	struct settings	*s = good("upload-space = 512M\nuser-upload-space = none\n"), *t;
	struct strs	 keys = STRS_INIT;

	ck_assert_int_eq(s->upload_space, (int64_t)512 << 20);
	ck_assert_int_eq(s->user_upload_space, -1);
	ck_assert_int_eq(s->upload_keep_ms, 10 * 60 * 1000);
	t = good("upload-space = 1G\nuser-upload-space = none\n");
	settings_restart_keys(s, t, &keys);
	ck_assert_uint_eq(keys.n, 1);
	ck_assert_str_eq(keys.v[0], "upload-space");
	strs_release(&keys);
	settings_free(s);
	settings_free(t);
}
END_TEST

START_TEST(limits_of_users)
{
	struct settings	*s = good("user-limit = 5\nuser ci { limit = 50 }\n"
	    "user boss { limit = none }\n");

	ck_assert_int_eq(catalog_limit(s->catalog, "alice"), 5);
	ck_assert_int_eq(catalog_limit(s->catalog, "ci"), 50);
	ck_assert_int_ge(catalog_limit(s->catalog, "boss"), 1000000);
	settings_free(s);
}
END_TEST

static const struct { const char *text, *error; } bad[] = {
	{ "\nbogus = 1\n", "c.conf:2: no such option 'bogus'" },
	{ "grace = 5x\n", "c.conf:1: grace: not a duration" },
	{ "grace = 0s\n", "c.conf:1: grace: not a duration" },
	{ "grace = -3s\n", "c.conf:1: grace: not a duration" },
	{ "\n\nlog = loud\n", "c.conf:3: log: there are error" },
	{ "stream-memory = 1g\n", "c.conf:1: stream-memory: not a number" },
	{ "connections = many\n", "c.conf:1: connections: not a number" },
	{ "upload-space = much\n", "c.conf:1: upload-space: neither" },
	{ "user-upload-space = 0\n", "c.conf:1: user-upload-space: neither" },
	{ "upload-keep = 0s\n", "c.conf:1: upload-keep: not a duration" },
	{ "user-limit = -2\n", "c.conf:1: user-limit: neither" },
	{ "user a {\n limit = few\n}\n", "c.conf:2: limit: neither" },
	{ "host-type a {\n\n pool = cloud\n}\n", "c.conf:3: host type a: pool \"cloud\"" },
	{ "host-type a {\n expect = 1\n limit = 1\n}\n", "c.conf:3: host type a: limit" },
	{ "host-type a {\n pool = local\n}\n", "c.conf:2: host type a: limit" },
	{ "host-type a {\n env = { \"x\" }\n}\n", "c.conf:2: host type a: environment" },
	{ "host-type \"a b\" { expect = 1 }\n", "c.conf:1: host type \"a b\"" },
	{ "host-type a {}\nhost-type a {}\n", "c.conf:2: found duplicate title 'a'" },
	{ "builder-type b {\n}\n", "c.conf:2: builder type b: its host-type is missing" },
	{ "host-type abcd {}\nbuilder-type b {\n host-type = abcx\n}\n",
	    "c.conf:3: builder type b: host-type: there is no \"abcx\"; did you mean abcd?" },
	{ "host-type a {}\nbuilder-type b { host-type = a\n bootstrap = /x\n}\n",
	    "c.conf:3: builder type b: bootstrap: not a URL" },
	{ "host-type a {}\nbuilder-type b { host-type = a idle = never }\n",
	    "c.conf:2: idle: not a duration" },
	{ "host-type a {}\nbuilder-type b { host-type = a lifetime = 0s }\n",
	    "c.conf:2: lifetime: neither \"none\" nor" },
	{ "host-type a {\n", "c.conf:1: a section lacks its closing brace" },
	{ "listen = \"x\n", "c.conf:3: premature end of file" },
	{ "/* listen = x\n", "c.conf: the last comment is not closed" },
	{ "listen = nowhere\n", "c.conf:1: listen: not an address" },
	{ "listen x\n", "c.conf:1: missing equal sign" },
	{ "\" context\" = x\n", "c.conf:1: no such option" },
	{ "host-type a { \" context\" = x }\n", "c.conf:1: no such option" },
	{ "include(\"/etc/passwd\")\n", "c.conf:1: no such option 'include'" },
};

START_TEST(bad_files_are_refused_with_line_and_reason)
{
	struct err	 e;
	struct settings	*s = parse(bad[_i].text, &e);

	ck_assert_msg(s == NULL, "taken: %s", bad[_i].text);
	ck_assert_msg(strncmp(e.msg, bad[_i].error, strlen(bad[_i].error)) == 0,
	    "want '%s', got '%s'", bad[_i].error, e.msg);
	ck_assert_ptr_null(strchr(e.msg, '\n'));
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	static const char	 text[] = "listen = a\0b\n";
	struct err		 e = ERR_INIT;

	ck_assert_ptr_null(settings_parse("c.conf", text, sizeof text - 1, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "NUL"));
}
END_TEST

START_TEST(the_environment_is_put_in_but_not_in_single_quotes)
{
	struct settings	*s;

	setenv("SETTINGS_TEST", "here", 1);
	s = good("state-dir = \"/x/${SETTINGS_TEST}\"\n"
	    "buildlet = '${SETTINGS_TEST}'\n");
	ck_assert_str_eq(s->state_dir, "/x/here");
	ck_assert_str_eq(s->buildlet, "${SETTINGS_TEST}");
	settings_free(s);
}
END_TEST

static void
write_text(const char *path, const char *text)
{
	struct err	e = ERR_INIT;

	ck_assert_int_eq(file_write(path, text, strlen(text), 0600, &e), 0);
}

START_TEST(include_is_relative_to_the_file)
{
	char		 dir[] = "/tmp/settings.XXXXXX";
	char		*a, *b;
	struct settings	*s;
	struct err	 e = ERR_INIT;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	a = xasprintf("%s/a.conf", dir);
	b = xasprintf("%s/b.conf", dir);
	write_text(a, "listen = \"one:1\"\ninclude(\"b.conf\")\nlog = debug\n");
	write_text(b, "\nhost-type h {}\n");
	s = settings_load(a, &e);
	ck_assert_msg(s != NULL, "%s", e.msg);
	ck_assert_ptr_nonnull(catalog_host(s->catalog, "h"));
	ck_assert_str_eq(s->log, "debug");
	settings_free(s);

	write_text(b, "\n\nhost-type h { pool = none }\n");
	ck_assert_ptr_null(settings_load(a, &e));
	ck_assert_msg(strncmp(e.msg, b, strlen(b)) == 0, "%s", e.msg);
	ck_assert_ptr_nonnull(strstr(e.msg, "b.conf:3: host type h: pool"));

	write_text(a, "\ninclude(\"c.conf\")\n");
	ck_assert_ptr_null(settings_load(a, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "a.conf:2: include"));
	ck_assert_ptr_nonnull(strstr(e.msg, "No such file"));
	/* The scanner below would end the program. */
	write_text(a, "include(\"/tmp\")\n");
	ck_assert_ptr_null(settings_load(a, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "a.conf:1: include /tmp: not a file"));
	unlink(a);
	unlink(b);
	rmdir(dir);
	free(a);
	free(b);
}
END_TEST

START_TEST(only_what_needs_a_restart_is_named)
{
	struct settings	*a = good("listen = \"x:1\"\nlog = info\npublic-names = { a, b }\n");
	struct settings	*b = good("listen = \"x:2\"\nlog = debug\npublic-names = { a, c }\n"
	    "grace = 5m0s\nhost-type h {}\n");
	struct strs	 keys = STRS_INIT;

	settings_restart_keys(a, b, &keys);
	ck_assert_uint_eq(keys.n, 2);
	ck_assert(strs_has(&keys, "listen"));
	ck_assert(strs_has(&keys, "public-names"));
	strs_release(&keys);
	settings_restart_keys(a, a, &keys);
	ck_assert_uint_eq(keys.n, 0);
	settings_free(a);
	settings_free(b);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("settings");
	TCase	*t = tcase_create("settings");

	tcase_add_test(t, empty_file_has_the_defaults);
	tcase_add_test(t, sections_make_the_catalog);
	tcase_add_test(t, space_for_uploads);
	tcase_add_test(t, limits_of_users);
	tcase_add_loop_test(t, bad_files_are_refused_with_line_and_reason, 0,
	    (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(t, a_nul_byte_is_refused);
	tcase_add_test(t, the_environment_is_put_in_but_not_in_single_quotes);
	tcase_add_test(t, include_is_relative_to_the_file);
	tcase_add_test(t, only_what_needs_a_restart_is_named);
	suite_add_tcase(s, t);
	return s;
}
