/* client.c - the HTTP client against a server played by the test, byte by byte. */
#include "http/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lib_client.h"
#include "unit.h"

/* --- requests ------------------------------------------------------------------ */

START_TEST(test_get)
{
	ask("GET", "/ls?dir=.", NULL);
	ask_heard("GET /ls?dir=. HTTP/1.1\r\nHost: h:1\r\n\r\n");
	ck_assert(!http_conn_idle(asking.conn));
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
	ck_assert_int_eq(asking.heads, 1);
	ck_assert_int_eq(asking.status, 200);
	ask_body_is("hel");
	ck_assert_int_eq(asking.overs, 0);
	ask_says("lo");
	ask_body_is("lo");
	ck_assert(body_done(asking.body));
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(asking.reusable);
	ck_assert(http_conn_idle(asking.conn));
	ask_close_body();
	ask("GET", "/", NULL);	/* again, on the same */
	ask_heard("GET / HTTP/1.1\r\nHost: h:1\r\n\r\n");
	ask_says("HTTP/1.1 204 No Content\r\n\r\n");
	ck_assert(body_done(asking.body));
	ck_assert_int_eq(asking.overs, 2);
	ck_assert(asking.reusable);
}
END_TEST

START_TEST(test_fields)
{
	struct headers		*h = headers_new();
	struct http_request	 q = { .method = "POST", .target = "/x", .host = "",
		.headers = h };

	headers_add(h, "X-A", "b");
	headers_add(h, "Content-Length", "77");
	headers_add(h, "Transfer-Encoding", "gzip");
	headers_add(h, "Expect", "100-continue");
	headers_add(h, "host", "evil");
	headers_add(h, "X-Split", "a\r\nEvil: b");
	http_conn_send(asking.conn, &q, &ask_cb, NULL);
	headers_free(h);
	ask_heard("POST /x HTTP/1.1\r\nHost: \r\nX-A: b\r\nContent-Length: 0\r\n\r\n");
}
END_TEST

static const char *const targets[] = { "/a b", "/a\r\nX: y", "", "/\x7f" };

START_TEST(test_bad_target)
{
	ask("GET", targets[_i], body_of(asking.loop, NULL));
	ck_assert_int_eq(asking.fails, 0);	/* not from inside our call */
	ask_heard("");
	ck_assert_int_eq(asking.fails, 1);
	ck_assert_ptr_nonnull(strstr(asking.why.msg, "malformed method or target"));
	ck_assert_int_eq(asking.overs, 1);
}
END_TEST

static struct body *
text_body(const char *t)
{
	struct evbuffer	*b = buf_new();
	struct body	*all;

	buf_adds(b, t);
	all = body_of(asking.loop, b);
	buf_free(b);
	return all;
}

START_TEST(test_put_length)
{
	ask("PUT", "/w", text_body("hello"));
	ask_heard("PUT /w HTTP/1.1\r\nHost: h:1\r\nContent-Length: 5\r\n\r\nhello");
	ask_says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
	ck_assert_int_eq(asking.heads, 0);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	ck_assert_int_eq(asking.heads, 1);
	ck_assert_int_eq(asking.status, 200);
	ck_assert(asking.reusable);
}
END_TEST

START_TEST(test_put_chunked)
{
	struct body	*b = body_new(asking.loop, -1);
	struct headers	*t = headers_new();

	ask("PUT", "/w", b);
	ask_heard("PUT /w HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n");
	buf_adds(body_buf(b), "hello");
	body_wrote(b);
	ask_heard("5\r\nhello\r\n");
	headers_add(t, "Sum", "1");
	body_end(b, t);
	headers_free(t);
	ask_heard("0\r\nSum: 1\r\n\r\n");
}
END_TEST

/* The answer may come, whole, while the request body is under way: that goes on. */
START_TEST(test_early_answer)
{
	struct body	*b = body_new(asking.loop, -1);

	ask("POST", "/exec", b);
	ask_heard("POST /exec HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n");
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	ask_body_is("ok");
	ck_assert(body_done(asking.body));
	ck_assert(!body_closed(b));
	ck_assert_int_eq(asking.overs, 0);
	buf_adds(body_buf(b), "rest");
	body_end(b, NULL);
	ask_heard("4\r\nrest\r\n0\r\n\r\n");
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(asking.reusable);
}
END_TEST

START_TEST(test_request_body_breaks)
{
	struct body	*b = body_new(asking.loop, 10);
	struct err	 e = ERR_INIT;

	ask("PUT", "/w", b);
	buf_adds(body_buf(b), "half");
	body_wrote(b);
	ask_heard("PUT /w HTTP/1.1\r\nHost: h:1\r\nContent-Length: 10\r\n\r\nhalf");
	err_set(&e, "the client left");
	body_fail(b, &e);
	ask_turn();
	ck_assert_int_eq(asking.fails, 1);
	ck_assert_str_eq(asking.why.msg, "PUT /w on machine alice-box: request body: "
	    "the client left");
	ck_assert_int_eq(asking.srv.eofs + asking.srv.errors, 1);
	ck_assert(!asking.reusable);
}
END_TEST

/* --- answers ---------------------------------------------------------------------- */

START_TEST(test_chunked_trailers)
{
	asking.do_collect = false;
	ask("POST", "/exec", NULL);
	ask_says("HTTP/1.1 200 OK\r\nTrailer: Process-State\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nout\r\n");
	ask_body_is("out");
	ck_assert(!body_done(asking.body));
	ask_says("0\r\nProcess-State: signal: killed\r\n\r\n");
	ck_assert(body_done(asking.body));
	ck_assert_str_eq(headers_get(body_trailers(asking.body), "process-state"),
	    "signal: killed");
	ck_assert(asking.reusable);
}
END_TEST

START_TEST(test_until_close)
{
	ask("GET", "/", NULL);
	ask_says(_i == 0 ? "HTTP/1.0 200 OK\r\n\r\nabc" : "HTTP/1.1 200 OK\r\n\r\nabc");
	ask_body_is("abc");
	ck_assert(!body_done(asking.body));
	ask_says("def");
	ask_ends();
	ask_body_is("def");
	ck_assert(body_done(asking.body));
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(!asking.reusable);
}
END_TEST

START_TEST(test_head_request)
{
	ask("HEAD", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
	ck_assert(body_done(asking.body));
	ck_assert(asking.reusable);
}
END_TEST

START_TEST(test_close_announced)
{
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(!asking.reusable);
	ck_assert(!http_conn_idle(asking.conn));
	ck_assert_int_eq(asking.srv.eofs, 1);
	ask_body_is("a");
	ck_assert(body_done(asking.body));
}
END_TEST

START_TEST(test_unasked_bytes)
{
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n");
	ck_assert(!asking.reusable);
	ask_body_is("a");
	ck_assert(body_done(asking.body));
}
END_TEST

START_TEST(test_next_from_over)
{
	asking.resend = true;
	asking.do_collect = true;
	ask("GET", "/first", NULL);
	ask_heard("GET /first HTTP/1.1\r\nHost: h:1\r\n\r\n");
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
	ask_heard("GET /again HTTP/1.1\r\nHost: h:1\r\n\r\n");
	free(asking.text);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
	ck_assert_str_eq(asking.text, "b");
	ck_assert_int_eq(asking.overs, 2);
}
END_TEST

START_TEST(test_upgrade)
{
	struct rec	 own;
	char		*got;

	ask("POST", "/connect-ssh", NULL);
	ask_says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: ssh\r\n\r\nSSH-2.0");
	ck_assert_int_eq(asking.heads, 1);
	ck_assert_int_eq(asking.status, 101);
	ck_assert_ptr_nonnull(asking.upgraded);
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(!asking.reusable);
	http_conn_free(asking.conn);
	asking.conn = NULL;
	ask_turn();
	rec_init(&own, asking.upgraded);
	asking.upgraded = NULL;
	ask_says("-x");
	got = rec_text(&own);
	ck_assert_str_eq(got, "SSH-2.0-x");
	free(got);
	rec_release(&own);
}
END_TEST

START_TEST(test_lenient)
{
	struct http_request	 q = { .method = "GET", .target = "/reverse",
		.host = "", .lenient_version = _i == 0 };

	http_conn_send(asking.conn, &q, &ask_cb, NULL);
	ask_says("HTTP/0.0 101 Switching Protocols\r\n\r\n{}");
	if (_i == 0) {
		ck_assert_ptr_nonnull(asking.upgraded);
		ck_assert_uint_eq(buf_len(stream_in(asking.upgraded)), 2);
	} else
		ck_assert_int_eq(asking.fails, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("client");
	TCase	*t = tcase_create("client");

	tcase_add_checked_fixture(t, ask_setup, ask_teardown);
	suite_add_tcase(s, t);
	tcase_add_test(t, test_get);
	tcase_add_test(t, test_fields);
	tcase_add_loop_test(t, test_bad_target, 0, 4);
	tcase_add_test(t, test_put_length);
	tcase_add_test(t, test_put_chunked);
	tcase_add_test(t, test_early_answer);
	tcase_add_test(t, test_request_body_breaks);
	tcase_add_test(t, test_chunked_trailers);
	tcase_add_loop_test(t, test_until_close, 0, 2);
	tcase_add_test(t, test_head_request);
	tcase_add_test(t, test_close_announced);
	tcase_add_test(t, test_unasked_bytes);
	tcase_add_test(t, test_next_from_over);
	tcase_add_test(t, test_upgrade);
	tcase_add_loop_test(t, test_lenient, 0, 2);
	return s;
}
