/*
 * muxmem.c - yamux: windows and what lies unread, within the bounds of a session
 * and of all.
 */
#include "unit.h"

#include <string.h>

#include "io/buf.h"
#include "lib_mux.h"
#include "revdial/budget.h"
#include "revdial/carriers.h"

/* --- what lies unread -------------------------------------------------------------------- */

/* Unread bytes of all streams together have a bound: the one that nobody has
 * read for the longest pays for it. */
START_TEST(memory_is_bounded)
{
	struct mux_config c = config();
	uint32_t id;

	c.memory_max = 10 * FRAME_WINDOW;
	begin(&c);
	for (id = 1; id < 22; id += 2) {
		now_us++;
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		if (id < 21)
			feed_bulk(id, WINDOW);
	}
	now_us++;
	consume(&ends[0], WINDOW / 2);
	expect(FRAME_WINDOW_UPDATE, 0, 1, WINDOW / 2);
	feed_bulk(1, WINDOW / 2);
	feed_data(0, 21, "x");
	ck_assert(ends[1].ended);
	ck_assert_int_eq(ends[1].how, MUX_RESET);
	ck_assert_ptr_nonnull(strstr(ends[1].why, "unread"));
	expect(FRAME_WINDOW_UPDATE, RST, 3, 0);
	ck_assert_uint_eq(ends[10].received, 1);
	feed_bulk(21, WINDOW - 1);
	feed_data(SYN, 23, "y");
	ck_assert(ends[2].ended && !ends[11].ended);
	expect(FRAME_WINDOW_UPDATE, RST, 5, 0);
	ck_assert(!ends[0].ended && !ends[10].ended);
}
END_TEST

/* What does not fit at all costs only its own stream. */
START_TEST(one_frame_beyond_the_memory)
{
	struct mux_config c = config();

	c.memory_max = 1000;
	begin(&c);
	opened(1);
	feed_bulk(1, 1001);
	ck_assert(ends[0].ended);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	feed_data(SYN, 3, "fits");
	ck_assert_uint_eq(ends[1].received, 4);
}
END_TEST

START_TEST(flood_of_cuts)
{
	struct mux_config c = config();
	uint32_t id;

	c.memory_max = 1000;
	begin(&c);
	for (id = 1; id < 20000; id += 2) {
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		feed_bulk(id, 1001);
		flush(1 << 20);
		forget_end();
	}
	feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
	put_fails(FRAME_DATA, 0, id, 1001, "flood");
}
END_TEST

/* What was read of streams that have ended does not count, told or not. */
START_TEST(memory_of_finished_streams)
{
	struct mux_config c = config();
	uint32_t id;

	c.memory_max = 4 * FRAME_WINDOW;
	begin(&c);
	for (id = 1; id < 100; id += 2) {
		feed(FRAME_WINDOW_UPDATE, SYN, id, 0);
		feed_bulk(id, WINDOW);
		feed(FRAME_WINDOW_UPDATE, FIN, id, 0);
		buf_drain(ends[ends_n - 1].in, WINDOW);	/* without a word */
	}
	for (id = 0; id < ends_n; id++)
		ck_assert(!ends[id].ended);
}
END_TEST

/* --- several sessions ------------------------------------------------------------------------ */

static struct revdial_budget *budget;
static struct mux *other;

/* Now m is the other session. Those of both are in ends. */
static void
swap(void)
{
	struct mux *was = m;

	m = other;
	other = was;
}

static void
two_sessions(size_t max)
{
	struct mux_config c = large();

	budget = revdial_budget_new(max);
	c.budget = budget;
	begin(&c);
	swap();
	begin(&c);
	ck_assert_uint_eq(budget->sessions, 2);
}

static void
budget_is(size_t held, size_t grown)
{
	ck_assert_uint_eq(revdial_budget_held(budget), held);
	ck_assert_uint_eq(held, m->buffered + other->buffered);
	ck_assert_uint_eq(budget->grown, grown);
	ck_assert_uint_eq(grown, m->grown + other->grown);
}

/* The last session takes it along. */
static void
no_sessions(void)
{
	revdial_budget_free(budget);
	mux_free(other);
	other = NULL;
	ck_assert_uint_eq(budget->sessions, 1);
}

START_TEST(windows_share_the_budget)
{
	struct end *x, *y;

	two_sessions(4 * FRAME_WINDOW);
	measure_rtt(10 * MS);
	x = opened(1);
	ck_assert_uint_eq(use_window(x, WINDOW, 10 * MS), 2 * WINDOW);
	ck_assert_uint_eq(use_window(x, 2 * WINDOW, 10 * MS), 3 * WINDOW);
	ck_assert_uint_eq(use_window(x, 3 * WINDOW, 10 * MS), 3 * WINDOW);
	budget_is(0, 2 * WINDOW);
	swap();
	measure_rtt(10 * MS);
	y = opened(1);
	ck_assert_uint_eq(use_window(y, WINDOW, 10 * MS), 2 * WINDOW);
	budget_is(0, 3 * WINDOW);
	swap();
	now_us += 10 * SECOND;
	mux_tick(m);
	budget_is(0, WINDOW);
	swap();
	mux_gone(m, "cut");
	budget_is(0, 0);
	no_sessions();
}
END_TEST

/* One session leaves much unread: the other has its half all the same. */
START_TEST(unread_shares_the_budget)
{
	uint32_t id;

	two_sessions(4 * FRAME_WINDOW);
	for (id = 1; id < 9; id += 2) {
		now_us++;
		opened(id);
		feed_bulk(id, WINDOW);
	}
	budget_is(4 * WINDOW, 0);
	swap();
	opened(1);
	feed_bulk(1, WINDOW);
	opened(3);
	feed_bulk(3, WINDOW);
	budget_is(6 * WINDOW, 0);
	opened(5);
	feed_data(0, 5, "x");
	ck_assert(ends[4].ended && !ends[5].ended && !ends[6].ended);
	expect(FRAME_WINDOW_UPDATE, RST, 1, 0);
	swap();
	feed_data(SYN, 9, "y");		/* cut until there is room again */
	ck_assert(ends[0].ended && ends[1].ended && !ends[2].ended && !ends[7].ended);
	budget_is(3 * WINDOW + 2, 0);
	no_sessions();
}
END_TEST

START_TEST(full_budget_stops_growth)
{
	struct end *x;
	uint32_t id;

	two_sessions(4 * FRAME_WINDOW);
	for (id = 1; id < 9; id += 2) {
		opened(id);
		feed_bulk(id, WINDOW);
	}
	swap();
	measure_rtt(10 * MS);
	x = opened(1);
	ck_assert_uint_eq(use_window(x, WINDOW, 10 * MS), WINDOW);
	no_sessions();
}
END_TEST

START_TEST(budget_without_sessions)
{
	budget = revdial_budget_new(0);
	ck_assert_uint_eq(budget->max, (size_t)512 << 20);
	revdial_budget_free(budget);
	revdial_budget_free(NULL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("muxmem");
	TCase *t = tcase_create("rules");

	tcase_add_checked_fixture(t, mux_setup, mux_teardown);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, one_frame_beyond_the_memory);
	tcase_add_test(t, flood_of_cuts);
	tcase_add_test(t, memory_of_finished_streams);
	tcase_add_test(t, windows_share_the_budget);
	tcase_add_test(t, unread_shares_the_budget);
	tcase_add_test(t, full_budget_stops_growth);
	tcase_add_test(t, budget_without_sessions);
	suite_add_tcase(s, t);
	return s;
}
