/* target.c - unit tests of client/target.h. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "client/target.h"

static struct target	t;
static struct err	e;

static int
init(const char *server, const char *instance)
{
	e = (struct err)ERR_INIT;
	return target_init(&t, server, instance, &e);
}

START_TEST(test_servers)
{
	static const struct {
		const char	*server, *address, *host;
		bool		 tls;
	} good[] = {
		{ "https://example.org", "example.org:443", "example.org", true },
		{ "https://example.org/", "example.org:443", "example.org", true },
		{ "https://example.org:8119", "example.org:8119",
		    "example.org:8119", true },
		{ "example.org", "example.org:8119", "example.org:8119", true },
		{ "10.0.0.1:99", "10.0.0.1:99", "10.0.0.1:99", true },
		{ "[::1]:99", "[::1]:99", "[::1]:99", true },
		{ "https://[::1]", "[::1]:443", "[::1]", true },
		{ "http://127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1:8000",
		    false },
	};
	size_t	i;

	for (i = 0; i < nitems(good); i++) {
		ck_assert_msg(init(good[i].server, NULL) == 0, "%s: %s",
		    good[i].server, e.msg);
		ck_assert_str_eq(t.address, good[i].address);
		ck_assert_str_eq(t.host, good[i].host);
		ck_assert(t.tls == good[i].tls);
		ck_assert(!t.direct);
		ck_assert_ptr_null(t.instance);
		ck_assert_str_eq(target_hop(&t), "coordinator");
		target_release(&t);
	}
}
END_TEST

START_TEST(test_bad_servers)
{
	static const char *const	bad[] = { "", "ftp://x", "https://",
		"https://x:0", "https://x:99999", "https://x/path",
		"http://example.org", "x:port" };
	size_t				i;

	for (i = 0; i < nitems(bad); i++) {
		ck_assert_msg(init(bad[i], NULL) == -1, "%s", bad[i]);
		ck_assert_str_ne(e.msg, "");
		ck_assert_ptr_null(t.address);
	}
	ck_assert_int_eq(init(NULL, NULL), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "GOMOTE_SERVER"));
}
END_TEST

START_TEST(test_instances)
{
	ck_assert_int_eq(init("https://c", "user-a-linux-amd64-0"), 0);
	ck_assert_str_eq(t.instance, "user-a-linux-amd64-0");
	ck_assert(!t.direct);
	target_release(&t);
	ck_assert_int_eq(init(NULL, "user-a-linux-amd64-0"), -1);
	/* What would break a header field, or a path, never gets there. */
	ck_assert_int_eq(init("https://c", ""), -1);
	ck_assert_int_eq(init("https://c", "a\r\nX: y"), -1);
	ck_assert_int_eq(init("https://c", "../x"), -1);
}
END_TEST

START_TEST(test_direct)
{
	static const struct {
		const char	*name, *address, *host;
		bool		 tls;
	} good[] = {
		{ "linux-amd64@10.1.5.3", "10.1.5.3:80", "10.1.5.3", false },
		{ "linux-amd64@10.1.5.3:5936", "10.1.5.3:5936", "10.1.5.3:5936",
		    false },
		{ "linux-amd64@box:443", "box:443", "box", true },
		{ "linux-amd64@[::1]:80", "[::1]:80", "[::1]", false },
	};
	size_t	i;

	for (i = 0; i < nitems(good); i++) {
		ck_assert_int_eq(init(NULL, good[i].name), 0);
		ck_assert_str_eq(t.address, good[i].address);
		ck_assert_str_eq(t.host, good[i].host);
		ck_assert(t.tls == good[i].tls);
		ck_assert(t.direct);
		ck_assert_str_eq(target_hop(&t), "buildlet");
		target_release(&t);
	}
	ck_assert_int_eq(init(NULL, "@host"), -1);
	ck_assert_int_eq(init(NULL, "linux-amd64@"), -1);
	ck_assert_int_eq(init(NULL, "linux-amd64@host:x"), -1);
	ck_assert_int_eq(init(NULL, "linux-amd64@:80"), -1);
	ck_assert_int_eq(init(NULL, "linux-amd64@host:0"), -1);
}
END_TEST

START_TEST(test_file_names)
{
	static const char *const	names[][2] = {
		{ "user-a-linux-0", "user-a-linux-0" },
		{ "linux@1.2.3.4:80", "linux@1.2.3.4-80" },
		{ "../x@y", "-.-x@y" },
	};
	size_t				i;
	char				*name;

	for (i = 0; i < nitems(names); i++) {
		name = target_file_name(names[i][0]);
		ck_assert_str_eq(name, names[i][1]);
		free(name);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("target");
	TCase	*c = tcase_create("target");

	tcase_add_test(c, test_servers);
	tcase_add_test(c, test_bad_servers);
	tcase_add_test(c, test_instances);
	tcase_add_test(c, test_direct);
	tcase_add_test(c, test_file_names);
	suite_add_tcase(s, c);
	return s;
}
