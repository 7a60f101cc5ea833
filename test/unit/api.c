/* api.c - what programs tell one another as JSON and as lines of a listing. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "api/types.h"
#include "base/clock.h"

/* --- buildlet objects -------------------------------------------------------- */

/* As a stock coordinator answered. */
static const char stock_instance[] =
    "{\n  \"User\": \"user-gopher\",\n  \"Name\": \"user-gopher-linux-amd64-0\",\n"
    "  \"HostType\": \"host-linux-amd64-localdev\",\n"
    "  \"BuilderType\": \"linux-amd64\",\n"
    "  \"Created\": \"2026-11-21T19:16:38.02387298Z\",\n"
    "  \"Expires\": \"2026-11-21T19:46:38.718140582Z\"\n}\n";

static int
instance_from(const char *text, struct api_instance *i, struct err *e)
{
	struct json *j = json_parse(text, strlen(text), e);
	int ret;

	ck_assert_ptr_nonnull(j);
	ret = api_instance_parse(i, j, e);
	json_free(j);
	return ret;
}

START_TEST(instance_stock)
{
	struct api_instance i;
	struct err e = ERR_INIT;

	ck_assert_int_eq(instance_from(stock_instance, &i, &e), 0);
	ck_assert_str_eq(i.user, "user-gopher");
	ck_assert_str_eq(i.name, "user-gopher-linux-amd64-0");
	ck_assert_str_eq(i.host_type, "host-linux-amd64-localdev");
	ck_assert_str_eq(i.builder_type, "linux-amd64");
	ck_assert_int_eq(i.created % 1000, 23);
	ck_assert_int_eq((i.expires - i.created) / 1000, 30 * 60);
	api_instance_release(&i);
	ck_assert_ptr_null(i.name);
}
END_TEST

START_TEST(instance_round_trip)
{
	struct api_instance a = { (char *)"user-alice", (char *)"user-alice-x-7",
	    (char *)"host-x", (char *)"x", 1795375000123, 1795376800000 }, b;
	struct json *j = api_instance_json(&a);

	ck_assert_str_eq(json_str(j, "Created", ""), "2026-11-22T19:16:40.123Z");
	ck_assert_int_eq(api_instance_parse(&b, j, NULL), 0);
	json_free(j);
	ck_assert_str_eq(b.name, a.name);
	ck_assert_str_eq(b.builder_type, "x");
	ck_assert_int_eq(b.created, a.created);
	ck_assert_int_eq(b.expires, a.expires);
	api_instance_release(&b);
}
END_TEST

START_TEST(instance_bad)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "[]", "not an object" },
		{ "{}", "Created" },
		{ "{\"Name\":7,\"Created\":\"2026-11-21T19:16:38Z\","
		    "\"Expires\":\"2026-11-21T19:16:38Z\"}", "Name is not a string" },
		{ "{\"Name\":\"\",\"Created\":\"2026-11-21T19:16:38Z\","
		    "\"Expires\":\"2026-11-21T19:16:38Z\"}", "Name is missing" },
		{ "{\"Name\":\"a\",\"Created\":\"yesterday\","
		    "\"Expires\":\"2026-11-21T19:16:38Z\"}", "Created is not a time" },
		{ "{\"Name\":\"a\",\"Created\":\"2026-11-21T19:16:38Z\","
		    "\"Expires\":5}", "Expires is missing or not" },
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct api_instance in;
		struct err e = ERR_INIT;

		ck_assert_int_eq(instance_from(bad[i].text, &in, &e), -1);
		ck_assert_ptr_nonnull(strstr(e.msg, bad[i].why));
		ck_assert_ptr_null(in.name);
	}
}
END_TEST

/* --- status --------------------------------------------------------------------- */

START_TEST(status_stock)
{
	struct api_status s;

	ck_assert_int_eq(api_status_parse(&s, "{\"Version\":25}", 14, NULL), 0);
	ck_assert_int_eq(s.version, 25);
	ck_assert_uint_eq(s.features.n, 0);
	ck_assert_ptr_null(s.lease);
	ck_assert_ptr_null(s.boot);
	api_status_release(&s);
}
END_TEST

START_TEST(status_round_trip)
{
	struct api_status a = { API_BUILDLET_VERSION, STRS_INIT,
	    (char *)"user-a-x-1", (char *)"b00t", 12, 3 }, b;
	struct json *j;
	char *text;

	strs_add(&a.features, API_F_LEASE);
	strs_add(&a.features, API_F_ZSTD);
	strs_add(&a.features, API_F_EXECS);
	j = api_status_json(&a);
	text = json_text(j, false);
	json_free(j);
	ck_assert_int_eq(api_status_parse(&b, text, strlen(text), NULL), 0);
	ck_assert_int_eq(b.version, 29);
	ck_assert(strs_has(&b.features, "lease") && strs_has(&b.features, "zstd"));
	ck_assert_str_eq(b.lease, "user-a-x-1");
	ck_assert_str_eq(b.boot, "b00t");
	ck_assert_int_eq(b.exec_seq, 12);
	ck_assert_int_eq(b.running, 3);
	free(text);
	strs_release(&a.features);
	api_status_release(&b);
}
END_TEST

START_TEST(status_says_no_more_than_it_has)
{
	struct api_status a = { 29, STRS_INIT, NULL, NULL, 12, 3 };
	struct json *j = api_status_json(&a);
	char *text = json_text(j, false);

	ck_assert_str_eq(text, "{\"Version\":29}");
	free(text);
	json_free(j);
}
END_TEST

START_TEST(status_bad)
{
	static const char *const bad[] = {
		"", "{", "[29]", "{}", "{\"Version\":\"x\"}", "{\"Version\":-1}",
		"{\"Version\":99999999999}", "{\"Version\":29,\"Lease\":[]}",
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct api_status s;
		struct err e = ERR_INIT;

		ck_assert_int_eq(api_status_parse(&s, bad[i], strlen(bad[i]), &e), -1);
		ck_assert_int_eq(strncmp(e.msg, "status: ", 8), 0);
	}
}
END_TEST

/* What a newer buildlet says in its own way is no reason to turn it away. */
START_TEST(status_unknown_members)
{
	static const char text[] = "{\"Version\":31,\"Features\":[\"lease\",7,null,"
	    "\"new\"],\"Color\":{\"a\":1},\"Lease\":null,\"Boot\":\"\"}";
	struct api_status s;

	ck_assert_int_eq(api_status_parse(&s, text, strlen(text), NULL), 0);
	ck_assert_uint_eq(s.features.n, 2);
	ck_assert_ptr_null(s.lease);
	ck_assert_ptr_null(s.boot);
	api_status_release(&s);
}
END_TEST

/* --- listings --------------------------------------------------------------------- */

START_TEST(modes)
{
	static const struct { uint32_t mode; const char *text; int perm; } m[] = {
		{ S_IFREG | 0644, "-rw-r--r--", 0644 },
		{ S_IFREG | 0, "----------", 0 },
		{ S_IFREG | 0777, "-rwxrwxrwx", 0777 },
		{ S_IFDIR | 0755, "drwxr-xr-x", 0755 },
		{ S_IFLNK | 0777, "Lrwxrwxrwx", 0777 },
		{ S_IFIFO | 0600, "prw-------", 0600 },
		{ S_IFSOCK | 0600, "Srw-------", 0600 },
		{ S_IFBLK | 0660, "Drw-rw----", 0660 },
		{ S_IFCHR | 0666, "Dcrw-rw-rw-", 0666 },
		{ S_IFREG | S_ISUID | 0755, "urwxr-xr-x", 0755 },
		{ S_IFREG | S_ISGID | 0755, "grwxr-xr-x", 0755 },
		{ S_IFDIR | S_ISVTX | 0777, "dtrwxrwxrwx", 0777 },
		{ S_IFDIR | S_ISUID | S_ISGID | S_ISVTX | 0777, "dugtrwxrwxrwx", 0777 },
		{ S_IFCHR | S_ISUID | S_ISGID | S_ISVTX | 0777, "Dugctrwxrwxrwx", 0777 },
	};
	char out[API_LS_MODE_MAX];
	size_t i;

	for (i = 0; i < sizeof m / sizeof m[0]; i++) {
		api_ls_mode(m[i].mode, out);
		ck_assert_str_eq(out, m[i].text);
		ck_assert_int_eq(api_ls_perm(out), m[i].perm);
	}
}
END_TEST

START_TEST(modes_bad)
{
	static const char *const bad[] = {
		"", "-", "rw-r--r--", "-rw-r--r-", "-rw-r--r--x", "xrw-r--r--",
		"--rw-r--r--", "-wr-r--r--", "ddddddddddddddrwxrwxrwx",
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_int_eq(api_ls_perm(bad[i]), -1);
}
END_TEST

/* Lines of a stock buildlet. */
START_TEST(lines_stock)
{
	struct api_ls l;

	ck_assert_int_eq(api_ls_parse(&l, "drwxr-xr-x\tfoo/sub/", NULL), 0);
	ck_assert(l.dir && !l.regular);
	ck_assert_str_eq(l.path, "foo/sub");
	api_ls_release(&l);
	ck_assert_int_eq(api_ls_parse(&l, "-rwxr-xr-x\tfoo/sub/x.sh\t41\t"
	    "2026-11-21T19:13:20Z\t0d43683af960f68ea558e753214b7f789ac45ef7", NULL), 0);
	ck_assert(!l.dir && l.regular);
	ck_assert_str_eq(l.path, "foo/sub/x.sh");
	ck_assert_int_eq(l.size, 41);
	ck_assert_int_eq(l.mtime, 1795288400000);
	ck_assert_str_eq(l.sha1, "0d43683af960f68ea558e753214b7f789ac45ef7");
	ck_assert_int_eq(api_ls_perm(l.mode), 0755);
	api_ls_release(&l);
	ck_assert_int_eq(api_ls_parse(&l, "-rw-r--r--\tgo/VERSION\t18\t"
	    "1970-01-01T00:00:00Z", NULL), 0);
	ck_assert_str_eq(l.sha1, "");
	ck_assert_int_eq(l.mtime, 0);
	api_ls_release(&l);
	ck_assert_int_eq(api_ls_parse(&l, "Lrwxrwxrwx\ta/link", NULL), 0);
	ck_assert(!l.dir && !l.regular);
	ck_assert_str_eq(l.path, "a/link");
	api_ls_release(&l);
}
END_TEST

START_TEST(lines_round_trip)
{
	static const char *const lines[] = {
		"drwxr-xr-x\ta/",
		"dtrwxrwxrwx\ttmp/",
		"-rw-r--r--\ta/b c\t0\t2026-11-21T19:13:20Z",
		"-rw-r--r--\ttab\tin it\t9223372036854775807\t2026-11-21T19:13:20Z",
		"urwxr-xr-x\tsu\t1\t1970-01-01T00:00:00Z\t0123456789abcdef0123456789abcdef01234567",
		"Lrwxrwxrwx\tl",
		"Lrwxrwxrwx\tl\t->../to/a%20b%0Ac",
		"prw-------\tfifo",
	};
	size_t i;

	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct api_ls l;
		char *again;

		ck_assert_int_eq(api_ls_parse(&l, lines[i], NULL), 0);
		again = api_ls_format(&l);
		ck_assert_str_eq(again, lines[i]);
		free(again);
		api_ls_release(&l);
	}
}
END_TEST

START_TEST(lines_bad)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "", "no tab" },
		{ "-rw-r--r--", "no tab" },
		{ "-rw-r--r-- x", "no tab" },
		{ "hello\tx", "no mode" },
		{ "-rw-r--r-----------\tx", "no mode" },
		{ "Ldrwxr-xr-x\to\t->a/", "no mode" },
		{ "drwxr-xr-x\tx", "without '/'" },
		{ "drwxr-xr-x\t/", "without '/'" },
		{ "drwxr-xr-x\t../", "parent directory" },
		{ "drwxr-xr-x\t/etc/", "not relative" },
		{ "Lrwxrwxrwx\t", "no path" },
		{ "Lrwxrwxrwx\tl\t->a%zz", "broken link target" },
		{ "-rw-r--r--\tx", "no time" },
		{ "-rw-r--r--\tx\t5", "no time" },
		{ "-rw-r--r--\tx\t2026-11-21T19:13:20Z", "no size" },
		{ "-rw-r--r--\tx\t-5\t2026-11-21T19:13:20Z", "no size" },
		{ "-rw-r--r--\tx\t5e3\t2026-11-21T19:13:20Z", "no size" },
		{ "-rw-r--r--\t\t5\t2026-11-21T19:13:20Z", "no path" },
		{ "-rw-r--r--\ta/../../x\t5\t2026-11-21T19:13:20Z", "parent" },
		{ "-rw-r--r--\tx\t5\t2026-11-21T19:13:20Z\tabc", "no time" },
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct api_ls l;
		struct err e = ERR_INIT;

		ck_assert_int_eq(api_ls_parse(&l, bad[i].text, &e), -1);
		ck_assert_ptr_nonnull(strstr(e.msg, bad[i].why));
		ck_assert_int_eq(strncmp(e.msg, "listing line", 12), 0);
		ck_assert_ptr_null(l.path);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("api");
	TCase *t = tcase_create("all");

	tcase_add_test(t, instance_stock);
	tcase_add_test(t, instance_round_trip);
	tcase_add_test(t, instance_bad);
	tcase_add_test(t, status_stock);
	tcase_add_test(t, status_round_trip);
	tcase_add_test(t, status_says_no_more_than_it_has);
	tcase_add_test(t, status_bad);
	tcase_add_test(t, status_unknown_members);
	tcase_add_test(t, modes);
	tcase_add_test(t, modes_bad);
	tcase_add_test(t, lines_stock);
	tcase_add_test(t, lines_round_trip);
	tcase_add_test(t, lines_bad);
	suite_add_tcase(s, t);
	return s;
}
