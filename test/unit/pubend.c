/*
 * pubend.c - the public library where a user lets go of everything at once, from
 * inside a callback.
 */
#include "unit.h"

#include "lib_pub.h"

/* All is said, and nothing here is wanted any more. */
static void
let_go(struct revdial_stream *st, void *arg)
{
	struct pub_side		*side = arg;
	struct revdial_session	*s = side->s;

	revdial_stream_finish(st);
	revdial_stream_close(st);
	side->s = NULL;
	revdial_session_free(s);
}

static const struct revdial_stream_events let_go_events = { .readable = let_go };

START_TEST(finished_closed_and_freed)
{
	pub_begin(NULL, NULL);
	pub_write(pub_open(&opener), "x");
	PUB_UNTIL(server.n == 1);
	revdial_stream_set_events(server.users[0].st, &let_go_events, &server);
	server.users[0].st = NULL;
	pub_write(&opener.users[0], "y");
	PUB_UNTIL(opener.over);
	ck_assert_ptr_null(server.s);
}
END_TEST

static int	readables, ends;

static const struct revdial_stream_events again_events;

/* It sets its events anew, and leaves what came for later. */
static void
readable_again(struct revdial_stream *st, void *arg)
{
	ck_assert_int_eq(ends, 0);
	readables++;
	revdial_stream_set_events(st, &again_events, arg);
}

static void
ended_once(struct revdial_stream *st, enum revdial_end end, const char *why, void *arg)
{
	(void)st;
	(void)end;
	(void)why;
	(void)arg;
	ends++;
}

static const struct revdial_stream_events again_events = {
	.readable = readable_again, .ended = ended_once,
};

START_TEST(the_last_callback_is_the_last)
{
	size_t	room;
	int	i;

	readables = ends = 0;
	pub_begin(NULL, NULL);
	pub_write(pub_open(&opener), "x");
	PUB_UNTIL(server.n == 1 && server.users[0].got == 1);
	revdial_stream_set_events(opener.users[0].st, NULL, NULL);
	room = revdial_stream_room(server.users[0].st);
	pub_write(&server.users[0], "words");
	PUB_UNTIL(revdial_stream_room(server.users[0].st) == room);
	pub_close(&server.users[0]);
	PUB_UNTIL(revdial_session_streams(opener.s) == 0);
	revdial_stream_set_events(opener.users[0].st, &again_events, NULL);
	PUB_UNTIL(ends == 1);
	ck_assert_int_ge(readables, 1);
	for (i = 0; i < 20; i++)
		pub_turn();
	ck_assert_int_eq(ends, 1);
	revdial_stream_set_events(opener.users[0].st, &again_events, NULL);
	for (i = 0; i < 20; i++)
		pub_turn();
	ck_assert_int_eq(ends, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("pubend");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, pub_setup, pub_teardown);
	tcase_add_test(t, finished_closed_and_freed);
	tcase_add_test(t, the_last_callback_is_the_last);
	suite_add_tcase(s, t);
	return s;
}
