/*
 * instance_ends.c - instances: how long they last, and to whom they were told:
 * lifetimes, extensions, requests that are made again.
 */
#include "unit.h"

#include "coordinator/core.h"
#include "core_fixture.h"

#define HOUR_MS	((int64_t)3600 * 1000)
#define KEY	"k00001"

static struct fix	fx;

static void
up(void)
{
	struct builder_type	b = { .name = (char *)"short", .host_type = (char *)HOST,
	    .idle_ms = 60000, .lifetime_ms = 2 * HOUR_MS };
	struct err		e = ERR_INIT;

	fix_up(&fx);
	ck_assert_msg(catalog_add_builder(fx.catalog, &b, &e) == 0, "%s", e.msg);
}

static void
down(void)
{
	fix_down(&fx);
}

static struct instance_row
row_of(const char *name)
{
	struct instance		*i = instance_peek(fx.core, name);
	struct instance_row	 row;

	ck_assert_ptr_nonnull(i);
	instance_row_of(i, &row);
	return row;
}

static int64_t
wall(void)
{
	return clock_wall(loop_clock(fx.loop));
}

static void
ended(const char *user, const char *name, const char *why)
{
	struct user	u = user_of(user, -1);
	struct err	e = ERR_INIT;

	ck_assert_ptr_null(instance_look(fx.core, &u, name, &e));
	ck_assert_int_eq(e.code, INSTANCE_UNKNOWN);
	ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
}

/* --- how long ------------------------------------------------------------------- */

START_TEST(test_lifetime)
{
	struct instance_hold	*h;
	struct instance_row	 row;

	(void)fake_idle(&fx, "m1");
	h = instance_hold(get_one(&fx, "alice", "short"), NULL, NULL);
	row = row_of("user-alice-short-0");
	ck_assert_int_le(llabs(row.limit - row.created - 2 * HOUR_MS), 5);
	/* Used all the time, and yet. */
	advance(&fx, 2 * HOUR_MS - 30000);
	row = row_of("user-alice-short-0");
	ck_assert_int_le(llabs(row.expires - row.limit), 1000);
	advance(&fx, 31000);
	ended("alice", "user-alice-short-0", "its lifetime of 2h0m0s is over");
	instance_release(h);
}
END_TEST

START_TEST(test_lifetime_outlives_a_restart)
{
	(void)fake_idle(&fx, "m1");
	(void)get_one(&fx, "alice", "short");
	fix_restart(&fx);
	ck_assert_int_le(llabs(row_of("user-alice-short-0").limit -
	    row_of("user-alice-short-0").created - 2 * HOUR_MS), 5);
}
END_TEST

START_TEST(test_extend)
{
	struct instance		*i;
	struct instance_row	 row;
	struct err		 e = ERR_INIT;

	(void)fake_idle(&fx, "m1");
	i = get_one(&fx, "alice", "b");
	ck_assert_int_eq(row_of("user-alice-b-0").limit, 0);
	ck_assert_msg(instance_extend(i, 3 * HOUR_MS, &e) == 0, "%s", e.msg);
	row = row_of("user-alice-b-0");
	ck_assert_int_le(llabs(row.expires - (wall() + 3 * HOUR_MS)), 1000);
	/* To use it takes nothing away, nor does to ask for less. */
	instance_touch(i);
	ck_assert_int_eq(instance_extend(i, 1000, &e), 0);
	ck_assert_int_le(llabs(row_of("user-alice-b-0").expires - row.expires), 1000);
	fix_restart(&fx);
	ck_assert_int_le(llabs(row_of("user-alice-b-0").expires - row.expires), 1000);
	fake_connect(fx.fakes);
	UNTIL(&fx, row_of("user-alice-b-0").state == INSTANCE_LIVE);
	advance(&fx, 3 * HOUR_MS - 60000);
	ck_assert_ptr_nonnull(instance_peek(fx.core, "user-alice-b-0"));
	advance(&fx, 61000);
	ended("alice", "user-alice-b-0", "not used for 3h");
}
END_TEST

START_TEST(test_extend_has_limits)
{
	struct err		e = ERR_INIT;
	struct instance_row	row;

	(void)fake_idle(&fx, "m1");
	(void)fake_idle(&fx, "m2");
	ck_assert_int_eq(instance_extend(get_one(&fx, "alice", "short"), 24 * HOUR_MS, &e), 0);
	row = row_of("user-alice-short-0");
	ck_assert_int_le(llabs(row.expires - row.limit), 5);
	ck_assert_int_eq(instance_extend(get_one(&fx, "alice", "b"), INT64_MAX, &e), 0);
	row = row_of("user-alice-b-0");
	ck_assert_int_le(llabs(row.expires - (wall() + INSTANCE_EXTEND_MS)), 1000);
}
END_TEST

/* --- to whom ----------------------------------------------------------------------- */

static struct request *
ask_again(struct ask *a, const char *builder, struct err *e)
{
	struct user	u = user_of("alice", 1);

	memset(a, 0, sizeof *a);
	memset(e, 0, sizeof *e);
	a->request = sched_request(fx.core, &u,
	    &(struct sched_order){ .builder_type = builder, .key = KEY }, on_granted, a, e);
	return a->request;
}

/* The connection is lost while it waits, and made anew before we know. */
START_TEST(test_asked_again_in_the_queue)
{
	struct ask	a, b, other;
	struct err	e;

	ck_assert_ptr_nonnull(ask_again(&a, "b", &e));
	ask_for(&fx, &other, "bob", "b");
	/* It keeps its place, and is not counted twice. */
	ck_assert_ptr_nonnull(ask_again(&b, "b", &e));
	ck_assert(a.over);
	ck_assert_int_eq(a.why.code, SCHED_AGAIN);
	ck_assert_uint_eq(sched_waiting(fx.core, HOST), 2);
	fake_connect(fake_new(&fx, "m1"));
	UNTIL(&fx, b.over);
	ck_assert_ptr_nonnull(b.got);
	ck_assert(!other.over);
	ck_assert_ptr_eq(instance_of_request(fx.core, "alice", KEY), b.got);
	ck_assert_ptr_null(instance_of_request(fx.core, "bob", KEY));
	sched_withdraw(other.request);
}
END_TEST

/* Or while the machine is prepared for it. */
START_TEST(test_asked_again_in_preparation)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct ask	 a, b;
	struct err	 e;

	f->hold_wipe = true;
	ck_assert_ptr_nonnull(ask_again(&a, "b", &e));
	UNTIL(&fx, f->wipes == 2);
	ck_assert_ptr_null(instance_of_request(fx.core, "alice", KEY));
	ck_assert_ptr_nonnull(ask_again(&b, "b", &e));
	ck_assert(a.over);
	ck_assert_ptr_null(ask_again(&a, "slow", &e));
	ck_assert_int_eq(e.code, SCHED_AGAIN);
	fake_cut(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	f->hold_wipe = false;
	fake_connect(f);
	UNTIL(&fx, b.over);
	ck_assert_ptr_nonnull(b.got);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 1);
}
END_TEST

/* We were killed when it had just been granted. */
START_TEST(test_asked_again_after_a_restart)
{
	struct ask	a;
	struct err	e;

	(void)fake_idle(&fx, "m1");
	ck_assert_ptr_nonnull(ask_again(&a, "b", &e));
	UNTIL(&fx, a.over);
	fix_restart(&fx);
	ck_assert_ptr_nonnull(instance_of_request(fx.core, "alice", KEY));
	instance_end(instance_of_request(fx.core, "alice", KEY), "operator", "enough");
	ck_assert_ptr_null(instance_of_request(fx.core, "alice", KEY));
}
END_TEST

START_TEST(test_claimed)
{
	struct user	u = user_of("alice", -1);
	struct instance	*i;
	struct err	e = ERR_INIT;

	(void)fake_idle(&fx, "m1");
	i = get_one(&fx, "alice", "b");
	ck_assert(!instance_claimed(i));
	ck_assert_ptr_eq(instance_look(fx.core, &u, "user-alice-b-0", &e), i);
	ck_assert(!instance_claimed(i));
	ck_assert_ptr_eq(instance_find(fx.core, &u, "user-alice-b-0", &e), i);
	ck_assert(instance_claimed(i));
	fix_restart(&fx);
	ck_assert(instance_claimed(instance_peek(fx.core, "user-alice-b-0")));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("instance_ends");
	TCase	*tc = tcase_create("instance_ends");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_lifetime);
	tcase_add_test(tc, test_lifetime_outlives_a_restart);
	tcase_add_test(tc, test_extend);
	tcase_add_test(tc, test_extend_has_limits);
	tcase_add_test(tc, test_asked_again_in_the_queue);
	tcase_add_test(tc, test_asked_again_in_preparation);
	tcase_add_test(tc, test_asked_again_after_a_restart);
	tcase_add_test(tc, test_claimed);
	suite_add_tcase(s, tc);
	return s;
}
