/* sched.c - who gets the next machine. */
#include "unit.h"

#include "coordinator/core.h"
#include "coordinator/sched.h"
#include "core_fixture.h"

static struct fix	fx;

static void
up(void)
{
	fix_up(&fx);
	*granted_count() = 0;
}

static void
down(void)
{
	fix_down(&fx);
}

static void
end(struct ask *a)
{
	instance_end(instance_peek(fx.core, a->name), "user-x", "destroyed");
}

START_TEST(test_order_of_arrival)
{
	struct ask	a[4];
	static const char *const users[] = { "alice", "bob", "alice", "carol" };
	struct fake	*f = fake_idle(&fx, "m1");
	int		 i;

	for (i = 0; i < 4; i++)
		ask_for(&fx, &a[i], users[i], "b");
	for (i = 0; i < 4; i++) {
		UNTIL(&fx, a[i].over);
		ck_assert_msg(a[i].got != NULL, "%s", a[i].why.msg);
		ck_assert_uint_eq(a[i].order, (unsigned)i + 1);
		ck_assert_str_eq(f->lease, a[i].name);
		settle(&fx);
		ck_assert(i == 3 || !a[i + 1].over);
		end(&a[i]);
	}
	ck_assert_str_eq(a[0].name, "user-alice-b-0");
	ck_assert_str_eq(a[1].name, "user-bob-b-0");
	ck_assert_str_eq(a[2].name, "user-alice-b-1");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(f->lease, "");
	/* Once when it came, before each lease, after each lease. */
	ck_assert_uint_eq(f->wipes, 9);
}
END_TEST

static void
check_place(struct ask *a, size_t ahead, const char *text)
{
	struct str	why = STR_INIT;

	ck_assert_uint_eq(sched_place(a->request, &why), ahead);
	ck_assert_str_eq(str_text(&why), text);
	str_release(&why);
}

START_TEST(test_place)
{
	struct ask	a[3];
	struct fake	*f;
	int		 i;

	for (i = 0; i < 3; i++)
		ask_for(&fx, &a[i], "alice", "b");
	settle(&fx);
	check_place(&a[0], 0, "no machine of type host-x is up");
	check_place(&a[2], 2, "no machine of type host-x is up");
	ck_assert_uint_eq(sched_waiting(fx.core, HOST), 3);
	f = fake_new(&fx, "m1");
	f->hold_wipe = true;
	fake_connect(f);
	UNTIL(&fx, f->wipes == 1);
	check_place(&a[1], 1, "no machine of type host-x is free: 1 up, 1 cleaning");
	fake_connect(fake_new(&fx, "m2"));
	UNTIL(&fx, sched_waiting(fx.core, HOST) == 2);
	ck_assert(!a[0].over);
	check_place(&a[0], 0, "a machine of type host-x is being prepared for you");
	UNTIL(&fx, a[0].over);
	check_place(&a[1], 0,
	    "no machine of type host-x is free: 2 up, 1 cleaning, 1 leased");
	ck_assert_uint_eq(sched_waiting(fx.core, NULL), 2);
	ck_assert_int_eq(sched_oldest(fx.core, HOST) >= 0, 1);
	sched_withdraw(a[1].request);
	check_place(&a[2], 0,
	    "no machine of type host-x is free: 2 up, 1 cleaning, 1 leased");
	sched_withdraw(a[2].request);
	ck_assert_uint_eq(sched_waiting(fx.core, NULL), 0);
}
END_TEST

START_TEST(test_withdraw_while_waiting)
{
	struct ask	a[3];
	int		i;

	for (i = 0; i < 3; i++)
		ask_for(&fx, &a[i], "alice", "b");
	sched_withdraw(a[0].request);
	fake_connect(fake_new(&fx, "m1"));
	UNTIL(&fx, a[1].over);
	settle(&fx);
	ck_assert(!a[0].over && !a[2].over);
	sched_withdraw(a[2].request);
	end(&a[1]);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	settle(&fx);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_IDLE);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 0);
}
END_TEST

/* A stock client is told of its place at once, before the loop gives it the machine
 * that is there. */
START_TEST(test_place_with_a_free_machine)
{
	struct ask	a;

	fake_idle(&fx, "m1");
	ask_for(&fx, &a, "alice", "b");
	check_place(&a, 0,
	    "a free machine of type host-x is about to be given out: 1 up, 1 idle");
	UNTIL(&fx, a.over);
	ck_assert_msg(a.got != NULL, "%s", a.why.msg);
}
END_TEST

/* The client leaves while its machine is being wiped: the machine is not lost. */
START_TEST(test_withdraw_while_preparing)
{
	struct ask	 a, b;
	struct fake	*f = fake_idle(&fx, "m1");

	ask_for(&fx, &a, "alice", "b");
	ask_for(&fx, &b, "bob", "b");
	UNTIL(&fx, f->wipes == 2);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_CLEANING);
	sched_withdraw(a.request);
	check_place(&b, 0, "no machine of type host-x is free: 1 up, 1 cleaning");
	UNTIL(&fx, b.over);
	ck_assert(!a.over);
	ck_assert_str_eq(f->lease, "user-bob-b-0");
	ck_assert_uint_eq(instance_count(fx.core, NULL), 1);
	/* And where the wipe fails afterwards. */
	end(&b);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	f->fail_wipe = true;
	ask_for(&fx, &a, "alice", "b");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_CLEANING);
	sched_withdraw(a.request);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_QUARANTINED);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 0);
}
END_TEST

START_TEST(test_next_machine_where_one_fails)
{
	struct ask	 a, b;
	struct fake	*f1 = fake_idle(&fx, "m1"), *f2 = fake_idle(&fx, "m2");

	f1->fail_wipe = true;
	f2->hold_wipe = true;
	ask_for(&fx, &a, "alice", "b");
	ask_for(&fx, &b, "bob", "b");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_QUARANTINED && f2->wipes == 2);
	settle(&fx);
	/* bob's machine hangs and goes away; the next that comes is alice's. */
	ck_assert(!a.over && !b.over);
	fake_cut(f2);
	UNTIL(&fx, state_of(&fx, "m2") == MACHINE_GONE);
	fake_connect(fake_new(&fx, "m3"));
	UNTIL(&fx, a.over);
	ck_assert_ptr_nonnull(a.got);
	settle(&fx);
	ck_assert(!b.over);
	fake_connect(fake_new(&fx, "m4"));
	UNTIL(&fx, b.over);
	ck_assert_ptr_nonnull(b.got);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 2);
}
END_TEST

static void
refused(const char *builder, int64_t max, int code, const char *word)
{
	struct user	u = user_of("alice", max);
	struct err	e = ERR_INIT;

	ck_assert_ptr_null(sched_request(fx.core, &u,
	    &(struct sched_order){ .builder_type = builder }, on_granted, NULL, &e));
	ck_assert_msg(e.code == code, "code %d: %s", e.code, e.msg);
	ck_assert_msg(strstr(e.msg, word) != NULL, "%s", e.msg);
}

START_TEST(test_refused_at_once)
{
	struct ask	a[2];

	refused("nothing", -1, SCHED_UNKNOWN, "nothing");
	refused("b", 0, SCHED_LIMIT, "may have 0");
	(void)fake_idle(&fx, "m1");
	ask_for(&fx, &a[0], "alice", "b");
	UNTIL(&fx, a[0].over);
	ask_for(&fx, &a[1], "alice", "b");
	/* One that she has and one that she waits for. */
	refused("b", 2, SCHED_LIMIT, "may have 2");
	ask_for(&fx, &a[0], "bob", "b");
	sched_withdraw(a[0].request);
	sched_withdraw(a[1].request);
	fx.core->cfg.queue_max = 0;
	refused("b", -1, SCHED_FULL, "wait");
	fx.core->stopping = true;
	refused("b", -1, SCHED_STOPPING, "stopping");
	fx.core->stopping = false;
}
END_TEST

#define MACHINES 50
#define ASKS 200

static struct ask	many[ASKS];

static bool
see_instance(const struct instance_row *row, void *arg)
{
	struct strs	*machines = arg;

	ck_assert_msg(!strs_has(machines, row->machine), "%s is leased twice", row->machine);
	strs_add(machines, row->machine);
	return true;
}

START_TEST(test_many_users_on_few_machines)
{
	struct strs	machines = STRS_INIT;
	char		name[32];
	size_t		i, granted;

	for (i = 0; i < MACHINES; i++) {
		snprintf(name, sizeof name, "m%zu", i);
		fake_connect(fake_new(&fx, name));
	}
	for (i = 0; i < ASKS; i++) {
		snprintf(name, sizeof name, "u%zu", i % 20);
		ask_for(&fx, &many[i], name, "slow");
	}
	for (granted = 0; granted < ASKS; ) {
		UNTIL(&fx, many[granted].over);
		ck_assert_msg(many[granted].got != NULL, "%s", many[granted].why.msg);
		instance_rows(fx.core, NULL, see_instance, &machines);
		ck_assert_uint_le(machines.n, MACHINES);
		strs_release(&machines);
		end(&many[granted]);
		granted++;
	}
	ck_assert_uint_eq(*granted_count(), ASKS);
	for (i = 0; i < ASKS; i++)
		ck_assert_uint_le(many[i].order, i + MACHINES);
}
END_TEST

START_TEST(test_no_longer_offered)
{
	struct catalog	*c = catalog_new();
	struct ask	 a, b;

	ask_for(&fx, &a, "alice", "b");
	ask_for(&fx, &b, "alice", "slow");
	add_host(c, HOST, "reverse", 0);
	add_builder(c, "slow", HOST, 1000);
	core_set_catalog(fx.core, c);
	catalog_unref(c);
	ck_assert(!a.over);
	UNTIL(&fx, a.over);
	ck_assert_ptr_null(a.got);
	ck_assert_int_eq(a.why.code, SCHED_UNKNOWN);
	ck_assert(!b.over);
	fake_connect(fake_new(&fx, "m1"));
	UNTIL(&fx, b.over);
	ck_assert_ptr_nonnull(b.got);
}
END_TEST

static void
on_stopped(void *arg)
{
	*(bool *)arg = true;
}

START_TEST(test_stop)
{
	struct ask	a, b, c;
	bool		done = false;

	(void)fake_idle(&fx, "m1");
	ask_for(&fx, &a, "alice", "b");
	ask_for(&fx, &b, "bob", "b");
	ask_for(&fx, &c, "carol", "b");
	UNTIL(&fx, a.over);
	core_shutdown(fx.core, 1000, on_stopped, &done);
	sched_withdraw(c.request);	/* about to be refused */
	ck_assert(!b.over && !done);
	UNTIL(&fx, b.over && done);
	ck_assert_int_eq(b.why.code, SCHED_STOPPING);
	ck_assert(!c.over);
	ck_assert_ptr_nonnull(instance_peek(fx.core, a.name));
}
END_TEST

static bool
add_request(const struct request_row *row, void *arg)
{
	str_addf(arg, "%s:%s:%zu%s ", row->user, row->builder_type, row->ahead,
	    row->preparing ? "p" : "");
	ck_assert_int_gt(row->since, 0);
	return true;
}

START_TEST(test_rows)
{
	struct ask	 a[3];
	struct str	 got = STR_INIT;
	struct fake	*f = fake_idle(&fx, "m1");

	f->hold_wipe = true;
	ask_for(&fx, &a[0], "alice", "b");
	ask_for(&fx, &a[1], "bob", "slow");
	ask_for(&fx, &a[2], "carol", "b");
	UNTIL(&fx, f->wipes == 2);
	sched_rows(fx.core, NULL, add_request, &got);
	ck_assert_str_eq(str_text(&got), "alice:b:0p bob:slow:1 carol:b:2 ");
	str_clear(&got);
	sched_rows(fx.core, "host-y", add_request, &got);
	ck_assert_str_eq(str_text(&got), "");
	str_release(&got);
}
END_TEST

static bool
count_event(const struct store_event *ev, void *arg)
{
	str_addf(arg, "%s %s %s/", ev->who, ev->what, ev->object);
	return true;
}

START_TEST(test_history)
{
	struct ask	a;
	struct str	got = STR_INIT;

	(void)fake_idle(&fx, "m1");
	ask_for(&fx, &a, "alice", "b");
	UNTIL(&fx, a.over);
	end(&a);
	ck_assert_int_eq(store_events(fx.store, count_event, &got, 10, NULL), 0);
	ck_assert_str_eq(str_text(&got), "user-x instance.end user-alice-b-0/"
	    "user-alice instance.create user-alice-b-0/");
	str_release(&got);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("sched");
	TCase	*tc = tcase_create("sched");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_order_of_arrival);
	tcase_add_test(tc, test_place);
	tcase_add_test(tc, test_place_with_a_free_machine);
	tcase_add_test(tc, test_withdraw_while_waiting);
	tcase_add_test(tc, test_withdraw_while_preparing);
	tcase_add_test(tc, test_next_machine_where_one_fails);
	tcase_add_test(tc, test_refused_at_once);
	tcase_add_test(tc, test_many_users_on_few_machines);
	tcase_add_test(tc, test_no_longer_offered);
	tcase_add_test(tc, test_stop);
	tcase_add_test(tc, test_rows);
	tcase_add_test(tc, test_history);
	suite_add_tcase(s, tc);
	return s;
}
