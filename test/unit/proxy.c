/* proxy.c - unit tests of io/proxy.h: URLs, who is spared, the words. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/proxy.h"
#include "unit.h"

START_TEST(urls)
{
	static const struct { const char *url, *address, *credentials; } good[] = {
		{ "http://proxy:3128", "proxy:3128", NULL },
		{ "HTTP://proxy:3128/", "proxy:3128", NULL },
		{ "proxy", "proxy:1080", NULL },
		{ "http://[::1]:8", "[::1]:8", NULL },
		{ "http://[::1]", "[::1]:1080", NULL },
		{ "http://alice:secret@p:1", "p:1", "YWxpY2U6c2VjcmV0" },
		{ "http://alice@p:1", "p:1", "YWxpY2U6" },
		{ "http://a%3Ab:c%40d@p:1", "p:1", "YTpiOmNAZA==" },
		{ "http://a:b@c@p:1", "p:1", "YTpiQGM=" },
	};
	static const char *const bad[] = { "https://p:1", "socks5://p:1", "http://", "http://:80",
	    "http://p:0", "http://p:99999", "http://p:x", "http://a%4@p:1", "http://a%zz@p:1",
	    "http://[::1:80", "http://a b:80", "" };
	struct proxy	p;
	struct err	e;
	size_t		i;

	for (i = 0; i < nitems(good); i++) {
		ck_assert_msg(proxy_parse(good[i].url, &p, NULL) == 0, "%s", good[i].url);
		ck_assert_str_eq(p.address, good[i].address);
		ck_assert_pstr_eq(p.credentials, good[i].credentials);
		proxy_release(&p);
	}
	for (i = 0; i < nitems(bad); i++) {
		e = (struct err)ERR_INIT;
		ck_assert_msg(proxy_parse(bad[i], &p, &e) == -1, "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(e.msg, "HTTPS_PROXY"));
		ck_assert_ptr_null(p.address);
	}
}
END_TEST

START_TEST(spared)
{
	static const struct { const char *list, *host; int port; bool yes; } t[] = {
		{ "*", "any.org", 443, true },
		{ "", "any.org", 443, false },
		{ "x,*", "any.org", 443, false },
		{ "example.org", "example.org", 443, true },
		{ "example.org", "EXAMPLE.org.", 443, true },
		{ "example.org", "www.example.org", 443, true },
		{ "example.org", "notexample.org", 443, false },
		{ ".example.org", "www.example.org", 443, true },
		{ ".example.org", "example.org", 443, true },
		{ "example.org.", "example.org", 443, true },
		{ "www.example.org", "example.org", 443, false },
		{ " a.org , example.org\tb.org", "b.org", 443, true },
		{ "example.org:8443", "example.org", 8443, true },
		{ "example.org:8443", "example.org", 443, false },
		{ ".", "example.org", 443, false },
		{ "127.0.0.1", "127.0.0.1", 443, true },
		{ "127.0.0.1:80", "127.0.0.1", 443, false },
		{ "127.0.0.1:443", "127.0.0.1", 443, true },
		{ "0.0.1", "127.0.0.1", 443, false },
		{ "10.0.0.0/8", "10.9.8.7", 443, true },
		{ "10.0.0.0/8", "11.9.8.7", 443, false },
		{ "192.168.4.0/22", "192.168.7.255", 443, true },
		{ "192.168.4.0/22", "192.168.8.0", 443, false },
		{ "0.0.0.0/0", "1.2.3.4", 443, true },
		{ "0.0.0.0/0", "::1", 443, false },
		{ "10.0.0.0/33", "10.0.0.0", 443, false },
		{ "10.0.0.0/", "10.0.0.0", 443, false },
		{ "10.0.0.0/8", "10.org", 443, false },
		{ "::1", "::1", 443, true },
		{ "[::1]", "::1", 443, true },
		{ "[::1]:80", "::1", 443, false },
		{ "0:0:0:0:0:0:0:1", "::1", 443, true },
		{ "fd00::/8", "fd12::3", 443, true },
		{ "fd00::/8", "fe80::3", 443, false },
		{ "localhost", "127.0.0.1", 443, false },
		{ "localhost", "localhost", 443, true },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		ck_assert_msg(proxy_spared(t[i].list, t[i].host, t[i].port) == t[i].yes,
		    "\"%s\" and %s:%d", t[i].list, t[i].host, t[i].port);
}
END_TEST

START_TEST(environment)
{
	struct proxy	p;
	struct err	e = ERR_INIT;

	unsetenv("https_proxy");
	unsetenv("no_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("NO_PROXY");
	ck_assert_int_eq(proxy_find("far.org:443", &p, NULL), 0);
	setenv("HTTPS_PROXY", "http://large:1", 1);
	ck_assert_int_eq(proxy_find("far.org:443", &p, NULL), 1);
	ck_assert_str_eq(p.address, "large:1");
	proxy_release(&p);
	setenv("https_proxy", "http://small:1", 1);
	ck_assert_int_eq(proxy_find("127.0.0.1:443", &p, NULL), 1);
	ck_assert_str_eq(p.address, "small:1");
	proxy_release(&p);
	ck_assert_int_eq(proxy_find("unix:/x", &p, NULL), 0);
	setenv("NO_PROXY", "far.org", 1);
	ck_assert_int_eq(proxy_find("far.org:443", &p, NULL), 0);
	setenv("no_proxy", "near.org", 1);
	ck_assert_int_eq(proxy_find("far.org:443", &p, NULL), 1);
	proxy_release(&p);
	setenv("https_proxy", "ftp://u:secret@p", 1);
	ck_assert_int_eq(proxy_find("far.org:443", &p, &e), -1);
	ck_assert_ptr_null(strstr(e.msg, "secret"));
	setenv("https_proxy", "", 1);
	ck_assert_int_eq(proxy_find("far.org:443", &p, NULL), 0);
}
END_TEST

static struct proxy	px = { .address = (char *)"p:1", .credentials = NULL };

START_TEST(request)
{
	struct proxy	 with = { (char *)"p:1", (char *)"YTpi" };
	struct err	 e = ERR_INIT;
	char		*s = proxy_request(&px, "t:443", NULL);

	ck_assert_str_eq(s, "CONNECT t:443 HTTP/1.1\r\nHost: t:443\r\n\r\n");
	free(s);
	s = proxy_request(&with, "t:443", NULL);
	ck_assert_str_eq(s, "CONNECT t:443 HTTP/1.1\r\nHost: t:443\r\n"
	    "Proxy-Authorization: Basic YTpi\r\n\r\n");
	free(s);
	ck_assert_ptr_null(proxy_request(&px, "t\r\nX: y:443", &e));
	ck_assert_str_ne(e.msg, "");
}
END_TEST

static int
answer(const char *text, struct err *e)
{
	*e = (struct err)ERR_INIT;
	return proxy_answer(&px, "t:443", text, strlen(text), e);
}

START_TEST(answers)
{
	static const char	 yes[] = "HTTP/1.0 200 Yes\r\nA: b\r\n\r\n";
	char			*big = xmalloc(PROXY_HEAD_MAX + 1);
	struct err		 e;
	size_t			 n;

	for (n = 0; n < sizeof yes - 1; n++)
		ck_assert_int_eq(proxy_answer(&px, "t:443", yes, n, NULL), 0);
	ck_assert_int_eq(answer(yes, &e), sizeof yes - 1);
	ck_assert_int_eq(answer("HTTP/1.1 200\n\nmore", &e), 14);
	ck_assert_int_eq(answer("HTTP/1.1 403 Forbidden\r\n\r\n", &e), -1);
	ck_assert_str_eq(e.msg, "proxy p:1 refused CONNECT to t:443: 403 Forbidden");
	ck_assert_int_eq(answer("HTTP/1.1 403 \033[31m\r\n\r\n", &e), -1);
	ck_assert_str_eq(e.msg, "proxy p:1 refused CONNECT to t:443: 403 ?[31m");
	ck_assert_int_eq(answer("SSH-2.0-x", &e), -1);
	ck_assert_str_eq(e.msg, "proxy p:1: does not answer in HTTP");
	ck_assert_int_eq(answer("HTTP/1.1 20\r\n\r\n", &e), -1);
	ck_assert_int_eq(answer("HTTP/1.1 2000 x\r\n\r\n", &e), -1);
	memset(big, 'x', PROXY_HEAD_MAX);
	memcpy(big, "HTTP/1.1 200 ", 13);
	big[PROXY_HEAD_MAX] = '\0';
	ck_assert_int_eq(answer(big, &e), -1);
	ck_assert_str_eq(e.msg, "proxy p:1: the head of its answer is too long");
	free(big);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("proxy");
	TCase	*t = tcase_create("all");

	suite_add_tcase(s, t);
	tcase_add_test(t, urls);
	tcase_add_test(t, spared);
	tcase_add_test(t, environment);
	tcase_add_test(t, request);
	tcase_add_test(t, answers);
	return s;
}
