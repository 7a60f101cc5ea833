/*
 * public.c - the public library (revdial.h) as its users see it.
 */
#include "unit.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib_pub.h"

#define D(i) (&opener.users[i])
#define L(i) (&server.users[i])

/* --- streams ------------------------------------------------------------------- */

START_TEST(there_and_back)
{
	struct pub_user *u;

	pub_begin(NULL, NULL);
	u = pub_open(&opener);
	pub_write(u, "hello");		/* at once: nobody has answered yet */
	PUB_UNTIL(server.n == 1 && L(0)->got == 5);
	ck_assert_uint_eq(L(0)->sum, pub_sum("hello"));
	pub_write(L(0), "hello yourself");
	PUB_UNTIL(u->got == 14);
	ck_assert_uint_eq(u->sum, pub_sum("hello yourself"));
	ck_assert_uint_eq(revdial_session_streams(opener.s), 1);
	ck_assert_int_ge(revdial_session_rtt_us(opener.s), 0);
	ck_assert_int_lt(revdial_session_silent_ms(opener.s), 5000);
	ck_assert_ptr_eq(revdial_stream_session(u->st), opener.s);
}
END_TEST

/* Each side may open. */
START_TEST(both_open)
{
	pub_begin(NULL, NULL);
	pub_write(pub_open(&server), "from the server");
	pub_write(pub_open(&opener), "from the dialer");
	PUB_UNTIL(opener.n == 2 && server.n == 2 && D(1)->got == 15 && L(1)->got == 15);
}
END_TEST

START_TEST(half_close_both_ways)
{
	struct pub_user *u;
	char c;

	pub_begin(NULL, NULL);
	u = pub_open(&opener);
	pub_write(u, "all");
	revdial_stream_finish(u->st);
	ck_assert_uint_eq(revdial_stream_room(u->st), 0);
	ck_assert_int_eq(revdial_stream_write(u->st, "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	PUB_UNTIL(server.n == 1 && L(0)->eof);
	ck_assert_uint_eq(L(0)->got, 3);
	ck_assert(!u->eof);
	pub_write(L(0), "answer");
	revdial_stream_finish(L(0)->st);
	PUB_UNTIL(u->eof);
	ck_assert_uint_eq(u->got, 6);
	ck_assert_int_eq(revdial_stream_read(u->st, &c, 1), 0);
	pub_close(u);
	pub_close(L(0));
	PUB_UNTIL(revdial_session_streams(opener.s) == 0 &&
	    revdial_session_streams(server.s) == 0);
	ck_assert(!D(0)->ended && !L(0)->ended);
}
END_TEST

START_TEST(reset)
{
	pub_begin(NULL, NULL);
	pub_write(pub_open(&opener), "what came before");
	server.paused = true;
	PUB_UNTIL(server.n == 1);
	pub_turn();
	pub_close(D(0));	/* not finished */
	PUB_UNTIL(L(0)->ended);
	ck_assert_int_eq(L(0)->end, REVDIAL_RESET);
	ck_assert_ptr_nonnull(strstr(L(0)->why, "reset by the other side"));
	ck_assert_int_eq(revdial_stream_write(L(0)->st, "x", 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

/* Without an `accepted` nobody is there. */
START_TEST(refused)
{
	static const struct revdial_events none = { .over = NULL };
	struct pub_user *u;

	opener.s = revdial_session_fd(pub_base, pub_fds[0], REVDIAL_DIALER, NULL,
	    &pub_events, &opener);
	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, NULL,
	    &none, NULL);
	u = pub_open(&opener);
	PUB_UNTIL(u->ended);
	ck_assert_int_eq(u->end, REVDIAL_REFUSED);
}
END_TEST

/* A reader that stops stops its writer, and nobody else. */
START_TEST(back_pressure)
{
	static char	block[100000];
	struct pub_user	*u, *other;
	size_t		 sent = 0;
	ssize_t		 n = 0;
	int		 i, seen;

	pub_begin(NULL, NULL);
	server.paused = true;
	u = pub_open(&opener);
	for (i = 0; i < 2000; i++) {
		while ((n = revdial_stream_write(u->st, block, sizeof block)) > 0)
			sent += (size_t)n;
		ck_assert_int_eq(errno, EAGAIN);
		event_base_loop(pub_base, EVLOOP_NONBLOCK);
	}
	ck_assert_uint_lt(sent, 1024 * 1024);
	seen = u->writable;
	server.paused = false;
	other = pub_open(&opener);
	pub_write(other, "may pass");
	PUB_UNTIL(server.n == 2 && L(1)->got == 8);
	ck_assert_int_eq(u->writable, seen);
	L(0)->paused = false;
	revdial_stream_set_events(L(0)->st, NULL, NULL);
	while (L(0)->got < sent) {
		n = revdial_stream_read(L(0)->st, block, sizeof block);
		L(0)->got += n > 0 ? (size_t)n : 0;
		pub_turn();
	}
	ck_assert_int_gt(u->writable, seen);
}
END_TEST

START_TEST(buffers)
{
	struct evbuffer	*b = evbuffer_new();
	struct pub_user	*u;
	ssize_t		 n = -1;

	pub_begin(NULL, NULL);
	server.paused = true;
	u = pub_open(&opener);
	evbuffer_add(b, "0123456789", 10);
	ck_assert_int_eq(revdial_stream_write_buffer(u->st, b), 10);
	ck_assert_uint_eq(evbuffer_get_length(b), 0);
	revdial_stream_finish(u->st);
	PUB_UNTIL(server.n == 1);
	PUB_UNTIL((n = revdial_stream_read_buffer(L(0)->st, b, 4)) >= 0);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(revdial_stream_read_buffer(L(0)->st, b, 100), 6);
	ck_assert_int_eq(memcmp(evbuffer_pullup(b, -1), "0123456789", 10), 0);
	PUB_UNTIL((n = revdial_stream_read_buffer(L(0)->st, b, 100)) >= 0);
	ck_assert_int_eq(n, 0);
	evbuffer_free(b);
}
END_TEST

/* Closed right after the finish: all arrives, and no reset. */
START_TEST(lingering)
{
	static const char	block[200000];
	struct pub_user		*u;

	pub_begin(NULL, NULL);
	u = pub_open(&opener);
	ck_assert_int_eq(revdial_stream_write(u->st, block, sizeof block),
	    (ssize_t)sizeof block);
	revdial_stream_finish(u->st);
	pub_close(u);
	PUB_UNTIL(server.n == 1 && L(0)->eof);
	ck_assert_uint_eq(L(0)->got, sizeof block);
	pub_write(L(0), "that nobody wants");
	revdial_stream_finish(L(0)->st);
	pub_close(L(0));
	PUB_UNTIL(revdial_session_streams(opener.s) == 0 &&
	    revdial_session_streams(server.s) == 0);
	ck_assert(!L(0)->ended);
}
END_TEST

START_TEST(lingering_has_an_end)
{
	struct revdial_options o = { .linger_ms = 30 };

	pub_begin(&o, NULL);
	pub_write(pub_open(&opener), "and never an answer");
	revdial_stream_finish(D(0)->st);
	pub_close(D(0));
	PUB_UNTIL(server.n == 1 && L(0)->ended);
	ck_assert_int_eq(L(0)->end, REVDIAL_RESET);
	ck_assert(L(0)->eof);
}
END_TEST

START_TEST(many_streams)
{
	size_t i;

	pub_begin(NULL, NULL);
	for (i = 0; i < 250; i++) {
		pub_write(pub_open(&opener), "one of many");
		revdial_stream_finish(D(i)->st);
	}
	PUB_UNTIL(server.n == 250);
	for (i = 0; i < 250; i++)
		PUB_UNTIL(L(i)->eof && L(i)->got == 11);
}
END_TEST

START_TEST(backlog)
{
	struct revdial_options o = { .accept_max = 2 };

	pub_begin(&o, NULL);
	ck_assert(pub_open(&opener) != NULL && pub_open(&opener) != NULL);
	ck_assert_ptr_null(pub_open(&opener));
	ck_assert_int_eq(errno, EAGAIN);
	PUB_UNTIL(opener.may_open == 1);
	ck_assert_ptr_nonnull(pub_open(&opener));
}
END_TEST

START_TEST(streams_max)
{
	struct revdial_options o = { .streams_max = 1 };

	pub_begin(&o, NULL);
	ck_assert_ptr_nonnull(pub_open(&opener));
	ck_assert_ptr_null(pub_open(&opener));
	ck_assert_int_eq(errno, EMFILE);
}
END_TEST

/* --- sessions ------------------------------------------------------------------- */

START_TEST(drain)
{
	struct pub_user *u;

	pub_begin(NULL, NULL);
	u = pub_open(&opener);
	pub_write(u, "under way");
	PUB_UNTIL(server.n == 1);
	revdial_session_drain(opener.s);
	ck_assert_ptr_null(pub_open(&opener));
	ck_assert_int_eq(errno, ESHUTDOWN);
	pub_write(u, "!");		/* behind the news */
	PUB_UNTIL(L(0)->got == 10);
	revdial_stream_finish(L(0)->st);
	PUB_UNTIL(u->eof);
	ck_assert_ptr_null(pub_open(&server));
	ck_assert_int_eq(errno, ESHUTDOWN);
	ck_assert(!opener.over);
	revdial_stream_finish(u->st);
	pub_close(u);
	pub_close(L(0));
	PUB_UNTIL(opener.over && server.over);
	ck_assert_int_eq(opener.end, REVDIAL_PEACE);
	ck_assert_str_eq(opener.why, "drained");
	ck_assert_int_eq(server.end, REVDIAL_PEACE);
	ck_assert_str_eq(server.why, "the other side left");
}
END_TEST

/* The peer's process is gone: its descriptor is closed, nothing is said. */
START_TEST(peer_gone)
{
	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, NULL,
	    &pub_events, &server);
	ck_assert_ptr_nonnull(pub_open(&server));
	pub_turn();
	close(pub_fds[0]);
	PUB_UNTIL(server.over);
	ck_assert_int_eq(server.end, REVDIAL_RESET);
	ck_assert(L(0)->ended);
	ck_assert_int_eq(L(0)->end, REVDIAL_GONE);
	ck_assert_uint_eq(revdial_session_streams(server.s), 0);
	ck_assert_ptr_null(revdial_stream_open(server.s));
	ck_assert_int_eq(errno, ESHUTDOWN);
}
END_TEST

/* It is there and says nothing. */
START_TEST(silent_peer)
{
	struct revdial_options	o = { .ping_ms = 20, .dead_ms = 100 };
	char			seen[100];

	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, &o,
	    &pub_events, &server);
	PUB_UNTIL(server.over);
	ck_assert_int_eq(server.end, REVDIAL_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(server.why, "nothing was heard for"));
	/* It was asked: a ping is 12 bytes. */
	ck_assert_int_ge(recv(pub_fds[0], seen, sizeof seen, MSG_DONTWAIT), 12);
	close(pub_fds[0]);
}
END_TEST

/* After each answer it is asked again when it has been silent for so long. */
START_TEST(asked_again_and_again)
{
	struct revdial_options	o = { .ping_ms = 20, .dead_ms = 60000 };
	unsigned char		ping[12];
	int			pings = 0, left = PUB_TURNS;

	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, &o,
	    &pub_events, &server);
	while (pings < 10 && left-- > 0) {
		pub_turn();
		if (recv(pub_fds[0], ping, sizeof ping, MSG_DONTWAIT) != 12)
			continue;
		ck_assert_int_eq(memcmp(ping, "\0\2\0\1", 4), 0);
		ping[3] = 2;
		ck_assert_int_eq(write(pub_fds[0], ping, sizeof ping), 12);
		pings++;
	}
	ck_assert_int_eq(pings, 10);
	ck_assert(!server.over);
	close(pub_fds[0]);
}
END_TEST

/* It is there, talks, and takes nothing. */
START_TEST(peer_takes_nothing)
{
	static const char	block[200000];
	static const char	ping[12] = { 0, 2, 0, 1 };
	struct revdial_options	o = { .write_ms = 100 };
	int			i;

	opener.s = revdial_session_fd(pub_base, pub_fds[0], REVDIAL_DIALER, &o,
	    &pub_events, &opener);
	for (i = 0; i < 20; i++)
		(void)!revdial_stream_write(pub_open(&opener)->st, block, sizeof block);
	for (i = 0; i < PUB_TURNS && !opener.over; i++) {
		pub_turn();
		if (i % 50 == 0)
			ck_assert_int_eq(write(pub_fds[1], ping, sizeof ping), 12);
	}
	ck_assert_int_eq(opener.end, REVDIAL_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(opener.why, "nothing could be sent for"));
	close(pub_fds[1]);
}
END_TEST

START_TEST(not_yamux)
{
	char seen[100];
	ssize_t n;

	opener.s = revdial_session_fd(pub_base, pub_fds[0], REVDIAL_DIALER, NULL,
	    &pub_events, &opener);
	ck_assert_int_eq(write(pub_fds[1], "HTTP/1.1 200 OK\r\n", 17), 17);
	PUB_UNTIL(opener.over);
	ck_assert_int_eq(opener.end, REVDIAL_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(opener.why, "unknown version"));
	/* And was told: our ping, then go away 1. */
	n = recv(pub_fds[1], seen, sizeof seen, 0);
	ck_assert_int_ge(n, 12);
	ck_assert_int_eq(memcmp(seen + n - 12, "\0\3\0\0\0\0\0\0\0\0\0\1", 12), 0);
	close(pub_fds[1]);
}
END_TEST

/* What was read with the handshake counts. */
START_TEST(early_bytes)
{
	static const char hello[] = "\0\0\0\1\0\0\0\1\0\0\0\5hello";

	server.s = revdial_session_fd(pub_base, pub_fds[1], REVDIAL_LISTENER, NULL,
	    &pub_events, &server);
	ck_assert_int_eq(revdial_session_early(server.s, hello, 14), 0);
	ck_assert_int_eq(write(pub_fds[0], hello + 14, 3), 3);
	PUB_UNTIL(server.n == 1 && L(0)->got == 5);
	ck_assert_uint_eq(L(0)->sum, pub_sum("hello"));
	close(pub_fds[0]);
}
END_TEST

START_TEST(freed_in_a_callback)
{
	pub_begin(NULL, NULL);
	server.free_in_accepted = _i == 0;
	pub_write(pub_open(&opener), "x");
	pub_write(pub_open(&opener), "x");
	if (_i == 1) {
		PUB_UNTIL(server.n == 2);
		L(0)->free_in_read = true;
		pub_write(D(0), "y");
	}
	PUB_UNTIL(opener.over);
	ck_assert_ptr_null(server.s);
	ck_assert_ptr_null(revdial_stream_session(L(0)->st));
	ck_assert_int_eq(revdial_stream_write(L(0)->st, "z", 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert(!L(0)->ended);	/* no callback after free */
}
END_TEST

START_TEST(closed_in_a_callback)
{
	pub_begin(NULL, NULL);
	pub_write(pub_open(&opener), "x");
	PUB_UNTIL(server.n == 1);
	L(0)->close_in_read = true;
	pub_write(D(0), "y");
	revdial_stream_finish(D(0)->st);
	PUB_UNTIL(D(0)->ended);
	ck_assert_int_eq(D(0)->end, REVDIAL_RESET);
}
END_TEST

START_TEST(bad_arguments)
{
	static const struct revdial_transport none = { .read = NULL };
	struct revdial_options o = { .dead_ms = -1 };

	ck_assert_ptr_null(revdial_session_fd(pub_base, pub_fds[0], REVDIAL_DIALER,
	    &o, &pub_events, NULL));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(revdial_session_new(pub_base, &none, NULL, REVDIAL_DIALER,
	    NULL, &pub_events, NULL));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(revdial_session_fd(pub_base, -1, REVDIAL_DIALER, NULL,
	    &pub_events, NULL));
	ck_assert_int_eq(errno, EBADF);
	close(pub_fds[0]);
	close(pub_fds[1]);
	ck_assert_str_eq(revdial_version(), GOMOTE_VERSION);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("public");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, pub_setup, pub_teardown);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, both_open);
	tcase_add_test(t, half_close_both_ways);
	tcase_add_test(t, reset);
	tcase_add_test(t, refused);
	tcase_add_test(t, back_pressure);
	tcase_add_test(t, buffers);
	tcase_add_test(t, lingering);
	tcase_add_test(t, lingering_has_an_end);
	tcase_add_test(t, many_streams);
	tcase_add_test(t, backlog);
	tcase_add_test(t, streams_max);
	tcase_add_test(t, drain);
	tcase_add_test(t, peer_gone);
	tcase_add_test(t, silent_peer);
	tcase_add_test(t, asked_again_and_again);
	tcase_add_test(t, peer_takes_nothing);
	tcase_add_test(t, not_yamux);
	tcase_add_test(t, early_bytes);
	tcase_add_loop_test(t, freed_in_a_callback, 0, 2);
	tcase_add_test(t, closed_in_a_callback);
	tcase_add_test(t, bad_arguments);
	suite_add_tcase(s, t);
	return s;
}
