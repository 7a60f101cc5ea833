/*
 * rddrain.c - sessions that take leave: whoever hangs up first is the side that
 * leaves, and only when the other one has read all.
 */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "io/buf.h"
#include "lib_rd.h"
#include "revdial/frame.h"

/* --- a path that can stall -------------------------------------------------------- */

static struct user *ends[2];	/* of the path: the dialer's, the listener's */
static bool stalled;

static bool
carry(void)
{
	int i;

	for (i = 0; i < 2 && !stalled; i++)
		if (ends[i]->s != NULL && buf_len(ends[!i]->got) > 0) {
			buf_move(stream_out(ends[i]->s), ends[!i]->got, SIZE_MAX);
			stream_wrote(ends[i]->s);
		}
	return true;
}

#define CARRY_UNTIL(cond) UNTIL(carry() && (cond))

static struct stream *
path_end(int i)
{
	struct stream *pair[2];

	stream_pair(loop, pair);
	stream_set_peer(pair[0], i == 0 ? "machine m" : "coordinator");
	ends[i] = user_new();
	user_adopt(ends[i], pair[1]);
	return pair[0];
}

static void
start(const struct revdial_cb *of_listener)
{
	stalled = false;
	dialer.r = revdial_yamux(loop, path_end(0), true, NULL, &side_cb, &dialer);
	listener.r = revdial_yamux(loop, path_end(1), false, NULL, of_listener, &listener);
}

/* Both have gone, in peace, the listener first. */
static void
check_peace(void)
{
	CARRY_UNTIL(listener.down);
	ck_assert_int_eq(listener.why.code, 0);
	ck_assert_str_eq(listener.why.msg, "coordinator: drained");
	revdial_free(listener.r);
	listener.r = NULL;
	stream_close(ends[1]->s);	/* the connection ends with it */
	ends[1]->s = NULL;
	carry();
	user_close(ends[0]);
	UNTIL(dialer.down);
	ck_assert_int_eq(dialer.why.code, 0);
	ck_assert_str_eq(dialer.why.msg, "machine m: left");
}

/* --- tests ------------------------------------------------------------------------- */

#define ANSWER	(200 * 1024)	/* less than a first window: it needs no credit */

START_TEST(an_answer_on_a_slow_path)
{
	static char	 answer[ANSWER];
	struct user	*u, *a;

	start(&side_cb);
	u = user_open(dialer.r);
	CARRY_UNTIL(u->answered && listener.n == 1);
	a = listener.accepted[0];
	stream_shut(u->s);
	CARRY_UNTIL(a->eof);
	stalled = true;
	stream_write(a->s, answer, sizeof answer);
	stream_close_soft(a->s, 60000);
	a->s = NULL;
	revdial_drain(listener.r);
	UNTIL(revdial_streams(listener.r) == 0);
	turns(5);
	clock_advance(loop_clock(loop), 9000);
	turns(5);
	ck_assert(!listener.down);
	stalled = false;
	CARRY_UNTIL(u->eof);
	ck_assert_uint_eq(buf_len(u->got), sizeof answer);
	check_peace();
}
END_TEST

static void
answer_and_leave(struct revdial *r, struct stream *s, void *arg)
{
	(void)arg;
	say(s, "no more");
	stream_close_soft(s, 60000);
	revdial_drain(r);
}

/* Its output is held while it says so. */
START_TEST(the_last_answer_is_held)
{
	static const struct revdial_cb cb = {
		.accept = answer_and_leave, .down = NULL,
	};
	struct revdial_cb	 leaver = cb;
	struct user		*u;

	leaver.down = side_cb.down;
	start(&leaver);
	u = user_open(dialer.r);
	CARRY_UNTIL(u->s != NULL);
	stream_shut(u->s);
	CARRY_UNTIL(u->eof);
	ck_assert(user_got(u, "no more"));
	check_peace();
}
END_TEST

static void
say_frame(struct stream *s, enum frame_type type, unsigned flags, uint32_t length)
{
	struct frame	f = { type, (uint16_t)flags, 0, length };
	uint8_t		raw[FRAME_HEADER];

	frame_encode(&f, raw);
	stream_write(s, raw, sizeof raw);
}

/* Who asks and asks, and never answers, is no peer to wait for. */
START_TEST(the_last_ping_is_never_answered)
{
	int seconds;

	start(&side_cb);
	stalled = true;
	turns(5);
	revdial_drain(dialer.r);
	for (seconds = 0; seconds < 60 && !dialer.down; seconds++) {
		ck_assert_int_eq(buf_len(ends[0]->got) % FRAME_HEADER, 0);
		say_frame(ends[0]->s, FRAME_PING, FRAME_SYN, 7);
		turns(5);
		clock_advance(loop_clock(loop), 1000);
		turns(5);
	}
	ck_assert_int_ge(seconds, 30);
	ck_assert_int_le(seconds, 32);
	ck_assert_int_eq(dialer.why.code, STREAM_TIMEOUT);
	ck_assert_str_eq(dialer.why.msg, "machine m: never answered the last ping");
}
END_TEST

/* It hung up with something of ours unread: all had ended, so nothing is lost. */
START_TEST(a_peer_that_left_resets)
{
	static const char	leave[FRAME_HEADER] = { 0, FRAME_GO_AWAY };
	int			fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	dialer.r = revdial_yamux(loop, stream_from_fd(loop, fds[0], fds[0], "machine m"),
	    true, NULL, &side_cb, &dialer);
	turns(5);
	ck_assert_int_eq(write(fds[1], leave, sizeof leave), sizeof leave);
	close(fds[1]);
	UNTIL(dialer.down);
	ck_assert_str_eq(dialer.why.msg, "machine m: left");
	ck_assert_int_eq(dialer.why.code, 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("rddrain");
	TCase *t = tcase_create("yamux");

	tcase_add_checked_fixture(t, rd_setup, rd_teardown);
	tcase_add_test(t, an_answer_on_a_slow_path);
	tcase_add_test(t, the_last_answer_is_held);
	tcase_add_test(t, the_last_ping_is_never_answered);
	tcase_add_test(t, a_peer_that_left_resets);
	suite_add_tcase(s, t);
	return s;
}
