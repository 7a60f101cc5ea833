/* server_body.c - the HTTP server and request bodies: who reads them, what
 * becomes of the rest, deadlines, back-pressure. */
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lib_http.h"
#include "unit.h"

static struct web	 w;

static void
setup(void)
{
	web_open(&w, NULL);
}

static void
teardown(void)
{
	web_close(&w);
}

static void
on_nothing(struct body *b, void *arg)
{
	(void)b;
	(void)arg;
}

/* --- request bodies ------------------------------------------------------------- */

START_TEST(test_continue)
{
	static const char	 head[] = "PUT /take" H
		"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
	char			*got;

	web_check(&w, head, "");	/* taken, but not read */
	body_on_data(w.body, on_nothing, NULL);
	ck_assert_str_eq(web_heard(&w), "HTTP/1.1 100 Continue\r\n\r\n");
	web_say(&w, "ok");
	got = web_take(&w);
	ck_assert_str_eq(got, "ok");
	free(got);
	ck_assert(body_done(w.body));
	reply_text(w.held, 200, "hi\n");
	ck_assert_str_eq(web_heard(&w), HI);
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

START_TEST(test_continue_unwanted)
{
	/* Answered without reading: no 100, and nobody knows whether the body
	 * will come, so the connection ends. */
	web_check(&w, "PUT /hi" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
	    HI_CLOSE);
	ck_assert(web_ended(&w));
	/* A client that did not wait: no 100 either. */
	web_connect(&w);
	web_check(&w, "PUT /echo" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab");
	ck_assert(web_ended(&w));
}
END_TEST

/* The client waits for the handler, not the other way round. */
START_TEST(test_continue_no_stall)
{
	web_say(&w, "PUT /take" H "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	web_later(&w, 3600 * 1000);
	ck_assert_ptr_null(body_error(w.body));
	ck_assert_int_eq(w.dones, 0);
}
END_TEST

START_TEST(test_unread_small)
{
	web_check(&w, "PUT /hi" H "Content-Length: 5\r\n\r\nhello" "GET /hi" H "\r\n",
	    HI HI);
	web_check(&w, "PUT /hi" H "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", HI);
	web_check(&w, "lo\r\n0\r\n\r\nGET /hi" H "\r\n", HI);
	ck_assert(!web_ended(&w));
	ck_assert_int_eq(w.dones, 4);
}
END_TEST

static void
send_pattern(size_t len)
{
	fill_pattern(stream_out(w.peer.s), 0, len);
	stream_wrote(w.peer.s);
	web_turn(&w);
}

START_TEST(test_unread_long)
{
	/* Known to be long: the answer says that it is the last. */
	web_say(&w, "PUT /hi" H "Content-Length: 5000000\r\n\r\n");
	ck_assert_str_eq(web_heard(&w), HI_CLOSE);
	send_pattern(600000);		/* the client can still send all */
	ck_assert_uint_eq(stream_unsent(w.peer.s), 0);
	ck_assert_int_eq(w.peer.errors, 0);
	ck_assert_int_eq(w.peer.eofs, 1);
	/* Not known: it is found out while the rest comes. */
	web_connect(&w);
	web_check(&w, "PUT /hi" H "Transfer-Encoding: chunked\r\n\r\nF4240\r\n", HI);
	ck_assert(!web_ended(&w));
	send_pattern(200000);
	ck_assert(!web_ended(&w));
	send_pattern(200000);
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.peer.errors, 0);
	ck_assert_int_eq(w.requests, 2);
}
END_TEST

START_TEST(test_early_reply_taken)
{
	char	*got;

	/* The reply is complete long before the body, whose reader goes on. */
	web_say(&w, "PUT /takestream" H "Content-Length: 10\r\n\r\n01234");
	web_put(w.out, "x");
	web_end(&w.out);
	ck_assert_str_eq(web_heard(&w), CHUNKED "1\r\nx\r\n0\r\n\r\n");
	ck_assert_int_eq(w.dones, 1);
	web_check(&w, "56789GET /hi" H "\r\n", HI);
	got = web_take(&w);
	ck_assert_str_eq(got, "0123456789");
	free(got);
	ck_assert(body_done(w.body));
}
END_TEST

START_TEST(test_body_closed_early)
{
	web_say(&w, "PUT /take" H "Content-Length: 10\r\n\r\n01234");
	body_close(w.body);
	w.body = NULL;
	web_say(&w, "56789");
	reply_text(w.held, 200, "hi\n");
	ck_assert_str_eq(web_heard(&w), HI);
	web_check(&w, "GET /hi" H "\r\n", HI);
}
END_TEST

START_TEST(test_trailers_in)
{
	char	*got;

	web_say(&w, "PUT /take" H "Transfer-Encoding: chunked\r\n\r\n"
	    "2\r\nab\r\n0\r\nSum: 9\r\n\r\n");
	got = web_take(&w);
	ck_assert_str_eq(got, "ab");
	free(got);
	ck_assert(body_done(w.body));
	ck_assert_str_eq(headers_get(body_trailers(w.body), "sum"), "9");
	reply_text(w.held, 200, "hi\n");
	ck_assert_str_eq(web_heard(&w), HI);
}
END_TEST

static const char *const breaking[] = { "3\r\nabc\r\nxyz\r\n", "3\r\nabcX", NULL };

/* The reader learns of it and may still answer; then the connection ends. */
START_TEST(test_body_breaks)
{
	char	*got;

	web_say(&w, "PUT /take" H "Transfer-Encoding: chunked\r\n\r\n");
	if (breaking[_i] != NULL)
		web_say(&w, breaking[_i]);
	else {
		web_say(&w, "3\r\nabc\r\n");
		stream_shut(w.peer.s);
		web_turn(&w);
		ck_assert_int_eq(body_error(w.body)->code, STREAM_RESET);
	}
	ck_assert_ptr_nonnull(body_error(w.body));
	ck_assert(str_starts(body_error(w.body)->msg, "request body: "));
	got = web_take(&w);
	ck_assert_str_eq(got, "abc");
	free(got);
	ck_assert_int_eq(w.dones, 0);
	reply_error(w.held, 400, "broken");
	ck_assert(str_starts(web_heard(&w), "HTTP/1.1 400 "));
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.dones, 1);
}
END_TEST

/* --- deadlines -------------------------------------------------------------------------- */

START_TEST(test_slow_head)
{
	int	 i;

	web_later(&w, 9 * 1000);
	ck_assert(!web_ended(&w));
	web_say(&w, "GET /hi");
	for (i = 0; i < 5 && !web_ended(&w); i++) {
		web_later(&w, 2000);	/* each byte does not win time */
		web_say(&w, "x");
	}
	ck_assert(str_starts(web_heard(&w), "HTTP/1.1 408 "));
	ck_assert(web_ended(&w));
	ck_assert_int_eq(w.requests, 0);
}
END_TEST

START_TEST(test_says_nothing)
{
	web_later(&w, 9 * 1000);
	ck_assert(!web_ended(&w));
	web_later(&w, 2 * 1000);
	ck_assert(web_ended(&w));
	ck_assert_str_eq(web_heard(&w), "");
}
END_TEST

START_TEST(test_idle)
{
	web_check(&w, "GET /hi" H "\r\n", HI);
	web_later(&w, 119 * 1000);
	ck_assert(!web_ended(&w));
	web_check(&w, "GET /hi" H "\r\n", HI);
	web_later(&w, 119 * 1000);
	ck_assert(!web_ended(&w));
	web_later(&w, 2 * 1000);
	ck_assert(web_ended(&w));
	ck_assert_str_eq(web_heard(&w), "");
	ck_assert_uint_eq(http_server_connections(w.server), 0);
}
END_TEST

START_TEST(test_body_stalls)
{
	web_say(&w, "PUT /take" H "Content-Length: 10\r\n\r\n01234");
	web_later(&w, 40 * 1000);
	web_say(&w, "5");
	web_later(&w, 40 * 1000);
	ck_assert_ptr_null(body_error(w.body));
	web_later(&w, 25 * 1000);
	ck_assert_ptr_nonnull(body_error(w.body));
	ck_assert_int_eq(body_error(w.body)->code, STREAM_TIMEOUT);
	reply_error(w.held, 408, "stalled");
	ck_assert(str_starts(web_heard(&w), "HTTP/1.1 408 "));
	ck_assert(web_ended(&w));
}
END_TEST

/* A slow handler is not a slow client. */
START_TEST(test_no_stall_when_full)
{
	web_say(&w, "PUT /take" H "Content-Length: 5000000\r\n\r\n");
	send_pattern(2000000);
	ck_assert(body_full(w.body));
	web_later(&w, 3600 * 1000);
	ck_assert_ptr_null(body_error(w.body));
}
END_TEST

START_TEST(test_hold_is_patient)
{
	web_say(&w, "GET /hold" H "\r\n");
	web_later(&w, 3600 * 1000);
	ck_assert_int_eq(w.dones, 0);
	reply_text(w.held, 200, "hi\n");
	ck_assert_str_eq(web_heard(&w), HI);
}
END_TEST

/* --- back-pressure -------------------------------------------------------------------------- */

#define BIG	(100 * 1000 * 1000)
#define BOUND	(1024 * 1024)

/* Bytes that the test has let into the server less those it took out again. */
START_TEST(test_slow_reader)
{
	size_t		 sent = 0, got = 0, n, most = 0;
	struct evbuffer	*b = buf_new();

	web_say(&w, "PUT /take" H "Content-Length: 100000000\r\n\r\n");
	while (got < BIG) {
		while (sent < BIG && !stream_full(w.peer.s)) {
			fill_pattern(stream_out(w.peer.s), sent, 50000);
			sent += 50000;
			stream_wrote(w.peer.s);
		}
		loop_turn(w.loop, 0);
		loop_turn(w.loop, 0);
		n = sent - stream_unsent(w.peer.s) - got;
		most = n > most ? n : most;
		buf_move(b, body_buf(w.body), 100000);
		body_took(w.body);
		got += check_pattern(b, got);
		ck_assert_uint_eq(buf_len(b), 0);
	}
	ck_assert_uint_le(most, BOUND);
	ck_assert_uint_ge(most, BODY_HIGH);
	web_turn(&w);
	ck_assert(body_done(w.body));
	buf_free(b);
}
END_TEST

START_TEST(test_slow_client)
{
	size_t	 sent = 0, got = 0, n, most = 0;

	web_say(&w, "GET /known" H "\r\n");
	web_put(w.out, "0123456789");
	web_end(&w.out);
	(void)web_heard(&w);
	web_say(&w, "GET /stream" H "\r\n");
	(void)web_heard(&w);
	w.peer.keep = true;
	while (got < BIG) {
		while (sent < BIG && !body_full(w.out)) {
			fill_pattern(body_buf(w.out), sent, 50000);
			sent += 50000;
			body_wrote(w.out);
		}
		loop_turn(w.loop, 0);
		loop_turn(w.loop, 0);
		n = sent - got;
		most = n > most ? n : most;
		/* Chunk headers count as data here; the sum is what matters. */
		n = buf_len(stream_in(w.peer.s));
		n = n > 100000 ? 100000 : n;
		buf_drain(stream_in(w.peer.s), n);
		stream_consumed(w.peer.s);
		got += n;
	}
	ck_assert_uint_le(most, BOUND + BOUND / 2);
	buf_drain(stream_in(w.peer.s), buf_len(stream_in(w.peer.s)));
	w.peer.keep = false;
	web_end(&w.out);
	stream_consumed(w.peer.s);
	ck_assert(str_ends(web_heard(&w), "0\r\n\r\n"));
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
	Suite	*s = suite_create("server_body");
	TCase	*t = case_of(s, "bodies");

	tcase_add_test(t, test_continue);
	tcase_add_test(t, test_continue_unwanted);
	tcase_add_test(t, test_continue_no_stall);
	tcase_add_test(t, test_unread_small);
	tcase_add_test(t, test_unread_long);
	tcase_add_test(t, test_early_reply_taken);
	tcase_add_test(t, test_body_closed_early);
	tcase_add_test(t, test_trailers_in);
	tcase_add_loop_test(t, test_body_breaks, 0, 3);
	t = case_of(s, "time and space");
	tcase_add_test(t, test_slow_head);
	tcase_add_test(t, test_says_nothing);
	tcase_add_test(t, test_idle);
	tcase_add_test(t, test_body_stalls);
	tcase_add_test(t, test_no_stall_when_full);
	tcase_add_test(t, test_hold_is_patient);
	tcase_add_test(t, test_slow_reader);
	tcase_add_test(t, test_slow_client);
	return s;
}
