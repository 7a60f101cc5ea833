/* msg.c - header lists, reason phrases and limits. */
#include "http/msg.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static char *
flat(const struct headers *h, char *buf, size_t size)
{
	const char	*name, *value;
	size_t		 i, n = 0;

	buf[0] = '\0';
	for (i = 0; i < headers_len(h); i++) {
		headers_at(h, i, &name, &value);
		n += (size_t)snprintf(buf + n, size - n, "%s=%s|", name, value);
	}
	return buf;
}

START_TEST(test_add_get)
{
	struct headers	*h = headers_new();
	char		 buf[200];

	ck_assert_ptr_null(headers_get(h, "A"));
	headers_add(h, "Accept", "a");
	headers_add(h, "Set-Cookie", "one");
	headers_add(h, "set-cookie", "two");
	ck_assert_str_eq(headers_get(h, "ACCEPT"), "a");
	ck_assert_str_eq(headers_get(h, "Set-Cookie"), "one");
	ck_assert_uint_eq(headers_count(h, "SET-COOKIE"), 2);
	ck_assert_uint_eq(headers_count(h, "x"), 0);
	ck_assert_str_eq(flat(h, buf, sizeof buf),
	    "Accept=a|Set-Cookie=one|set-cookie=two|");
	headers_free(h);
	headers_free(NULL);
}
END_TEST

START_TEST(test_set_del)
{
	struct headers	*h = headers_new();
	char		 buf[200];

	headers_add(h, "a", "1");
	headers_add(h, "b", "2");
	headers_add(h, "A", "3");
	headers_set(h, "a", headers_get(h, "b"));
	ck_assert_str_eq(flat(h, buf, sizeof buf), "b=2|a=2|");
	headers_set(h, "a", headers_get(h, "a"));	/* its own value */
	ck_assert_str_eq(headers_get(h, "a"), "2");
	headers_del(h, "B");
	headers_del(h, "B");
	ck_assert_str_eq(flat(h, buf, sizeof buf), "a=2|");
	headers_free(h);
}
END_TEST

START_TEST(test_many)
{
	struct headers	*h = headers_new();
	char		 name[16];
	int		 i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "n%d", i);
		headers_add(h, name, name + 1);
	}
	ck_assert_uint_eq(headers_len(h), 100);
	ck_assert_str_eq(headers_get(h, "N77"), "77");
	headers_free(h);
}
END_TEST

START_TEST(test_token)
{
	struct headers	*h = headers_new();

	headers_add(h, "Connection", " keep-alive ,\tUpgrade,,close");
	headers_add(h, "Connection", "x-last");
	ck_assert(headers_has_token(h, "connection", "upgrade"));
	ck_assert(headers_has_token(h, "connection", "Keep-Alive"));
	ck_assert(headers_has_token(h, "connection", "close"));
	ck_assert(headers_has_token(h, "connection", "X-LAST"));
	ck_assert(!headers_has_token(h, "connection", "clos"));
	ck_assert(!headers_has_token(h, "connection", "closed"));
	ck_assert(!headers_has_token(h, "upgrade", "close"));
	headers_free(h);
}
END_TEST

START_TEST(test_end_to_end)
{
	struct headers	*from = headers_new(), *to = headers_new();
	struct headers	*copy;
	char		 buf[300];

	headers_add(from, "Content-Type", "text/plain");
	headers_add(from, "Connection", "close, X-Hop, Content-Length");
	headers_add(from, "Keep-Alive", "5");
	headers_add(from, "x-hop", "gone");
	headers_add(from, "TE", "trailers");
	headers_add(from, "Transfer-Encoding", "chunked");
	headers_add(from, "Upgrade", "ssh");
	headers_add(from, "Proxy-Authorization", "secret");
	headers_add(from, "Trailer", "Process-State");
	headers_add(from, "Content-Length", "3");
	headers_add(from, "Via", "me");
	headers_copy_end_to_end(to, from);
	/* A peer cannot have Content-Length removed by naming it. */
	ck_assert_str_eq(flat(to, buf, sizeof buf), "Content-Type=text/plain|"
	    "Trailer=Process-State|Content-Length=3|Via=me|");
	copy = headers_copy(from);
	ck_assert_uint_eq(headers_len(copy), headers_len(from));
	ck_assert_ptr_null(headers_copy(NULL));
	headers_free(copy);
	headers_free(from);
	headers_free(to);
}
END_TEST

START_TEST(test_valid)
{
	ck_assert(headers_valid("X-A", "b c\td \xc3\xa9"));
	ck_assert(headers_valid("X-A", ""));
	ck_assert(!headers_valid("", "x"));
	ck_assert(!headers_valid("X A", "x"));
	ck_assert(!headers_valid("X:", "x"));
	ck_assert(!headers_valid("X\r", "x"));
	ck_assert(!headers_valid("X", "a\r\nSet-Cookie: b"));
	ck_assert(!headers_valid("X", "a\nb"));
	ck_assert(!headers_valid("X", "a\rb"));
	ck_assert(!headers_valid("X", "a\x7f"));
	ck_assert(!headers_valid("X\xc3\xa9", "a"));
}
END_TEST

START_TEST(test_reason)
{
	ck_assert_str_eq(http_reason(200), "OK");
	ck_assert_str_eq(http_reason(101), "Switching Protocols");
	ck_assert_str_eq(http_reason(404), "Not Found");
	ck_assert_str_eq(http_reason(599), "Status");
}
END_TEST

START_TEST(test_limits)
{
	struct http_limits	 l = http_limits_of(NULL), some = { 0 };

	ck_assert_uint_eq(l.head_max, 32 * 1024);
	ck_assert_uint_eq(l.headers_max, 100);
	ck_assert_uint_eq(l.form_max, 1024 * 1024);
	ck_assert_uint_eq(l.connections_max, 10000);
	ck_assert_int_eq(l.head_ms, 10000);
	ck_assert_int_eq(l.idle_ms, 120000);
	ck_assert_int_eq(l.stall_ms, 60000);
	some.head_max = 5;
	l = http_limits_of(&some);
	ck_assert_uint_eq(l.head_max, 5);
	ck_assert_int_eq(l.stall_ms, 60000);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("msg");
	TCase	*t = tcase_create("msg");

	tcase_add_test(t, test_add_get);
	tcase_add_test(t, test_set_del);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_token);
	tcase_add_test(t, test_end_to_end);
	tcase_add_test(t, test_valid);
	tcase_add_test(t, test_reason);
	tcase_add_test(t, test_limits);
	suite_add_tcase(s, t);
	return s;
}
