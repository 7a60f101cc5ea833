/*
 * v2.c - revdial version 2: the side that serves against a coordinator played by
 * hand, and both sides together.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/buf.h"
#include "lib_rd.h"
#include "revdial/v2line.h"

static struct revdial_pickups *pickups;
static struct stream *far;		/* our end of the control channel */
static struct stream *dialed[64];	/* our ends of what the listener dialed */
static size_t dialed_n;

static struct stream *
dial(void *arg)
{
	struct stream *ends[2];

	(void)arg;
	stream_pair(loop, ends);
	ck_assert_uint_lt(dialed_n, 64);
	dialed[dialed_n++] = ends[1];
	return ends[0];
}

static void
start_listener(const struct revdial_config *config)
{
	struct stream *ends[2];

	stream_pair(loop, ends);
	stream_set_peer(ends[0], "coordinator");
	far = ends[1];
	listener.r = revdial_v2_listener(loop, ends[0], dial, NULL, config, &side_cb,
	    &listener);
}

static void
want(const char *path)
{
	char line[300];

	snprintf(line, sizeof line,
	    "{\"command\":\"conn-ready\",\"connPath\":\"%s\"}\n", path);
	say(far, line);
}

/* The i-th pick-up asks for target. */
static void
asks_for(size_t i, const char *target)
{
	char first[300];

	UNTIL(dialed_n > i);
	snprintf(first, sizeof first, "GET %s HTTP/1.1", target);
	line_is(dialed[i], first);
	for (;;) {
		char *line = read_line(dialed[i]);
		bool end = *line == '\0';

		free(line);
		if (end)
			return;
	}
}

static void
setup(void)
{
	rd_setup();
	pickups = revdial_pickups_new(loop);
	dialed_n = 0;
	far = NULL;
}

static void
teardown(void)
{
	size_t i;

	if (far != NULL)
		stream_close(far);
	for (i = 0; i < dialed_n; i++)
		if (dialed[i] != NULL)
			stream_close(dialed[i]);
	rd_teardown();
	revdial_pickups_free(pickups);
}

/* --- listener --------------------------------------------------------------------- */

#define PATH "/revdial?revdial.dialer=0123456789abcdef0123456789abcdef"

START_TEST(serves)
{
	struct user *u;

	start_listener(NULL);
	say(far, "{\"command\":\"keep-alive\"}\n");
	want(PATH);
	asks_for(0, PATH);
	ck_assert_uint_eq(listener.n, 0);
	/* As a stock coordinator answers, and the request right behind. */
	say(dialed[0], "HTTP/0.0 101 Switching Protocols\r\n\r\nGET /status");
	UNTIL(listener.n == 1);
	u = listener.accepted[0];
	UNTIL(user_got(u, "GET /status"));
	ck_assert_uint_eq(revdial_streams(listener.r), 1);
	say(u->s, "{\"Version\":29}\n");
	line_is(dialed[0], "{\"Version\":29}");
	stream_shut(dialed[0]);
	UNTIL(u->eof);
}
END_TEST

/* What a newer coordinator may say. */
START_TEST(listener_ignores_the_unknown)
{
	start_listener(NULL);
	say(far, "{\"command\":\"sing\",\"connPath\":7}\n"
	    "{\"command\":\"keep-alive\",\"more\":[1]}\n"
	    "{\"command\":\"pickup-failed\",\"connPath\":\"/x\",\"err\":\"y\"}\n");
	want(PATH);
	asks_for(0, PATH);
	ck_assert_uint_eq(dialed_n, 1);
	ck_assert(!listener.down);
}
END_TEST

START_TEST(follows_two_redirects)
{
	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	say(dialed[0], "HTTP/1.1 307 Temporary Redirect\r\nLocation: /b?x=1\r\n"
	    "Content-Length: 5\r\n\r\nthere");
	asks_for(0, "/b?x=1");
	say(dialed[0], "HTTP/1.1 307 Temporary Redirect\r\nLocation: /c\r\n"
	    "Content-Length: 0\r\n\r\n");
	asks_for(0, "/c");
	say(dialed[0], "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	UNTIL(listener.n == 1);
	ck_assert_uint_eq(dialed_n, 1);
}
END_TEST

static void
fails_with(const char *answer, const char *why)
{
	char *line;

	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	say(dialed[0], answer);
	line = read_line(far);
	ck_assert_ptr_nonnull(strstr(line, "\"pickup-failed\""));
	ck_assert_ptr_nonnull(strstr(line, PATH));
	ck_assert_msg(strstr(line, why) != NULL, "%s", line);
	free(line);
	ck_assert_uint_eq(listener.n, 0);
	ck_assert(!listener.down);
	UNTIL(stream_at_eof(dialed[0]));
}

START_TEST(three_redirects)
{
	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	say(dialed[0], "HTTP/1.1 307 x\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n");
	asks_for(0, "/1");
	say(dialed[0], "HTTP/1.1 307 x\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n");
	asks_for(0, "/2");
	say(dialed[0], "HTTP/1.1 307 x\r\nLocation: /3\r\nContent-Length: 0\r\n\r\n");
	line_is(far, "{\"command\":\"pickup-failed\",\"connPath\":\"" PATH
	    "\",\"err\":\"redirected too often\"}");
}
END_TEST

START_TEST(redirected_elsewhere)
{
	fails_with("HTTP/1.1 307 x\r\nLocation: https://evil.example/\r\n"
	    "Content-Length: 0\r\n\r\n", "redirected to nowhere");
}
END_TEST

START_TEST(redirected_without_location)
{
	fails_with("HTTP/1.1 307 x\r\nContent-Length: 0\r\n\r\n",
	    "redirected to nowhere");
}
END_TEST

START_TEST(redirected_and_closed)
{
	fails_with("HTTP/1.1 307 x\r\nLocation: /1\r\nConnection: close\r\n"
	    "Content-Length: 0\r\n\r\n", "closed the connection");
}
END_TEST

START_TEST(refused)
{
	fails_with("HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nno!\n",
	    "answered 400 Bad Request");
}
END_TEST

START_TEST(not_http)
{
	fails_with("220 mail.example ESMTP\r\n", "GET /revdial");
}
END_TEST

START_TEST(pick_up_takes_too_long)
{
	char *line;
	int i;

	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	say(dialed[0], "HTTP/1.1 101 Swi");
	for (i = 0; i < 19; i++) {
		clock_advance(loop_clock(loop), 1000);
		turns(5);
	}
	ck_assert_uint_eq(buf_len(stream_in(far)), 0);
	clock_advance(loop_clock(loop), 1001);
	line = read_line(far);
	ck_assert_ptr_nonnull(strstr(line, "pickup-failed"));
	free(line);
	UNTIL(stream_at_eof(dialed[0]));
}
END_TEST

START_TEST(dial_breaks)
{
	char *line;

	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	stream_close(dialed[0]);
	dialed[0] = NULL;
	line = read_line(far);
	ck_assert_ptr_nonnull(strstr(line, "pickup-failed"));
	free(line);
	ck_assert(!listener.down);
}
END_TEST

START_TEST(no_keep_alives)
{
	int i;

	start_listener(NULL);
	for (i = 0; i < 5; i++) {
		clock_advance(loop_clock(loop), 80000);
		say(far, "{\"command\":\"keep-alive\"}\n");
		UNTIL(buf_len(stream_out(far)) == 0);
		turns(10);
	}
	ck_assert(!listener.down);
	clock_advance(loop_clock(loop), 89000);
	for (i = 0; i < 40; i++)
		loop_turn(loop, 10);
	ck_assert(!listener.down);
	clock_advance(loop_clock(loop), 1500);
	for (i = 0; i < 400 && !listener.down; i++)
		loop_turn(loop, 10);
	ck_assert(listener.down);
	ck_assert_int_eq(listener.why.code, STREAM_TIMEOUT);
}
END_TEST

START_TEST(listener_limits)
{
	struct revdial_config one = { .streams_max = 1 };
	char *line;

	start_listener(&one);
	want(PATH);
	want(PATH "x");
	line = read_line(far);
	ck_assert_ptr_nonnull(strstr(line, "too many streams"));
	ck_assert_ptr_nonnull(strstr(line, PATH "x"));
	free(line);
	ck_assert_uint_eq(dialed_n, 1);
}
END_TEST

START_TEST(listener_opens_nothing)
{
	struct user *u;

	start_listener(NULL);
	u = user_open(listener.r);
	UNTIL(u->answered);
	ck_assert_ptr_null(u->s);
	ck_assert(!listener.down);
}
END_TEST

START_TEST(bad_path_ends_it)
{
	start_listener(NULL);
	say(far, "{\"command\":\"conn-ready\",\"connPath\":\"/a\\r\\nEvil: 1\"}\n");
	UNTIL(listener.down);
	ck_assert_uint_eq(dialed_n, 0);
}
END_TEST

START_TEST(listener_drains)
{
	char *line;

	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	say(dialed[0], "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	UNTIL(listener.n == 1);
	revdial_drain(listener.r);
	want(PATH "2");
	line = read_line(far);
	ck_assert_ptr_nonnull(strstr(line, "takes no new streams"));
	free(line);
	ck_assert(!listener.down);
	user_close(listener.accepted[0]);
	UNTIL(listener.down);
	ck_assert_int_eq(listener.why.code, 0);
}
END_TEST

START_TEST(listener_loses_all)
{
	start_listener(NULL);
	want(PATH);
	asks_for(0, PATH);
	say(dialed[0], "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	want(PATH "2");
	asks_for(1, PATH "2");
	UNTIL(listener.n == 1);
	stream_close(far);
	far = NULL;
	UNTIL(listener.down && listener.accepted[0]->why.code == STREAM_GONE);
	UNTIL(stream_at_eof(dialed[0]) && stream_at_eof(dialed[1]));
}
END_TEST

/* --- both --------------------------------------------------------------------------- */

/* What a coordinator's server does with GET /revdial. */
static void
answer(size_t i)
{
	char *line = read_line(dialed[i]), *secret;
	struct revdial_pickup *p;

	ck_assert_int_eq(strncmp(line, "GET /revdial?revdial.dialer=", 28), 0);
	secret = xstrndup(line + 28, 32);
	free(line);
	while (*(line = read_line(dialed[i])) != '\0')
		free(line);
	free(line);
	p = revdial_pickups_claim(pickups, secret);
	ck_assert_ptr_nonnull(p);
	say(dialed[i], "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	revdial_pickup_deliver(p, dialed[i]);
	dialed[i] = NULL;
	free(secret);
}

START_TEST(together)
{
	struct stream *ends[2];
	struct user *u[20];
	char text[20];
	size_t i;

	stream_pair(loop, ends);
	dialer.r = revdial_v2_dialer(loop, ends[0], pickups, NULL, &side_cb, &dialer);
	listener.r = revdial_v2_listener(loop, ends[1], dial, NULL, NULL, &side_cb, &listener);
	for (i = 0; i < 20; i++)
		u[i] = user_open(dialer.r);
	for (i = 0; i < 20; i++) {
		UNTIL(dialed_n > i);
		answer(i);
	}
	UNTIL(listener.n == 20);
	for (i = 0; i < 20; i++) {
		UNTIL(u[i]->answered);
		snprintf(text, sizeof text, "request %zu", i);
		say(u[i]->s, text);
		UNTIL(user_got(listener.accepted[i], text));
		say(listener.accepted[i]->s, "yes");
		UNTIL(user_got(u[i], "yes"));
	}
	ck_assert_uint_eq(revdial_streams(dialer.r), 20);
	ck_assert_uint_eq(revdial_streams(listener.r), 20);
	/* A cut of one end is seen at the other. */
	user_close(u[7]);
	UNTIL(listener.accepted[7]->eof || listener.accepted[7]->why.code != 0);
	revdial_free(listener.r);
	listener.r = NULL;
	UNTIL(dialer.down);
	UNTIL(u[3]->why.code == STREAM_GONE);
	UNTIL(listener.accepted[3]->why.code == STREAM_GONE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("v2");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, serves);
	tcase_add_test(t, listener_ignores_the_unknown);
	tcase_add_test(t, follows_two_redirects);
	tcase_add_test(t, three_redirects);
	tcase_add_test(t, redirected_elsewhere);
	tcase_add_test(t, redirected_without_location);
	tcase_add_test(t, redirected_and_closed);
	tcase_add_test(t, refused);
	tcase_add_test(t, not_http);
	tcase_add_test(t, pick_up_takes_too_long);
	tcase_add_test(t, dial_breaks);
	tcase_add_test(t, no_keep_alives);
	tcase_add_test(t, listener_limits);
	tcase_add_test(t, listener_opens_nothing);
	tcase_add_test(t, bad_path_ends_it);
	tcase_add_test(t, listener_drains);
	tcase_add_test(t, listener_loses_all);
	tcase_add_test(t, together);
	suite_add_tcase(s, t);
	return s;
}
