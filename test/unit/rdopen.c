/*
 * rdopen.c - owners of sessions who open streams from their callbacks: what they
 * write at once goes with the opening, and those who never give up stop nobody.
 */
#include "unit.h"

#include "io/buf.h"
#include "lib_rd.h"

static void
start(void)
{
	struct stream *ends[2];

	stream_pair(loop, ends);
	dialer.r = revdial_yamux(loop, ends[0], true, NULL, &side_cb, &dialer);
	listener.r = revdial_yamux(loop, ends[1], false, NULL, &side_cb, &listener);
}

static void
write_at_once(struct stream *s, const struct err *why, void *arg)
{
	(void)why;
	ck_assert_ptr_nonnull(s);
	stream_set_cb(s, &user_cb, arg);
	((struct user *)arg)->s = s;
	stream_write(s, "?", 1);
	stream_shut(s);
}

static size_t first_seen;

static void
see(struct stream *s, void *arg)
{
	(void)arg;
	if (first_seen == 0)
		first_seen = buf_len(stream_in(s));
}

static const struct stream_cb see_cb = { .read = see };

/* A short question is one write: the frame that opens its stream, and all of it. */
START_TEST(opening_and_first_words_go_as_one)
{
	struct stream	*ends[2];
	struct user	*u = user_new();

	stream_pair(loop, ends);
	dialer.r = revdial_yamux(loop, ends[0], true, NULL, &side_cb, &dialer);
	turns(5);
	buf_drain(stream_in(ends[1]), buf_len(stream_in(ends[1])));
	stream_consumed(ends[1]);
	stream_set_cb(ends[1], &see_cb, NULL);
	first_seen = 0;
	revdial_open(dialer.r, write_at_once, u);
	UNTIL(first_seen > 0);
	ck_assert_uint_ge(first_seen, 12 + 12 + 1);
	stream_close(ends[1]);
}
END_TEST

static size_t tries;

/* An owner who never gives up. */
static void
open_again(struct stream *s, const struct err *why, void *arg)
{
	(void)why;
	if (s != NULL)
		stream_close(s);
	tries++;
	revdial_open(arg, open_again, arg);
}

START_TEST(a_tireless_opener_hears_of_the_end)
{
	start();
	tries = 0;
	revdial_open(dialer.r, open_again, dialer.r);
	UNTIL(tries >= 3);
	revdial_free(listener.r);
	listener.r = NULL;
	UNTIL(dialer.down);
}
END_TEST

START_TEST(a_tireless_opener_does_not_stop_a_drain)
{
	struct user *u, *a;

	start();
	u = user_open(dialer.r);
	UNTIL(u->s != NULL && listener.n == 1);
	a = listener.accepted[0];
	revdial_drain(dialer.r);
	tries = 0;
	revdial_open(dialer.r, open_again, dialer.r);
	UNTIL(tries >= 3);
	stream_write(u->s, "still", 5);
	UNTIL(user_got(a, "still"));
	stream_shut(u->s);
	stream_shut(a->s);
	UNTIL(u->eof && a->eof);
	user_close(u);
	user_close(a);
	UNTIL(dialer.down);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("rdopen");
	TCase *t = tcase_create("opening");

	tcase_add_checked_fixture(t, rd_setup, rd_teardown);
	tcase_add_test(t, opening_and_first_words_go_as_one);
	tcase_add_test(t, a_tireless_opener_hears_of_the_end);
	tcase_add_test(t, a_tireless_opener_does_not_stop_a_drain);
	suite_add_tcase(s, t);
	return s;
}
