/* server.c - the HTTP server as a client sees it, and as a handler does. */
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lib_http.h"
#include "unit.h"

static struct web	 w;

static void
with_limits(const struct http_limits *l)
{
	web_open(&w, l);
}

static void
setup(void)
{
	with_limits(NULL);
}

static void
teardown(void)
{
	web_close(&w);
}

/* --- plain answers ------------------------------------------------------------ */

START_TEST(test_hello)
{
	web_check(&w, "GET /hi" H "\r\n", HI);
	web_check(&w, "GET /hi" H "\r\n", HI);
	ck_assert(!web_ended(&w));
	ck_assert_int_eq(w.dones, 2);
	ck_assert_uint_eq(http_server_connections(w.server), 1);
}
END_TEST

START_TEST(test_what_came)
{
	web_say(&w, "POST http://x/b%20c?a=1%26&a=2 HTTP/1.1\r\nHost: x\r\n"
	    "Authorization: basic Z29tb3RlOnA6dw==\r\nContent-Length: 1\r\n\r\nz");
	ck_assert_str_eq(w.seen, "POST http://x/b%20c?a=1%26&a=2 /b c?a=1%26&a=2 "
	    "a=1& gomote:p:w - pair 001");
	web_say(&w, "GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer tok\r\n\r\n");
	ck_assert_str_eq(w.seen, "GET /x /x? a=- -:- tok pair 000");
	web_say(&w, "GET http://x HTTP/1.1\r\nHost: x\r\nAuthorization: Basic !\r\n\r\n");
	ck_assert_str_eq(w.seen, "GET http://x /? a=- -:- - pair 000");
}
END_TEST

START_TEST(test_http10)
{
	web_check(&w, "GET /hi HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 3\r\n"
	    "Connection: keep-alive\r\n\r\nhi\n");
	ck_assert(!web_ended(&w));
	web_check(&w, "GET /hi HTTP/1.0\r\n\r\n", HI_CLOSE);
	ck_assert(web_ended(&w));
	web_connect(&w);	/* no chunks: until the end of the connection */
	web_check(&w, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	web_put(w.out, "abc");
	ck_assert_str_eq(web_heard(&w), "abc");
	ck_assert(!web_ended(&w));
	web_end(&w.out);
	web_turn(&w);
	ck_assert_int_eq(w.peer.eofs, 1);
	ck_assert_int_eq(w.peer.errors, 0);
}
END_TEST

START_TEST(test_http10_broken)
{
	struct err	 e = ERR_INIT;

	web_say(&w, "GET /stream HTTP/1.0\r\n\r\n");
	web_put(w.out, "abc");
	web_turn(&w);
	web_put(w.out, "more");
	err_set(&e, "disk on fire");
	body_fail(w.out, &e);
	w.out = NULL;
	web_turn(&w);
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.dones, 1);
}
END_TEST

START_TEST(test_close)
{
	web_check(&w, "GET /hi" H "Connection: close\r\n\r\nGET /hi" H "\r\n", HI_CLOSE);
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.requests, 1);
	web_connect(&w);
	web_check(&w, "GET /bye" H "\r\n", "HTTP/1.1 200 OK\r\n" TEXT
	    "Content-Length: 4\r\nConnection: close\r\n\r\nbye\n");
	ck_assert(web_ended(&w));
	ck_assert_uint_eq(http_server_connections(w.server), 0);
}
END_TEST

START_TEST(test_head)
{
	web_check(&w, "HEAD /hi" H "\r\nGET /hi" H "\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 3\r\n\r\n" HI);
	web_check(&w, "HEAD /stream" H "\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	ck_assert(body_closed(w.out));
	web_end(&w.out);
	web_check(&w, "HEAD /error" H "\r\n", "HTTP/1.1 404 Not Found\r\n"
	    "X-Content-Type-Options: nosniff\r\n" TEXT "Content-Length: 20\r\n\r\n");
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

START_TEST(test_status)
{
	web_check(&w, "GET /status?n=204" H "\r\nGET /hi" H "\r\n",
	    "HTTP/1.1 204 No Content\r\n" TEXT "\r\n" HI);
	web_check(&w, "GET /status?n=304" H "\r\n",
	    "HTTP/1.1 304 Not Modified\r\n" TEXT "\r\n");
	web_check(&w, "GET /status?n=599" H "\r\n", "HTTP/1.1 599 Status\r\n" TEXT
	    "Content-Length: 5\r\n\r\ntext\n");
}
END_TEST

START_TEST(test_error_is_one_line)
{
	web_check(&w, "GET /error" H "\r\n", "HTTP/1.1 404 Not Found\r\n"
	    "X-Content-Type-Options: nosniff\r\n" TEXT "Content-Length: 20\r\n\r\n"
	    "no such  thing here\n");
}
END_TEST

START_TEST(test_fields)
{
	web_check(&w, "GET /fields" H "\r\n", "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\n"
	    "Content-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>");
}
END_TEST

/* --- order -------------------------------------------------------------------- */

START_TEST(test_pipelined)
{
	web_check(&w, "GET /hi" H "\r\nGET /hi" H "\r\nGET /hi" H "\r\n", HI HI HI);
	web_check(&w, "GET /hold" H "\r\nGET /hi" H "\r\nPOST /echo" H
	    "Content-Length: 2\r\n\r\nab" "GET /hi" H "\r\n", "");
	ck_assert_int_eq(w.requests, 4);	/* one at a time */
	reply_text(w.held, 200, "held\n");
	ck_assert_str_eq(web_heard(&w), "HTTP/1.1 200 OK\r\n" TEXT
	    "Content-Length: 5\r\n\r\nheld\n" HI
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab" HI);
	ck_assert_int_eq(w.dones, 7);
}
END_TEST

START_TEST(test_pipelined_many)
{
	struct str	 s = STR_INIT;
	const char	*heard;
	int		 i, n = 0;

	for (i = 0; i < 3000; i++)
		str_add(&s, "GET /hi" H "\r\n");
	web_say(&w, s.s);
	for (i = 0; i < 30 && w.dones < 3000; i++)
		web_turn(&w);
	for (heard = web_heard(&w); (heard = strstr(heard, "hi\n")) != NULL; heard++)
		n++;
	ck_assert_int_eq(n, 3000);
	str_release(&s);
}
END_TEST

START_TEST(test_byte_by_byte)
{
	static const char	 text[] = "POST /echo" H
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: v\r\n\r\n";
	size_t			 i;
	char			 one[2] = "";

	for (i = 0; text[i] != '\0'; i++) {
		one[0] = text[i];
		web_say(&w, one);
	}
	ck_assert_str_eq(web_heard(&w), CHUNKED "1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n"
	    "1\r\no\r\n0\r\nT: v\r\n\r\n");
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

/* --- refusals ----------------------------------------------------------------- */

static const struct { const char *text; int code; } bad[] = {
	{ "POST /hi" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	{ "GET /hi HTTP/1.1\r\n\r\n", 400 },
	{ "GET /%zz" H "\r\n", 400 },
	{ "GET /a%00b" H "\r\n", 400 },
	{ "GET /hi?a=%" H "\r\n", 400 },
	{ "GET /hi" H "X: a\r\n b\r\n\r\n", 400 },
	{ "rubbish\r\n\r\n", 400 },
	{ "GET /hi" H "Expect: x\r\n\r\n", 417 },
	{ "POST /hi" H "Transfer-Encoding: gzip\r\n\r\n", 501 },
	{ "GET /hi HTTP/3.0\r\n\r\n", 505 },
};

START_TEST(test_refused)
{
	char		 want[40];
	const char	*heard;

	web_say(&w, "GET /hi" H "\r\n");
	ck_assert_str_eq(web_heard(&w), HI);
	web_say(&w, bad[_i].text);
	web_say(&w, "GET /hi" H "\r\n");	/* must not be answered */
	heard = web_heard(&w);
	snprintf(want, sizeof want, "HTTP/1.1 %d ", bad[_i].code);
	ck_assert_msg(str_starts(heard, want), "%s: %s", bad[_i].text, heard);
	ck_assert_ptr_nonnull(strstr(heard, "Connection: close\r\n"));
	ck_assert_ptr_null(strstr(heard, "hi\n"));
	ck_assert(str_ends(heard, "\n"));
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.requests, 1);
}
END_TEST

START_TEST(test_huge_head)
{
	char	*x = malloc(40001);

	memset(x, 'x', 40000);
	x[40000] = '\0';
	web_say(&w, "GET /hi" H "X: ");
	web_say(&w, x);
	ck_assert(str_starts(web_heard(&w), "HTTP/1.1 431 "));
	ck_assert(web_ended(&w));
	free(x);
}
END_TEST

START_TEST(test_connections_max)
{
	struct http_limits	 l = { .connections_max = 1 };
	struct rec		 first;

	teardown();
	with_limits(&l);
	first = w.peer;
	w.peer.s = NULL;
	web_connect(&w);
	ck_assert(str_starts(web_heard(&w), "HTTP/1.1 503 Service Unavailable"));
	ck_assert(web_ended(&w));
	rec_release(&first);
	web_turn(&w);
	web_connect(&w);
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

/* --- replies -------------------------------------------------------------------- */

START_TEST(test_stream)
{
	struct headers	*t = headers_new();

	web_check(&w, "GET /stream" H "\r\n", CHUNKED);	/* before any byte */
	web_put(w.out, "one");
	ck_assert_str_eq(web_heard(&w), "3\r\none\r\n");
	web_put(w.out, "");
	ck_assert_str_eq(web_heard(&w), "");
	web_put(w.out, "sixteen bytes...");
	ck_assert_str_eq(web_heard(&w), "10\r\nsixteen bytes...\r\n");
	headers_add(t, "Process-State", "exit status 2");
	headers_add(t, "Bad", "a\r\nb");
	body_end(w.out, t);
	w.out = NULL;
	headers_free(t);
	ck_assert_str_eq(web_heard(&w), "0\r\nProcess-State: exit status 2\r\n\r\n");
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

START_TEST(test_known_length)
{
	web_say(&w, "GET /known" H "\r\n");
	web_put(w.out, "01234");
	web_put(w.out, "56789");
	web_end(&w.out);
	ck_assert_str_eq(web_heard(&w),
	    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

/* A reply that cannot be completed must not look complete. */
START_TEST(test_reply_breaks)
{
	static const char *const paths[] = { "/stream", "/known", "/known" };
	struct err	 e = ERR_INIT;
	char		 text[60];
	const char	*heard;

	snprintf(text, sizeof text, "GET %s" H "\r\n", paths[_i]);
	web_say(&w, text);
	web_put(w.out, "abc");
	web_turn(&w);
	if (_i < 2) {
		err_set(&e, "the walk failed");
		body_fail(w.out, &e);
	} else
		body_end(w.out, NULL);	/* short */
	w.out = NULL;
	web_say(&w, "GET /hi" H "\r\n");
	heard = web_heard(&w);
	ck_assert(str_ends(heard, _i == 0 ? "\r\n3\r\nabc\r\n" : "\r\n\r\nabc"));
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.requests, 1);
	ck_assert_int_eq(w.dones, 1);
}
END_TEST

START_TEST(test_reply_too_long)
{
	web_say(&w, "GET /known" H "\r\n");
	web_put(w.out, "0123456789ABC");
	ck_assert(!str_ends(web_heard(&w), "ABC"));
	ck_assert(web_ended(&w));
	ck_assert(body_closed(w.out));
}
END_TEST

/* --- the client goes away --------------------------------------------------------- */

START_TEST(test_gone_while_held)
{
	web_say(&w, "GET /hold" H "\r\n");
	if (_i == 0) {
		stream_close(w.peer.s);
		w.peer.s = NULL;
	} else
		stream_shut(w.peer.s);
	web_turn(&w);
	ck_assert_int_eq(w.dones, 1);
	ck_assert_ptr_null(w.held);
	ck_assert_uint_eq(http_server_connections(w.server), 0);
}
END_TEST

START_TEST(test_gone_in_reply)
{
	web_say(&w, "GET /stream" H "\r\n");
	web_put(w.out, "abc");
	web_turn(&w);
	stream_close(w.peer.s);
	w.peer.s = NULL;
	web_turn(&w);
	ck_assert(body_closed(w.out));
	ck_assert_int_eq(w.dones, 1);
	web_put(w.out, "into the void");
	ck_assert_uint_eq(buf_len(body_buf(w.out)), 0);
	web_end(&w.out);
}
END_TEST

/* A client that ends its side after a request that was answered at once. */
START_TEST(test_eof_after_request)
{
	stream_write(w.peer.s, "GET /hi" H "\r\n", strlen("GET /hi" H "\r\n"));
	stream_shut(w.peer.s);
	ck_assert_str_eq(web_heard(&w), HI);
	ck_assert(web_ended(&w));
	ck_assert_uint_eq(http_server_connections(w.server), 0);
}
END_TEST

START_TEST(test_abort)
{
	web_check(&w, "GET /abort" H "\r\n", "");
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.dones, 1);
	web_connect(&w);
	web_say(&w, "PUT /take" H "Content-Length: 10\r\n\r\n01234");
	req_abort(w.held, "a test");
	reply_text(w.held, 200, "too late\n");	/* harmless until on_done */
	ck_assert_int_eq(w.dones, 1);		/* not from inside our call */
	web_turn(&w);
	ck_assert_int_eq(w.dones, 2);
	ck_assert_ptr_nonnull(body_error(w.body));
}
END_TEST

/* --- upgrades ------------------------------------------------------------------------ */

START_TEST(test_upgrade)
{
	struct rec	 own;
	char		*text;

	web_say(&w, "GET /hi" H "\r\nPOST /upgrade" H "Connection: upgrade\r\n"
	    "Upgrade: x\r\nContent-Length: 0\r\n\r\nleft over");
	ck_assert_int_eq(w.upgrades, 1);
	ck_assert_ptr_nonnull(w.upgraded);
	ck_assert_str_eq(web_heard(&w), HI
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
	ck_assert_int_eq(w.dones, 2);
	ck_assert_uint_eq(http_server_connections(w.server), 0);
	rec_init(&own, w.upgraded);
	w.upgraded = NULL;
	web_say(&w, " and more");
	text = rec_text(&own);
	ck_assert_str_eq(text, "left over and more");
	free(text);
	stream_write(own.s, "raw", 3);
	ck_assert_str_eq(web_heard(&w), "raw");
	web_later(&w, 24 * 3600 * 1000);	/* our deadlines are off it */
	ck_assert_int_eq(own.errors, 0);
	rec_release(&own);
}
END_TEST

START_TEST(test_upgrade_with_body)
{
	web_check(&w, "POST /upgrade" H "Content-Length: 4\r\n\r\nab", "");
	ck_assert_int_eq(w.upgrades, 0);
	web_say(&w, "cdraw");
	ck_assert_int_eq(w.upgrades, 1);
	ck_assert_uint_eq(buf_len(stream_in(w.upgraded)), 3);
}
END_TEST

START_TEST(test_upgrade_gone)
{
	web_say(&w, "POST /upgrade" H "Content-Length: 4\r\n\r\nab");
	stream_close(w.peer.s);
	w.peer.s = NULL;
	web_turn(&w);
	ck_assert_int_eq(w.upgrades, 1);
	ck_assert_ptr_null(w.upgraded);
	ck_assert_int_eq(w.dones, 1);
}
END_TEST

/* --- the server ends ---------------------------------------------------------------------------- */

static void
on_drained(void *arg)
{
	(*(int *)arg)++;
}

START_TEST(test_drain)
{
	int	 drained = 0;

	web_say(&w, "GET /hold" H "\r\n");
	http_server_drain(w.server, on_drained, &drained);
	web_turn(&w);
	ck_assert_int_eq(drained, 0);
	reply_text(w.held, 200, "hi\n");
	ck_assert_str_eq(web_heard(&w), HI_CLOSE);
	ck_assert(web_ended(&w));
	ck_assert_int_eq(drained, 1);
	web_connect(&w);
	ck_assert(str_starts((web_say(&w, "GET /hi" H "\r\n"), web_heard(&w)),
	    "HTTP/1.1 503 "));
	ck_assert(web_ended(&w));
}
END_TEST

START_TEST(test_drain_idle)
{
	int	 drained = 0;

	web_check(&w, "GET /hi" H "\r\n", HI);
	http_server_drain(w.server, on_drained, &drained);
	ck_assert_int_eq(drained, 0);	/* not from inside our call */
	web_turn(&w);
	ck_assert_int_eq(drained, 1);
	ck_assert(web_ended(&w));
}
END_TEST

START_TEST(test_free_cuts)
{
	web_say(&w, "PUT /take" H "Content-Length: 10\r\n\r\n01234");
	http_server_free(w.server);
	w.server = NULL;
	ck_assert_int_eq(w.dones, 0);
	web_turn(&w);
	ck_assert_int_eq(w.dones, 1);
	ck_assert_ptr_nonnull(body_error(w.body));
	ck_assert(web_ended(&w));
}
END_TEST

static TCase *
case_of(Suite *s, const char *name)
{
	TCase	*t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	return t;
}

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("server");
	TCase	*t = case_of(s, "answers");

	tcase_add_test(t, test_hello);
	tcase_add_test(t, test_what_came);
	tcase_add_test(t, test_http10);
	tcase_add_test(t, test_http10_broken);
	tcase_add_test(t, test_close);
	tcase_add_test(t, test_head);
	tcase_add_test(t, test_status);
	tcase_add_test(t, test_error_is_one_line);
	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_pipelined);
	tcase_add_test(t, test_pipelined_many);
	tcase_add_test(t, test_byte_by_byte);
	t = case_of(s, "refusals");
	tcase_add_loop_test(t, test_refused, 0, (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(t, test_huge_head);
	tcase_add_test(t, test_connections_max);
	t = case_of(s, "streamed answers");
	tcase_add_test(t, test_stream);
	tcase_add_test(t, test_known_length);
	tcase_add_loop_test(t, test_reply_breaks, 0, 3);
	tcase_add_test(t, test_reply_too_long);
	t = case_of(s, "ends");
	tcase_add_loop_test(t, test_gone_while_held, 0, 2);
	tcase_add_test(t, test_gone_in_reply);
	tcase_add_test(t, test_eof_after_request);
	tcase_add_test(t, test_abort);
	tcase_add_test(t, test_upgrade);
	tcase_add_test(t, test_upgrade_with_body);
	tcase_add_test(t, test_upgrade_gone);
	tcase_add_test(t, test_drain);
	tcase_add_test(t, test_drain_idle);
	tcase_add_test(t, test_free_cuts);
	return s;
}
