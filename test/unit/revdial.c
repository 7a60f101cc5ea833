/*
 * revdial.c - yamux sessions as their users see them: two sessions in one
 * loop, joined by a pair of streams.
 */
#include "unit.h"

#include <string.h>

#include "io/buf.h"
#include "lib_rd.h"
#include "revdial/budget.h"

static void
start(const struct revdial_config *cd, const struct revdial_config *cl)
{
	struct stream *ends[2];

	stream_pair(loop, ends);
	stream_set_peer(ends[0], "machine m");
	stream_set_peer(ends[1], "coordinator");
	dialer.r = revdial_yamux(loop, ends[0], true, cd, &side_cb, &dialer);
	listener.r = revdial_yamux(loop, ends[1], false, cl, &side_cb, &listener);
}

/* A stream that both ends have: *u the opener's, *a the acceptor's. */
static void
join(struct user **u, struct user **a)
{
	size_t n = listener.n;

	*u = user_open(dialer.r);
	UNTIL((*u)->answered && listener.n == n + 1);
	ck_assert_ptr_nonnull((*u)->s);
	*a = listener.accepted[n];
}

/* --- tests --------------------------------------------------------------------- */

START_TEST(both_ways)
{
	struct user *u, *a;

	start(NULL, NULL);
	join(&u, &a);
	ck_assert_str_eq(revdial_name(dialer.r), "yamux");
	ck_assert_str_eq(revdial_peer(dialer.r), "machine m");
	ck_assert_str_eq(stream_peer(u->s), "machine m");
	stream_write(u->s, "hello", 5);
	stream_write(a->s, "world!", 6);
	UNTIL(user_got(u, "world!") && user_got(a, "hello"));
	ck_assert_uint_eq(revdial_streams(dialer.r), 1);
	ck_assert_uint_eq(revdial_streams(listener.r), 1);
	UNTIL(revdial_rtt_us(dialer.r) >= 0);
}
END_TEST

START_TEST(half_close)
{
	struct user *u, *a;

	start(NULL, NULL);
	join(&u, &a);
	stream_write(u->s, "question", 8);
	stream_shut(u->s);
	UNTIL(a->eof);
	ck_assert(user_got(a, "question"));
	ck_assert(!u->eof);
	stream_write(a->s, "answer", 6);
	UNTIL(user_got(u, "answer"));
	ck_assert(!u->eof);
	stream_shut(a->s);
	UNTIL(u->eof);
	ck_assert_int_eq(u->why.code, 0);
	user_close(u);
	user_close(a);
	UNTIL(revdial_streams(dialer.r) == 0 && revdial_streams(listener.r) == 0);
	turns(5);
	ck_assert(!dialer.down && !listener.down);
}
END_TEST

START_TEST(close_is_a_reset)
{
	struct user *u, *a;

	start(NULL, NULL);
	join(&u, &a);
	user_close(u);
	UNTIL(a->why.code != 0);
	ck_assert_int_eq(a->why.code, STREAM_RESET);
	ck_assert_str_eq(a->why.msg, "coordinator: stream reset by the other side");
	ck_assert(!dialer.down && !listener.down);
}
END_TEST

START_TEST(soft_close_delivers)
{
	static char big[3 << 20];
	struct user *u, *a;

	start(NULL, NULL);
	join(&u, &a);
	stream_write(u->s, big, sizeof big);
	stream_close_soft(u->s, 60000);
	u->s = NULL;
	UNTIL(a->eof);
	ck_assert_uint_eq(buf_len(a->got), sizeof big);
	ck_assert_int_eq(a->why.code, 0);
	user_close(a);
	UNTIL(revdial_streams(dialer.r) == 0);
}
END_TEST

START_TEST(listener_opens_too)
{
	struct user *u;

	start(NULL, NULL);
	u = user_open(listener.r);
	UNTIL(u->s != NULL && dialer.n == 1);
	stream_write(u->s, "up", 2);
	UNTIL(user_got(dialer.accepted[0], "up"));
}
END_TEST

START_TEST(no_accept_refuses)
{
	static const struct revdial_cb no_accept = { .accept = NULL };
	struct stream *ends[2];
	struct user *u;

	stream_pair(loop, ends);
	dialer.r = revdial_yamux(loop, ends[0], true, NULL, &no_accept, &dialer);
	listener.r = revdial_yamux(loop, ends[1], false, NULL, &side_cb, &listener);
	u = user_open(listener.r);
	UNTIL(u->why.code != 0);
	ck_assert_int_eq(u->why.code, STREAM_RESET);
	ck_assert_ptr_nonnull(strstr(u->why.msg, "refused"));
	ck_assert(!dialer.down);
}
END_TEST

/* The stream nobody reads stops; all others go on. */
START_TEST(one_stalled_reader)
{
	static char block[256 * 1024];
	struct user *u, *a, *u2, *a2;
	int i;

	start(NULL, NULL);
	join(&u, &a);
	join(&u2, &a2);
	a->paused = true;
	for (i = 0; i < 8; i++)
		stream_write(u->s, block, sizeof block);
	turns(50);
	ck_assert_uint_le(buf_len(stream_in(a->s)), 256 * 1024);
	ck_assert(stream_full(u->s));
	for (i = 0; i < 8; i++)
		stream_write(u2->s, block, sizeof block);
	UNTIL(buf_len(a2->got) == 8 * sizeof block);
	ck_assert_uint_eq(buf_len(a->got), 0);
	a->paused = false;
	stream_read_again(a->s);
	UNTIL(buf_len(a->got) == 8 * sizeof block);
	ck_assert(u->drained);
}
END_TEST

static void
heartbeats(int n)
{
	int64_t heard;

	while (n-- > 0) {
		heard = revdial_last_heard(dialer.r);
		clock_advance(loop_clock(loop), 10001);
		UNTIL(revdial_last_heard(dialer.r) > heard);
	}
}

/* A long path between both sides: what comes at one end leaves at the other
 * one or two ticks later. */
static struct {
	struct user	*ends[2];
	struct evbuffer	*late[2];
	struct timer	*tick;
} path;

static void
on_tick(void *arg)
{
	struct user	*u, *to;
	int		 i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		u = path.ends[i];
		to = path.ends[!i];
		buf_move(stream_out(to->s), path.late[i], SIZE_MAX);
		stream_wrote(to->s);
		buf_move(path.late[i], u->got, SIZE_MAX);
	}
	timer_set(path.tick, 10);
}

static void
start_far(const struct revdial_config *c)
{
	struct stream *ends[2];
	int i;

	for (i = 0; i < 2; i++) {
		stream_pair(loop, ends);
		path.ends[i] = user_new();
		user_adopt(path.ends[i], ends[1]);
		path.late[i] = buf_new();
		if (i == 0)
			dialer.r = revdial_yamux(loop, ends[0], true, NULL, &side_cb, &dialer);
		else
			listener.r = revdial_yamux(loop, ends[0], false, c, &side_cb, &listener);
	}
	path.tick = timer_new(loop, on_tick, NULL);
	timer_set(path.tick, 10);
}

static void
end_far(void)
{
	timer_free(path.tick);
	buf_free(path.late[0]);
	buf_free(path.late[1]);
}

/* Windows grow while the path is long and data flows, then the session that is
 * idle gives all of it back. */
START_TEST(idle_sessions_give_back)
{
	static char block[256 * 1024];
	struct revdial_budget *b = revdial_budget_new(64 << 20);
	struct revdial_config c = { .budget = b };
	struct user *u, *a;
	int i;

	start_far(&c);
	join(&u, &a);
	UNTIL(revdial_rtt_us(listener.r) >= 0);
	for (i = 0; i < 32; i++)
		stream_write(u->s, block, sizeof block);
	UNTIL(b->grown > 0);
	UNTIL(buf_len(a->got) == 32 * sizeof block);
	a->paused = true;
	stream_write(u->s, block, sizeof block);
	UNTIL(revdial_budget_held(b) == sizeof block);
	a->paused = false;
	stream_read_again(a->s);
	UNTIL(buf_len(a->got) == 33 * sizeof block && revdial_budget_held(b) == 0);
	heartbeats(5);
	ck_assert_uint_eq(b->grown, 0);
	stream_write(u->s, block, sizeof block);
	UNTIL(buf_len(a->got) == 34 * sizeof block);
	revdial_budget_free(b);
	end_far();
}
END_TEST

START_TEST(carrier_lost)
{
	struct stream *ends[2];
	struct user *u;

	stream_pair(loop, ends);
	stream_set_peer(ends[0], "machine m");
	dialer.r = revdial_yamux(loop, ends[0], true, NULL, &side_cb, &dialer);
	u = user_open(dialer.r);
	UNTIL(u->s != NULL);
	stream_close(ends[1]);
	UNTIL(dialer.down);
	ck_assert_int_eq(u->why.code, STREAM_GONE);
	ck_assert_str_eq(u->why.msg, dialer.why.msg);
	ck_assert_int_eq(strncmp(dialer.why.msg, "machine m: ", 11), 0);
	ck_assert_uint_eq(revdial_streams(dialer.r), 0);
	u = user_open(dialer.r);
	UNTIL(u->answered);
	ck_assert_str_eq(u->why.msg, dialer.why.msg);
}
END_TEST

START_TEST(garbage_ends_it)
{
	struct stream *ends[2];
	char sent[64];
	size_t n;

	stream_pair(loop, ends);
	listener.r = revdial_yamux(loop, ends[1], false, NULL, &side_cb, &listener);
	stream_write(ends[0], "GET / HTTP/1.1\r\n", 16);
	UNTIL(listener.down);
	ck_assert_ptr_nonnull(strstr(listener.why.msg, "unknown version 71"));
	UNTIL(buf_len(stream_in(ends[0])) >= 24);
	n = buf_take(stream_in(ends[0]), sent, sizeof sent);
	/* The ping of the beginning, then go away 1. */
	ck_assert_uint_eq(n, 24);
	ck_assert_int_eq(memcmp(sent + 12, "\0\3\0\0\0\0\0\0\0\0\0\1", 12), 0);
	stream_close(ends[0]);
}
END_TEST

START_TEST(drain_waits_for_streams)
{
	struct user *u, *a, *late;

	start(NULL, NULL);
	join(&u, &a);
	revdial_drain(listener.r);
	turns(5);
	ck_assert(!listener.down);
	late = user_open(dialer.r);
	UNTIL(late->answered);
	ck_assert_ptr_nonnull(strstr(late->why.msg, "takes no new streams"));
	stream_write(u->s, "still", 5);
	UNTIL(user_got(a, "still"));
	stream_shut(u->s);
	stream_shut(a->s);
	UNTIL(u->eof && a->eof);
	user_close(u);
	user_close(a);
	UNTIL(listener.down && dialer.down);
	ck_assert_int_eq(listener.why.code, 0);
	ck_assert_int_eq(dialer.why.code, 0);
	ck_assert_str_eq(listener.why.msg, "coordinator: drained");
	ck_assert_str_eq(dialer.why.msg, "machine m: left");
}
END_TEST

START_TEST(drain_refuses_own_opens)
{
	struct user *u;

	start(NULL, NULL);
	revdial_drain(dialer.r);
	u = user_open(dialer.r);
	UNTIL(u->answered);
	ck_assert_ptr_null(u->s);
	ck_assert_ptr_nonnull(strstr(u->why.msg, "drained"));
	UNTIL(dialer.down);
}
END_TEST

START_TEST(silence_is_death)
{
	struct stream *ends[2];
	int i;

	stream_pair(loop, ends);
	stream_set_peer(ends[0], "machine m");
	dialer.r = revdial_yamux(loop, ends[0], true, NULL, &side_cb, &dialer);
	turns(5);
	buf_drain(stream_in(ends[1]), buf_len(stream_in(ends[1])));
	stream_consumed(ends[1]);
	clock_advance(loop_clock(loop), 10001);
	turns(5);
	/* The first ping is unanswered still, so no second one is sent. */
	ck_assert_uint_eq(buf_len(stream_in(ends[1])), 0);
	ck_assert(!dialer.down);
	clock_advance(loop_clock(loop), 20001);
	for (i = 0; i < 400 && !dialer.down; i++)
		loop_turn(loop, 10);
	ck_assert(dialer.down);
	ck_assert_int_eq(dialer.why.code, STREAM_TIMEOUT);
	ck_assert_str_eq(dialer.why.msg, "machine m: nothing received for 30s");
	stream_close(ends[1]);
}
END_TEST

START_TEST(heartbeats_keep_it_alive)
{
	start(NULL, NULL);
	turns(10);
	heartbeats(10);
	ck_assert(!dialer.down && !listener.down);
}
END_TEST

START_TEST(stalled_write_is_death)
{
	static char block[1 << 20];
	struct stream *ends[2];
	struct user *u, *v;
	int i;

	stream_pair(loop, ends);
	dialer.r = revdial_yamux(loop, ends[0], true, NULL, &side_cb, &dialer);
	u = user_open(dialer.r);
	UNTIL(u->s != NULL);
	stream_write(u->s, block, sizeof block);
	v = user_open(dialer.r);
	UNTIL(v->s != NULL);
	stream_write(v->s, block, sizeof block);
	turns(10);
	clock_advance(loop_clock(loop), 10001);
	for (i = 0; i < 400 && !dialer.down; i++)
		loop_turn(loop, 10);
	ck_assert(dialer.down);
	ck_assert_int_eq(dialer.why.code, STREAM_TIMEOUT);
	stream_close(ends[1]);
}
END_TEST

START_TEST(free_anywhere)
{
	struct user *u;

	start(NULL, NULL);
	listener.free_in_accept = true;
	dialer.free_in_down = true;
	u = user_open(dialer.r);
	UNTIL(dialer.down);
	ck_assert_uint_eq(listener.n, 1);
	UNTIL(listener.accepted[0]->why.code == STREAM_GONE);
	ck_assert(u->why.code == STREAM_GONE);
	ck_assert(!listener.down);	/* freed: no callback */
}
END_TEST

START_TEST(free_forgets_opens)
{
	struct user *u;

	start(NULL, NULL);
	u = user_open(dialer.r);
	revdial_free(dialer.r);
	dialer.r = NULL;
	turns(10);
	ck_assert(!u->answered);
	UNTIL(listener.down);
}
END_TEST

/* More opens than the peer takes unanswered wait for their turn. */
START_TEST(opens_queue_behind_the_backlog)
{
	struct revdial_config c = { .accept_max = 4 };
	struct user *u[500];
	size_t i, done;

	start(&c, &c);
	for (i = 0; i < 500; i++)
		u[i] = user_open(dialer.r);
	UNTIL(listener.n == 500);
	for (i = done = 0; i < 500; i++)
		done += u[i]->s != NULL;
	ck_assert_uint_eq(done, 500);
	ck_assert_uint_eq(revdial_streams(dialer.r), 500);
}
END_TEST

START_TEST(too_many_streams)
{
	struct revdial_config few = { .streams_max = 3 };
	struct user *u[5];
	size_t i;

	start(&few, NULL);
	for (i = 0; i < 5; i++)
		u[i] = user_open(dialer.r);
	UNTIL(u[4]->answered && listener.n == 3);
	ck_assert_ptr_nonnull(u[2]->s);
	ck_assert_ptr_null(u[3]->s);
	ck_assert_ptr_nonnull(strstr(u[4]->why.msg, "3 streams are open already"));
}
END_TEST

START_TEST(peer_opens_too_many)
{
	struct revdial_config few = { .streams_max = 3 };
	struct user *u[5];
	size_t i;

	start(NULL, &few);
	for (i = 0; i < 5; i++)
		u[i] = user_open(dialer.r);
	UNTIL(u[4]->why.code == STREAM_RESET);
	ck_assert_int_eq(u[3]->why.code, STREAM_RESET);
	ck_assert_int_eq(u[2]->why.code, 0);
	ck_assert_uint_eq(listener.n, 3);
	ck_assert(!dialer.down && !listener.down);
}
END_TEST

START_TEST(unanswered_opens_expire)
{
	struct revdial_config one = { .accept_max = 1, .dead_ms = 3600000 };
	struct stream *ends[2];
	struct user *u, *v;

	stream_pair(loop, ends);
	dialer.r = revdial_yamux(loop, ends[0], true, &one, &side_cb, &dialer);
	u = user_open(dialer.r);
	v = user_open(dialer.r);
	UNTIL(u->answered);
	turns(5);
	ck_assert(!v->answered);
	clock_advance(loop_clock(loop), 20001);
	UNTIL(v->answered);
	ck_assert_int_eq(v->why.code, STREAM_TIMEOUT);
	stream_close(ends[1]);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("revdial");
	TCase *t = tcase_create("yamux");

	tcase_add_checked_fixture(t, rd_setup, rd_teardown);
	tcase_add_test(t, both_ways);
	tcase_add_test(t, half_close);
	tcase_add_test(t, close_is_a_reset);
	tcase_add_test(t, soft_close_delivers);
	tcase_add_test(t, listener_opens_too);
	tcase_add_test(t, no_accept_refuses);
	tcase_add_test(t, one_stalled_reader);
	tcase_add_test(t, idle_sessions_give_back);
	tcase_add_test(t, carrier_lost);
	tcase_add_test(t, garbage_ends_it);
	tcase_add_test(t, drain_waits_for_streams);
	tcase_add_test(t, drain_refuses_own_opens);
	tcase_add_test(t, silence_is_death);
	tcase_add_test(t, heartbeats_keep_it_alive);
	tcase_add_test(t, stalled_write_is_death);
	tcase_add_test(t, free_anywhere);
	tcase_add_test(t, free_forgets_opens);
	tcase_add_test(t, opens_queue_behind_the_backlog);
	tcase_add_test(t, too_many_streams);
	tcase_add_test(t, peer_opens_too_many);
	tcase_add_test(t, unanswered_opens_expire);
	suite_add_tcase(s, t);
	return s;
}
