/*
 * v2dial.c - revdial version 2: the lines, and the side that opens streams
 * against a machine played by hand.
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

static char *
read_secret(void)
{
	char *line, *path, *secret;

	do {
		line = read_line(far);
		path = strstr(line, "revdial.dialer=");
		secret = path == NULL ? NULL : xstrndup(path + 15, 32);
		free(line);
	} while (secret == NULL);
	ck_assert_uint_eq(strspn(secret, "0123456789abcdef"), 32);
	return secret;
}

static void
start_dialer(const struct revdial_config *config)
{
	struct stream *ends[2];

	stream_pair(loop, ends);
	stream_set_peer(ends[0], "machine m");
	far = ends[1];
	dialer.r = revdial_v2_dialer(loop, ends[0], pickups, config, &side_cb, &dialer);
}

static void
setup(void)
{
	rd_setup();
	pickups = revdial_pickups_new(loop);
	far = NULL;
}

static void
teardown(void)
{
	if (far != NULL)
		stream_close(far);
	rd_teardown();
	revdial_pickups_free(pickups);
}

/* --- lines ------------------------------------------------------------------------ */

START_TEST(lines)
{
	struct v2_line l;
	char *s;

	s = v2_line_format(V2_KEEP_ALIVE, NULL, NULL);
	ck_assert_str_eq(s, "{\"command\":\"keep-alive\"}\n");
	free(s);
	s = v2_line_format(V2_CONN_READY, "/revdial?revdial.dialer=0a", NULL);
	ck_assert_str_eq(s, "{\"command\":\"conn-ready\","
	    "\"connPath\":\"/revdial?revdial.dialer=0a\"}\n");
	ck_assert_int_eq(v2_line_parse(&l, s, strlen(s) - 1, NULL), 0);
	ck_assert_int_eq(l.command, V2_CONN_READY);
	ck_assert_str_eq(l.path, "/revdial?revdial.dialer=0a");
	v2_line_release(&l);
	free(s);
	s = v2_line_format(V2_PICKUP_FAILED, "/x", "dial: \"no\"\n");
	ck_assert_int_eq(v2_line_parse(&l, s, strlen(s) - 1, NULL), 0);
	ck_assert_int_eq(l.command, V2_PICKUP_FAILED);
	ck_assert_str_eq(l.why, "dial: \"no\"\n");
	v2_line_release(&l);
	free(s);
	s = "{\"command\":\"dance\",\"connPath\":7}";
	ck_assert_int_eq(v2_line_parse(&l, s, strlen(s), NULL), 0);
	ck_assert_int_eq(l.command, V2_UNKNOWN);
	v2_line_release(&l);
}
END_TEST

START_TEST(lines_bad)
{
	static const char *const bad[] = {
		"", "keep-alive", "[]", "{}", "{\"command\":7}",
		"{\"command\":\"conn-ready\"}",
		"{\"command\":\"conn-ready\",\"connPath\":\"\"}",
		"{\"command\":\"conn-ready\",\"connPath\":\"revdial\"}",
		"{\"command\":\"conn-ready\",\"connPath\":\"//evil/\"}",
		"{\"command\":\"conn-ready\",\"connPath\":\"http://evil/\"}",
		"{\"command\":\"conn-ready\",\"connPath\":\"/a HTTP/1.1\"}",
		"{\"command\":\"conn-ready\",\"connPath\":\"/a\\r\\nX: y\"}",
		"{\"command\":\"pickup-failed\",\"connPath\":\"/\\u00e9\"}",
	};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct v2_line l;
		struct err e = ERR_INIT;

		ck_assert_int_eq(v2_line_parse(&l, bad[i], strlen(bad[i]), &e), -1);
		ck_assert_int_eq(strncmp(e.msg, "control line: ", 14), 0);
	}
}
END_TEST

/* --- dialer ----------------------------------------------------------------------- */

START_TEST(keep_alives)
{
	int i;

	start_dialer(NULL);
	ck_assert_str_eq(revdial_name(dialer.r), "2");
	ck_assert_int_eq(revdial_rtt_us(dialer.r), -1);
	for (i = 0; i < 5; i++) {
		line_is(far, "{\"command\":\"keep-alive\"}");
		turns(20);
		clock_advance(loop_clock(loop), 29000);
		turns(20);
		ck_assert_uint_eq(buf_len(stream_in(far)), 0);
		clock_advance(loop_clock(loop), 1001);
	}
	ck_assert(!dialer.down);
}
END_TEST

/* The answer that made it a control channel must be gone first. */
START_TEST(first_line_waits)
{
	static char junk[STREAM_IN_HIGH];
	struct stream *ends[2];

	stream_pair(loop, ends);
	far = ends[1];
	stream_write(ends[0], junk, sizeof junk);
	stream_write(ends[0], "101\n", 4);
	dialer.r = revdial_v2_dialer(loop, ends[0], pickups, NULL, &side_cb, &dialer);
	user_open(dialer.r);
	turns(20);
	ck_assert_uint_eq(buf_len(stream_out(ends[0])), 4);
	buf_drain(stream_in(far), sizeof junk);
	stream_consumed(far);
	line_is(far, "101");
	line_is(far, "{\"command\":\"keep-alive\"}");
	free(read_secret());
}
END_TEST

START_TEST(pick_up)
{
	struct stream *ends[2];
	struct user *u, *m = user_new();
	char *secret;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	ck_assert(!u->answered);
	ck_assert_ptr_null(revdial_pickups_claim(pickups, "0123"));
	stream_pair(loop, ends);
	revdial_pickup_deliver(revdial_pickups_claim(pickups, secret), ends[0]);
	ck_assert_ptr_null(revdial_pickups_claim(pickups, secret));
	ck_assert(!u->answered);	/* deferred */
	UNTIL(u->answered);
	ck_assert_ptr_nonnull(u->s);
	ck_assert_str_eq(stream_peer(u->s), "machine m");
	ck_assert_uint_eq(revdial_streams(dialer.r), 1);
	stream_set_cb(ends[1], &user_cb, m);
	m->s = ends[1];
	say(u->s, "request");
	stream_shut(u->s);
	UNTIL(m->eof && user_got(m, "request"));
	say(m->s, "answer");
	stream_shut(m->s);
	UNTIL(u->eof && user_got(u, "answer"));
	user_close(u);
	UNTIL(revdial_streams(dialer.r) == 0);
	ck_assert(!dialer.down);
	free(secret);
}
END_TEST

/* The request waits until the 101 has left. */
START_TEST(request_apart_from_101)
{
	static char junk[STREAM_IN_HIGH];
	struct stream *ends[2];
	struct user *u;
	char *secret;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	stream_pair(loop, ends);
	stream_write(ends[0], junk, sizeof junk);
	stream_write(ends[0], "101\n", 4);
	revdial_pickup_deliver(revdial_pickups_claim(pickups, secret), ends[0]);
	UNTIL(u->answered);
	say(u->s, "GET\n");
	turns(20);
	ck_assert_uint_eq(buf_len(stream_out(ends[0])), 4);
	ck_assert_uint_eq(stream_unsent(u->s), 4);
	buf_drain(stream_in(ends[1]), sizeof junk);
	stream_consumed(ends[1]);
	line_is(ends[1], "101");
	line_is(ends[1], "GET");
	stream_close(ends[1]);
	free(secret);
}
END_TEST

/* Much at once, with a reader that stops now and then. */
START_TEST(bulk)
{
	static char block[100000];
	struct stream *ends[2];
	struct user *u;
	char *secret;
	size_t sent = 0, seen = 0, wrong = 0, i;

	for (i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 7 / 3);
	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	stream_pair(loop, ends);
	revdial_pickup_deliver(revdial_pickups_claim(pickups, secret), ends[0]);
	UNTIL(u->answered);
	for (i = 0; i < 30; i++, sent += sizeof block)
		stream_write(u->s, block, sizeof block);
	stream_close_soft(u->s, 100000);
	u->s = NULL;
	while (seen < sent) {
		UNTIL(buf_len(stream_in(ends[1])) > 0);
		while (buf_len(stream_in(ends[1])) > 0) {
			char c[1009];
			size_t n = buf_take(stream_in(ends[1]), c, sizeof c);

			for (i = 0; i < n; i++, seen++)
				wrong += c[i] != block[seen % sizeof block];
		}
		stream_consumed(ends[1]);
	}
	ck_assert_uint_eq(wrong, 0);
	UNTIL(stream_at_eof(ends[1]));
	stream_close(ends[1]);
	UNTIL(revdial_streams(dialer.r) == 0);
	free(secret);
}
END_TEST

START_TEST(machine_says_failed)
{
	struct user *u;
	char *secret, line[200];

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	snprintf(line, sizeof line, "{\"command\":\"pickup-failed\",\"connPath\":"
	    "\"/revdial?revdial.dialer=%s\",\"err\":\"dial tcp: no route\"}\n", secret);
	say(far, line);
	UNTIL(u->answered);
	ck_assert_ptr_null(u->s);
	ck_assert_str_eq(u->why.msg,
	    "machine m: could not pick up a new stream: dial tcp: no route");
	ck_assert_ptr_null(revdial_pickups_claim(pickups, secret));
	say(far, line);		/* once more: nobody cares */
	turns(20);
	ck_assert(!dialer.down);
	free(secret);
}
END_TEST

/* One machine cannot fail what another is to pick up. */
START_TEST(only_its_own)
{
	struct stream *ends[2];
	static struct side other;
	struct user *u;
	char *secret, line[200];

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	stream_pair(loop, ends);
	other.r = revdial_v2_dialer(loop, ends[0], pickups, NULL, &side_cb, &other);
	snprintf(line, sizeof line, "{\"command\":\"pickup-failed\",\"connPath\":"
	    "\"/revdial?revdial.dialer=%s\",\"err\":\"ha\"}\n", secret);
	say(ends[1], line);
	turns(20);
	ck_assert(!u->answered);
	revdial_pickup_deliver(revdial_pickups_claim(pickups, secret), NULL);
	UNTIL(u->answered);
	ck_assert_ptr_null(u->s);
	ck_assert_ptr_nonnull(strstr(u->why.msg, "broke"));
	revdial_free(other.r);
	stream_close(ends[1]);
	free(secret);
}
END_TEST

START_TEST(given_up_after_20_s)
{
	struct user *u;
	char *secret;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	clock_advance(loop_clock(loop), 19000);
	turns(20);
	ck_assert(!u->answered);
	clock_advance(loop_clock(loop), 1001);
	UNTIL(u->answered);
	ck_assert_int_eq(u->why.code, STREAM_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(u->why.msg, "within 20s"));
	ck_assert_ptr_null(revdial_pickups_claim(pickups, secret));
	ck_assert(!dialer.down);
	free(secret);
}
END_TEST

START_TEST(claimed_but_too_late)
{
	struct stream *ends[2];
	struct revdial_pickup *p;
	struct user *u;
	char *secret;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	p = revdial_pickups_claim(pickups, secret);
	ck_assert_ptr_nonnull(p);
	clock_advance(loop_clock(loop), 20001);
	UNTIL(u->answered);
	ck_assert_ptr_null(u->s);
	stream_pair(loop, ends);
	revdial_pickup_deliver(p, ends[0]);
	UNTIL(stream_at_eof(ends[1]));
	stream_close(ends[1]);
	free(secret);
}
END_TEST

START_TEST(claimed_then_freed)
{
	struct stream *ends[2];
	struct revdial_pickup *p;
	struct user *u;
	char *secret;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	p = revdial_pickups_claim(pickups, secret);
	revdial_free(dialer.r);
	dialer.r = NULL;
	turns(5);
	stream_pair(loop, ends);
	revdial_pickup_deliver(p, ends[0]);
	UNTIL(stream_at_eof(ends[1]));
	ck_assert(!u->answered);
	stream_close(ends[1]);
	free(secret);
}
END_TEST

START_TEST(control_lost)
{
	struct stream *ends[2];
	struct user *u, *waiting, *late;
	char *secret, *second;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	stream_pair(loop, ends);
	revdial_pickup_deliver(revdial_pickups_claim(pickups, secret), ends[0]);
	UNTIL(u->answered);
	waiting = user_open(dialer.r);
	second = read_secret();
	stream_close(far);
	far = NULL;
	UNTIL(dialer.down);
	ck_assert_int_eq(dialer.why.code, STREAM_RESET);
	ck_assert_str_eq(dialer.why.msg, "machine m: closed the connection");
	UNTIL(u->why.code != 0);
	ck_assert_int_eq(u->why.code, STREAM_GONE);
	ck_assert(waiting->answered && waiting->s == NULL);
	ck_assert_ptr_null(revdial_pickups_claim(pickups, second));
	UNTIL(stream_at_eof(ends[1]));
	late = user_open(dialer.r);
	UNTIL(late->answered);
	stream_close(ends[1]);
	free(secret);
	free(second);
}
END_TEST

START_TEST(dialer_ignores_the_unknown)
{
	start_dialer(NULL);
	say(far, "{\"command\":\"keep-alive\"}\n{\"command\":\"sing\"}\r\n"
	    "{\"command\":\"pickup-failed\",\"connPath\":\"/other\",\"err\":\"x\"}\n"
	    "{\"command\":\"conn-ready\",\"connPath\":\"/x\"}\n");
	turns(20);
	ck_assert(!dialer.down);
	say(far, "nonsense\n");
	UNTIL(dialer.down);
}
END_TEST

START_TEST(line_too_long)
{
	static char line[V2_LINE_MAX + 100];

	start_dialer(NULL);
	memset(line, ' ', sizeof line);
	stream_write(far, line, sizeof line);
	UNTIL(dialer.down);
	ck_assert_ptr_nonnull(strstr(dialer.why.msg, "over 4096 bytes"));
}
END_TEST

START_TEST(dialer_limits)
{
	struct revdial_config two = { .streams_max = 2 };
	struct user *u[3];
	int i;

	start_dialer(&two);
	for (i = 0; i < 3; i++)
		u[i] = user_open(dialer.r);
	UNTIL(u[2]->answered);
	ck_assert(!u[0]->answered && !u[1]->answered);
	ck_assert_ptr_nonnull(strstr(u[2]->why.msg, "2 streams are open already"));
}
END_TEST

START_TEST(dialer_drains)
{
	struct stream *ends[2];
	struct user *u, *late;
	char *secret;

	start_dialer(NULL);
	u = user_open(dialer.r);
	secret = read_secret();
	stream_pair(loop, ends);
	revdial_pickup_deliver(revdial_pickups_claim(pickups, secret), ends[0]);
	UNTIL(u->answered);
	revdial_drain(dialer.r);
	late = user_open(dialer.r);
	UNTIL(late->answered);
	ck_assert_ptr_null(late->s);
	turns(20);
	ck_assert(!dialer.down);
	user_close(u);
	UNTIL(dialer.down);
	ck_assert_int_eq(dialer.why.code, 0);
	stream_close(ends[1]);
	free(secret);
}
END_TEST

START_TEST(control_write_deadline)
{
	static char junk[STREAM_IN_HIGH];
	struct stream *ends[2];
	int i;

	stream_pair(loop, ends);
	far = ends[1];
	stream_write(ends[0], junk, sizeof junk);
	stream_write(ends[0], "x", 1);
	dialer.r = revdial_v2_dialer(loop, ends[0], pickups, NULL, &side_cb, &dialer);
	turns(10);
	clock_advance(loop_clock(loop), 10001);
	for (i = 0; i < 400 && !dialer.down; i++)
		loop_turn(loop, 10);
	ck_assert(dialer.down);
	ck_assert_int_eq(dialer.why.code, STREAM_TIMEOUT);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("v2dial");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines);
	tcase_add_test(t, lines_bad);
	tcase_add_test(t, keep_alives);
	tcase_add_test(t, first_line_waits);
	tcase_add_test(t, pick_up);
	tcase_add_test(t, request_apart_from_101);
	tcase_add_test(t, bulk);
	tcase_add_test(t, machine_says_failed);
	tcase_add_test(t, only_its_own);
	tcase_add_test(t, given_up_after_20_s);
	tcase_add_test(t, claimed_but_too_late);
	tcase_add_test(t, claimed_then_freed);
	tcase_add_test(t, control_lost);
	tcase_add_test(t, dialer_ignores_the_unknown);
	tcase_add_test(t, line_too_long);
	tcase_add_test(t, dialer_limits);
	tcase_add_test(t, dialer_drains);
	tcase_add_test(t, control_write_deadline);
	suite_add_tcase(s, t);
	return s;
}
