/* client_fail.c - the HTTP client when things go wrong, and when it is let go:
 * broken answers, silence, deadlines, freeing in the middle. */
#include "http/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lib_client.h"
#include "unit.h"

/* --- failures ---------------------------------------------------------------------- */

START_TEST(test_stale)
{
	ask("POST", "/exec?cmd=secret", NULL);
	ask_turn();
	ask_ends();
	ck_assert_int_eq(asking.fails, 1);
	ck_assert_int_eq(asking.why.code, STREAM_RESET);
	ck_assert_str_eq(asking.why.msg, "POST /exec on machine alice-box: "
	    "connection closed before the answer");
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(!asking.reusable);
	/* Further requests fail, too, and say so. */
	ask("GET", "/", NULL);
	ask_turn();
	ck_assert_int_eq(asking.fails, 2);
	ck_assert_str_eq(asking.why.msg,
	    "GET / on machine alice-box: the connection is over");
}
END_TEST

START_TEST(test_head_breaks)
{
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 O");
	ask_ends();
	ck_assert_int_eq(asking.fails, 1);
	ck_assert_str_eq(asking.why.msg, "GET / on machine alice-box: the answer: "
	    "ended in the middle of the head");
}
END_TEST

START_TEST(test_body_breaks)
{
	ask("GET", "/", NULL);
	ask_says(_i == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" :
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	ask_ends();
	ck_assert_int_eq(asking.fails, 0);
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(!asking.reusable);
	ck_assert_ptr_nonnull(body_error(asking.body));
	ck_assert_int_eq(body_error(asking.body)->code, STREAM_RESET);
	ck_assert(str_starts(body_error(asking.body)->msg,
	    "GET / on machine alice-box: the answer: ended in the middle"));
	ask_body_is("abc");
}
END_TEST

static const char *const rubbish[] = {
	"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
};

START_TEST(test_rubbish)
{
	ask("GET", "/", NULL);
	ask_says(rubbish[_i]);
	ck_assert_int_eq(asking.fails, 1);
	ck_assert_ptr_nonnull(strstr(asking.why.msg, "the answer is malformed: "));
	ck_assert_int_eq(asking.srv.eofs + asking.srv.errors, 1);
}
END_TEST

START_TEST(test_idle_end)
{
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 204 OK\r\n\r\n");
	ck_assert(http_conn_idle(asking.conn));
	if (_i == 0)
		ask_ends();
	else
		ask_says("HTTP/1.1 408 Timeout\r\n\r\n");
	ck_assert_int_eq(asking.overs, 2);
	ck_assert(!asking.reusable);
	ck_assert(!http_conn_idle(asking.conn));
	ck_assert_int_eq(asking.fails, 0);
}
END_TEST

START_TEST(test_no_answer)
{
	ask("GET", "/", NULL);
	ask_turn();
	ask_later(20000);
	ck_assert_int_eq(asking.fails, 0);
	ask_later(10000);
	ck_assert_int_eq(asking.fails, 1);
	ck_assert_int_eq(asking.why.code, STREAM_TIMEOUT);
	ck_assert_str_eq(asking.why.msg, "GET / on machine alice-box: no answer for 30s");
}
END_TEST

/* While the request still goes out nobody expects an answer. */
START_TEST(test_long_upload)
{
	struct body	*b = body_new(asking.loop, -1);
	int		 i;

	ask("PUT", "/w", b);
	for (i = 0; i < 10; i++) {
		buf_adds(body_buf(b), "x");
		body_wrote(b);
		ask_turn();
		ask_later(20000);
	}
	ck_assert_int_eq(asking.fails, 0);
	body_end(b, NULL);
	ask_turn();
	ask_later(31000);
	ck_assert_int_eq(asking.fails, 1);
}
END_TEST

START_TEST(test_answer_stalls)
{
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
	ask_later(50000);
	ck_assert_ptr_null(body_error(asking.body));
	ask_says("d");
	ask_later(50000);
	ck_assert_ptr_null(body_error(asking.body));
	ask_later(12000);
	ck_assert_ptr_nonnull(body_error(asking.body));
	ck_assert_int_eq(body_error(asking.body)->code, STREAM_TIMEOUT);
}
END_TEST

/* --- letting go ---------------------------------------------------------------------- */

START_TEST(test_free_early)
{
	struct body	*b = body_new(asking.loop, -1);

	ask("PUT", "/", b);
	if (_i == 1)
		ask_says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
	http_conn_free(asking.conn);
	asking.conn = NULL;
	ask_turn();
	ck_assert_int_eq(asking.fails, 0);
	ck_assert_int_eq(asking.overs, 0);
	ck_assert(body_closed(b));
	body_end(b, NULL);
	if (_i == 1)
		ck_assert_ptr_nonnull(body_error(asking.body));
	ck_assert_int_eq(asking.srv.eofs + asking.srv.errors, 1);
}
END_TEST

START_TEST(test_free_in_head)
{
	asking.free_in_head = true;
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	ck_assert_int_eq(asking.heads, 1);
	ck_assert_ptr_nonnull(body_error(asking.body));
	ck_assert_int_eq(asking.overs, 0);
}
END_TEST

/* Who is not read any more must hear of it: a command may be running there. */
START_TEST(test_body_unwanted)
{
	ask("POST", "/exec", NULL);
	ask_says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	ask_close_body();
	ask_turn();
	ck_assert_int_eq(asking.srv.eofs + asking.srv.errors, 1);
	ck_assert_int_eq(asking.overs, 1);
	ck_assert(!asking.reusable);
}
END_TEST

START_TEST(test_collect)
{
	asking.do_collect = true;
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	ck_assert_ptr_null(asking.text);
	ask_says("3\r\ndef\r\n0\r\n\r\n");
	ck_assert_str_eq(asking.text, "abcdef");
}
END_TEST

START_TEST(test_collect_fails)
{
	char	*x = calloc(1, 1002);

	asking.do_collect = true;
	memset(x, 'x', 1001);
	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
	ask_says(_i == 0 ? x : "x");
	free(x);
	if (_i == 1)
		ask_ends();
	ck_assert_ptr_null(asking.text);
	ck_assert_int_eq(asking.text_why.code, _i == 0 ? EMSGSIZE : STREAM_RESET);
	ck_assert_int_eq(asking.overs, 1);
}
END_TEST

/* The reader's pace holds the server back. */
START_TEST(test_back_pressure)
{
	size_t	 sent = 0;

	ask("GET", "/", NULL);
	ask_says("HTTP/1.1 200 OK\r\n\r\n");
	while (sent < 10000000 && !stream_full(asking.srv.s)) {
		fill_pattern(stream_out(asking.srv.s), sent, 100000);
		sent += 100000;
		stream_wrote(asking.srv.s);
		ask_turn();
	}
	ck_assert_uint_lt(sent, 1500000);
	ck_assert(body_full(asking.body));
	ask_later(120000);	/* which is our doing, not the server's */
	ck_assert_ptr_null(body_error(asking.body));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("client_fail");
	TCase	*t = tcase_create("client_fail");

	tcase_add_checked_fixture(t, ask_setup, ask_teardown);
	suite_add_tcase(s, t);
	tcase_add_test(t, test_stale);
	tcase_add_test(t, test_head_breaks);
	tcase_add_loop_test(t, test_body_breaks, 0, 2);
	tcase_add_loop_test(t, test_rubbish, 0, 4);
	tcase_add_loop_test(t, test_idle_end, 0, 2);
	tcase_add_test(t, test_no_answer);
	tcase_add_test(t, test_long_upload);
	tcase_add_test(t, test_answer_stalls);
	tcase_add_loop_test(t, test_free_early, 0, 2);
	tcase_add_test(t, test_free_in_head);
	tcase_add_test(t, test_body_unwanted);
	tcase_add_test(t, test_collect);
	tcase_add_loop_test(t, test_collect_fails, 0, 2);
	tcase_add_test(t, test_back_pressure);
	return s;
}
