/*
 * publicfail.c - the public library where memory runs out: a whole story of two
 * sessions with each allocation failing in turn, ours and libevent's; once only
 * that one, once all from there on. Each call fails with a reason or the session
 * ends; nothing crashes, waits for ever or is left behind.
 * timeout: 300
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib_pub.h"

#define STREAMS		3
#define SWEEP_TURNS	3000

static long count, fail_at, live;
static bool armed, from_there_on;

static bool
fails(void)
{
	if (!armed)
		return false;
	count++;
	return count == fail_at || (from_there_on && count > fail_at);
}

static void *
counted(void *p)
{
	live += p != NULL;
	return p;
}

static void *
test_malloc(size_t n)
{
	return fails() ? NULL : counted(malloc(n));
}

static void *
test_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(calloc(n, size));
}

static void *
test_realloc(void *p, size_t n)
{
	void *q = fails() ? NULL : realloc(p, n);

	live += p == NULL && q != NULL;
	return q;
}

static void
test_free(void *p)
{
	live -= p != NULL;
	free(p);
}

static struct revdial_session *
session(int fd, enum revdial_role role, struct pub_side *side)
{
	struct revdial_options o = { .alloc = test_calloc, .release = test_free };

	side->s = revdial_session_fd(pub_base, fd, role, &o, &pub_events, side);
	if (side->s == NULL) {
		ck_assert_int_eq(errno, ENOMEM);
		close(fd);	/* it is still ours */
		side->over = true;
	}
	return side->s;
}

static void
ask(void)
{
	static const char	 block[60000];
	struct pub_user		*u;

	if (opener.s == NULL || opener.over)
		return;
	if ((u = pub_open(&opener)) == NULL) {
		ck_assert(errno == ENOMEM || errno == ESHUTDOWN);
		return;
	}
	if (revdial_stream_write(u->st, block, sizeof block) == -1)
		ck_assert_int_eq(errno, ENOMEM);
	revdial_stream_finish(u->st);
}

/* Whoever has read all says a word and lets go. */
static void
answer(void)
{
	struct pub_user *u;
	size_t i;

	for (i = 0; i < server.n; i++) {
		u = &server.users[i];
		if (u->st == NULL || !u->eof)
			continue;
		if (revdial_stream_write(u->st, "got it", 6) == -1)
			ck_assert(errno == ENOMEM || errno == ECONNRESET);
		revdial_stream_finish(u->st);
		pub_close(u);
	}
}

static bool
answered(void)
{
	size_t i;

	for (i = 0; i < opener.n; i++)
		if (!opener.users[i].eof && !opener.users[i].ended)
			return false;
	return true;
}

/* true: all went well. */
static bool
story(void)
{
	size_t	i;
	int	turns;
	bool	well, drained = false;

	pub_setup();
	count = 0;
	armed = true;
	session(pub_fds[0], REVDIAL_DIALER, &opener);
	session(pub_fds[1], REVDIAL_LISTENER, &server);
	for (i = 0; i < STREAMS; i++)
		ask();
	for (turns = 0; turns < SWEEP_TURNS && !(opener.over && server.over); turns++) {
		event_base_loop(pub_base, EVLOOP_NONBLOCK);
		answer();
		if (drained || !answered() || opener.over)
			continue;
		for (i = 0; i < opener.n; i++)
			pub_close(&opener.users[i]);
		revdial_session_drain(opener.s);
		drained = true;
	}
	armed = false;
	ck_assert_msg(opener.over && server.over, "allocation %ld%s: never over", fail_at,
	    from_there_on ? " and later" : "");
	well = opener.end == REVDIAL_PEACE && server.end == REVDIAL_PEACE &&
	    opener.n == STREAMS && server.n == STREAMS;
	for (i = 0; i < opener.n; i++)
		well = well && opener.users[i].got == 6;
	for (i = 0; i < server.n; i++)
		well = well && server.users[i].got == 60000;
	pub_teardown();
	return well;
}

START_TEST(sweep)
{
	long was;

	event_set_mem_functions(test_malloc, test_realloc, test_free);
	from_there_on = _i == 1;
	fail_at = 0;
	if (!from_there_on)
		ck_assert(story());
	for (fail_at = 1; fail_at < 100000; fail_at++) {
		was = live;
		if (story() && count < fail_at)
			break;
		ck_assert_msg(live == was, "allocation %ld: %ld left behind", fail_at,
		    live - was);
	}
	ck_assert_int_lt(fail_at, 100000);
	ck_assert_int_gt(fail_at, 50);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("publicfail");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, sweep, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
