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

Suite *
unit_suite(void)
{
	Suite *s = suite_create("pubend");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, pub_setup, pub_teardown);
	tcase_add_test(t, finished_closed_and_freed);
	suite_add_tcase(s, t);
	return s;
}
