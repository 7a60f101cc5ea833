/* url.c - URLs, escapes, query strings and forms. */
#include "http/url.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct good {
	const char	*text, *scheme, *host;
	int		 port;
	const char	*target;
} good[] = {
	{ "http://a", "http", "a", 80, "/" },
	{ "https://a", "https", "a", 443, "/" },
	{ "HTTPS://Host.example:8119/x?y=z#frag", "https", "Host.example", 8119,
	    "/x?y=z" },
	{ "http://a?q", "http", "a", 80, "/?q" },
	{ "http://a:/", "http", "a", 80, "/" },
	{ "http://[::1]:81/b", "http", "::1", 81, "/b" },
	{ "http://[fe80::1%25eth0]/", NULL, NULL, 0, NULL },
	{ "http://1.2.3.4:65535/%41%20", "http", "1.2.3.4", 65535, "/%41%20" },
};

START_TEST(test_url_good)
{
	const struct good	*g = &good[_i];
	struct err		 e = ERR_INIT;
	struct url		 u;

	if (g->scheme == NULL) {
		ck_assert_int_eq(url_parse(&u, g->text, &e), -1);
		return;
	}
	ck_assert_msg(url_parse(&u, g->text, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(u.scheme, g->scheme);
	ck_assert_str_eq(u.host, g->host);
	ck_assert_int_eq(u.port, g->port);
	ck_assert_str_eq(u.target, g->target);
	url_release(&u);
}
END_TEST

static const char *const bad[] = {
	"", "http", "http:", "http://", "http:///x", "ftp://a", "a:80",
	"http://a:0", "http://a:65536", "http://a:x", "http://a:80x",
	"http://a:123456789012345678901234567890",
	"http://user@a/", "http://a b/", "http://a/b c", "http://a/b\r\nX: y",
	"http://a\n/", "http://[::1", "http://[::1]x", "http://[zz]/",
	"http://a/\x01", "http://a/caf\xc3\xa9", "http://:80/",
};

START_TEST(test_url_bad)
{
	struct err	 e = ERR_INIT;
	struct url	 u;

	ck_assert_msg(url_parse(&u, bad[_i], &e) == -1, "%s", bad[_i]);
	ck_assert(strncmp(e.msg, "URL", 3) == 0);
	ck_assert_ptr_null(u.host);
}
END_TEST

START_TEST(test_url_long)
{
	char		*text = malloc(20000);
	struct err	 e = ERR_INIT;
	struct url	 u;

	memset(text, 'a', 19999);
	memcpy(text, "http://a/", 9);
	text[19999] = '\0';
	ck_assert_int_eq(url_parse(&u, text, &e), -1);
	memcpy(text, "http://aaaaaa", 13);	/* a host of 300 */
	text[307] = '\0';
	ck_assert_int_eq(url_parse(&u, text, &e), -1);
	free(text);
}
END_TEST

START_TEST(test_escape)
{
	char	*s;

	s = url_escape("a b/c;d%~_-.\xc3\xa9", false);
	ck_assert_str_eq(s, "a%20b%2Fc%3Bd%25~_-.%C3%A9");
	free(s);
	s = url_escape("a b/c", true);
	ck_assert_str_eq(s, "a%20b/c");
	free(s);
}
END_TEST

static void
unescapes(const char *text, bool plus, const char *want)
{
	char	*s = url_unescape(text, strlen(text), plus);

	if (want == NULL)
		ck_assert_msg(s == NULL, "%s", text);
	else
		ck_assert_str_eq(s, want);
	free(s);
}

START_TEST(test_unescape)
{
	unescapes("a%20b%2fc+d", false, "a b/c+d");
	unescapes("a+b", true, "a b");
	unescapes("%2B", true, "+");
	unescapes("", true, "");
	unescapes("%41", false, "A");
	unescapes("%", false, NULL);
	unescapes("%4", false, NULL);
	unescapes("a%4g", false, NULL);
	unescapes("%g4", false, NULL);
	unescapes("%00", false, NULL);
	unescapes("x%00y", true, NULL);
}
END_TEST

START_TEST(test_unescape_len)
{
	char	*s = url_unescape("%41%42", 3, false);

	ck_assert_str_eq(s, "A");
	free(s);
	/* The escape must end within len. */
	ck_assert_ptr_null(url_unescape("%41%42", 5, false));
	ck_assert_ptr_null(url_unescape("a\0b", 3, false));
}
END_TEST

static struct form *
parse(const char *text, struct err *e)
{
	return form_parse(text, strlen(text), 10, e);
}

START_TEST(test_form)
{
	struct err	 e = ERR_INIT;
	struct form	*f = parse("a=1&b=x+y%26&a=2&c&=v&&d=", &e);
	const char	*name, *value;
	size_t		 it = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(form_len(f), 6);
	ck_assert_str_eq(form_get(f, "a"), "1");
	ck_assert_str_eq(form_get(f, "b"), "x y&");
	ck_assert_str_eq(form_get(f, "c"), "");
	ck_assert_str_eq(form_get(f, "d"), "");
	ck_assert_ptr_null(form_get(f, "e"));
	ck_assert_str_eq(form_each(f, "a", &it), "1");
	ck_assert_str_eq(form_each(f, "a", &it), "2");
	ck_assert_ptr_null(form_each(f, "a", &it));
	form_at(f, 4, &name, &value);
	ck_assert_str_eq(name, "");
	ck_assert_str_eq(value, "v");
	form_free(f);
	form_free(NULL);
}
END_TEST

/* As the stock programs: the field with a bare ';' vanishes, others stay. */
START_TEST(test_form_semicolon)
{
	struct err	 e = ERR_INIT;
	struct form	*f = parse("a=1;b=2&c=3&d=x%3By", &e);

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(form_len(f), 2);
	ck_assert_str_eq(form_get(f, "c"), "3");
	ck_assert_str_eq(form_get(f, "d"), "x;y");
	form_free(f);
}
END_TEST

START_TEST(test_form_bad)
{
	struct err	 e = ERR_INIT;
	struct form	*f;

	ck_assert_ptr_null(parse("a=%zz", &e));
	ck_assert_ptr_null(parse("a=b%", &e));
	ck_assert_ptr_null(parse("%00=b", &e));
	ck_assert_ptr_null(parse("a&a&a&a&a&a&a&a&a&a&a", &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "more than 10 fields"));
	f = parse("a&a&a&a&a&a&a&a&a&a", &e);
	ck_assert_ptr_nonnull(f);
	form_free(f);
	f = form_parse("", 0, 10, &e);
	ck_assert_uint_eq(form_len(f), 0);
	form_free(f);
}
END_TEST

START_TEST(test_form_encode)
{
	struct form	*f = form_new(), *back;
	struct err	 e = ERR_INIT;
	char		*text;

	form_add(f, "cmd", "a b&c=d;e+f%\xc3\xa9/*~");
	form_addf(f, "n", "%d", 42);
	form_add(f, "n", "");
	text = form_encode(f);
	ck_assert_str_eq(text,
	    "cmd=a+b%26c%3Dd%3Be%2Bf%25%C3%A9%2F*~&n=42&n=");
	back = parse(text, &e);
	ck_assert_str_eq(form_get(back, "cmd"), form_get(f, "cmd"));
	ck_assert_uint_eq(form_len(back), 3);
	free(text);
	form_free(back);
	form_free(f);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("url");
	TCase	*t = tcase_create("url");

	tcase_add_loop_test(t, test_url_good, 0, (int)(sizeof good / sizeof good[0]));
	tcase_add_loop_test(t, test_url_bad, 0, (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(t, test_url_long);
	tcase_add_test(t, test_escape);
	tcase_add_test(t, test_unescape);
	tcase_add_test(t, test_unescape_len);
	tcase_add_test(t, test_form);
	tcase_add_test(t, test_form_semicolon);
	tcase_add_test(t, test_form_bad);
	tcase_add_test(t, test_form_encode);
	suite_add_tcase(s, t);
	return s;
}
