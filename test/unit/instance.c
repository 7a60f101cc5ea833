/* instance.c - instances: found, held, expired, lost, and found again. */
#include "unit.h"

#include "coordinator/core.h"
#include "coordinator/instance.h"
#include "core_fixture.h"

#define ALICE0	"user-alice-b-0"

static struct fix	fx;

static void
up(void)
{
	fix_up(&fx);
}

static void
down(void)
{
	fix_down(&fx);
}

static struct instance *
find(const char *user, const char *name, struct err *e)
{
	struct user	u = user_of(user, -1);

	memset(e, 0, sizeof *e);
	return instance_find(fx.core, &u, name, e);
}

/* Not there, and the text has word in it. */
static void
not_found(const char *user, const char *name, int code, const char *word)
{
	struct err	e;

	ck_assert_ptr_null(find(user, name, &e));
	ck_assert_msg(e.code == code, "code %d: %s", e.code, e.msg);
	ck_assert_msg(strstr(e.msg, word) != NULL, "%s", e.msg);
}

static enum instance_state
state_is(const char *name)
{
	struct instance		*i = instance_peek(fx.core, name);
	struct instance_row	 row;

	if (i == NULL)
		return INSTANCE_STATES;
	instance_row_of(i, &row);
	return row.state;
}

START_TEST(test_find)
{
	struct instance	*i;
	struct err	 e;

	(void)fake_idle(&fx, "m1");
	i = get_one(&fx, "alice", "b");
	ck_assert_str_eq(instance_name(i), ALICE0);
	ck_assert_ptr_eq(find("alice", ALICE0, &e), i);
	not_found("bob", ALICE0, INSTANCE_FOREIGN, "not yours");
	not_found("alice", "user-alice-b-1", INSTANCE_UNKNOWN, "no instance");
	not_found("alice", "", INSTANCE_UNKNOWN, "no instance");
	not_found("alice", "user-alice-b-0 ", INSTANCE_UNKNOWN, "no instance");
	instance_end(i, "user-alice", "destroyed by its owner");
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "destroyed by its owner");
	/* Nobody else hears of it. */
	not_found("bob", ALICE0, INSTANCE_UNKNOWN, "no instance");
}
END_TEST

START_TEST(test_unused_ends)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	ck_assert_str_eq(f->lease, ALICE0);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
	advance(&fx, 59000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LIVE);
	advance(&fx, 2000);
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "not used for 1m0s");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(f->lease, "");
	ck_assert_str_eq(instance_name(get_one(&fx, "alice", "b")), "user-alice-b-1");
}
END_TEST

START_TEST(test_use_renews)
{
	struct instance_row	row;
	struct instance		*i;
	struct err		e;
	int64_t			before;
	int			n;

	(void)fake_idle(&fx, "m1");
	i = get_one(&fx, "alice", "b");
	instance_row_of(i, &row);
	before = row.expires;
	for (n = 0; n < 5; n++) {
		advance(&fx, 50000);
		ck_assert_ptr_eq(find("alice", ALICE0, &e), i);
	}
	instance_row_of(i, &row);
	ck_assert_int_ge(row.expires, before + 250000);
	ck_assert_int_eq(row.expires - row.last_use, 60000);
	/* Looking at it as an operator, or in a list, is no use of it. */
	advance(&fx, 30000);
	ck_assert_ptr_eq(instance_peek(fx.core, ALICE0), i);
	not_found("bob", ALICE0, INSTANCE_FOREIGN, "");
	advance(&fx, 31000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_STATES);
}
END_TEST

struct cut {
	unsigned		 n;
	char			 why[ERR_MAX];
	struct instance_hold	*release;	/* in the callback */
};

static void
on_cut(const char *why, void *arg)
{
	struct cut	*c = arg;

	c->n++;
	snprintf(c->why, sizeof c->why, "%s", why);
	if (c->release != NULL)
		instance_release(c->release);
}

START_TEST(test_hold_renews)
{
	struct instance		*i;
	struct instance_hold	*h;
	struct instance_row	 row;
	struct cut		 c = { 0 };
	int			 n;

	(void)fake_idle(&fx, "m1");
	i = get_one(&fx, "alice", "b");
	h = instance_hold(i, on_cut, &c);
	for (n = 0; n < 10; n++)
		advance(&fx, 59000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LIVE);
	instance_row_of(i, &row);
	ck_assert_uint_eq(row.holds, 1);
	/* Even when time jumps over the expiry. */
	advance(&fx, 100000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LIVE);
	instance_release(h);
	advance(&fx, 59000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LIVE);
	advance(&fx, 2000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_STATES);
	ck_assert_uint_eq(c.n, 0);
}
END_TEST

START_TEST(test_end_cuts)
{
	struct instance		*i;
	struct instance_hold	*h1, *h2, *h3;
	struct cut		 c1 = { 0 }, c2 = { 0 }, c3 = { 0 };

	(void)fake_idle(&fx, "m1");
	i = get_one(&fx, "alice", "b");
	h1 = instance_hold(i, on_cut, &c1);
	h2 = instance_hold(i, on_cut, &c2);
	h3 = instance_hold(i, on_cut, &c3);
	c1.release = h1;
	instance_end(i, "operator", "enough of that");
	ck_assert_uint_eq(c1.n + c2.n, 0);	/* not from inside our call */
	instance_release(h3);			/* before its turn came */
	UNTIL(&fx, c1.n == 1 && c2.n == 1);
	ck_assert_ptr_nonnull(strstr(c2.why, "enough of that"));
	ck_assert_ptr_nonnull(strstr(c2.why, ALICE0));
	instance_release(h2);
	settle(&fx);
	ck_assert_uint_eq(c3.n, 0);
}
END_TEST

static void
on_head(const struct http_resp *resp, void *arg)
{
	(void)resp;
	(void)arg;
	ck_abort_msg("an answer came");
}

static void
on_fail(const struct err *why, void *arg)
{
	struct cut	*c = arg;

	c->n++;
	snprintf(c->why, sizeof c->why, "%s", why->msg);
}

/* What the last user had under way does not reach into the next lease. */
START_TEST(test_end_cuts_requests)
{
	static const struct bclient_cb	 cb = { on_head, on_fail };
	struct http_request		 req = { .method = "POST", .target = "/exec" };
	struct fake			*f = fake_idle(&fx, "m1");
	struct instance			*i = get_one(&fx, "alice", "b");
	struct cut			 c = { 0 };
	struct err			 e = ERR_INIT;

	(void)bclient_send(instance_client(i, &e), &req, &cb, &c);
	UNTIL(&fx, f->execs == 1);
	instance_end(i, "user-alice", "destroyed");
	UNTIL(&fx, f->closed == 1 && c.n == 1);
	ck_assert_ptr_nonnull(strstr(c.why, "destroyed"));
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

/* --- machines come and go ------------------------------------------------------ */

START_TEST(test_machine_comes_back)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct instance	*i = get_one(&fx, "alice", "b");
	unsigned	 wipes = f->wipes;
	struct err	 e = ERR_INIT;

	ck_assert_ptr_nonnull(instance_client(i, &e));
	fake_cut(f);
	UNTIL(&fx, state_is(ALICE0) == INSTANCE_LOST);
	ck_assert_ptr_null(instance_client(i, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "m1 is away, last heard"));
	fake_connect(f);
	UNTIL(&fx, state_is(ALICE0) == INSTANCE_LIVE);
	ck_assert_ptr_eq(instance_peek(fx.core, ALICE0), i);
	ck_assert_ptr_nonnull(instance_client(i, &e));
	settle(&fx);
	ck_assert_uint_eq(f->wipes, wipes);
	ck_assert_uint_eq(machine_epoch(machine_named(&fx, "m1")), 2);
}
END_TEST

/* The old connection still stands when the machine dials again. */
START_TEST(test_machine_registers_again)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b;
	struct err	 e = ERR_INIT;

	(void)get_one(&fx, "alice", "b");
	b = fake_new(&fx, "m1");
	snprintf(b->lease, sizeof b->lease, "%s", a->lease);
	fake_connect(b);
	UNTIL(&fx, a->down);
	UNTIL(&fx, state_is(ALICE0) == INSTANCE_LIVE);
	ck_assert_ptr_nonnull(instance_client(instance_peek(fx.core, ALICE0), &e));
	ck_assert_uint_eq(b->wipes, 0);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
}
END_TEST

/* Until it has said what it holds, nobody's request goes to it. */
START_TEST(test_nothing_is_sent_before_it_is_known)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b;
	struct err	 e = ERR_INIT;

	(void)get_one(&fx, "alice", "b");
	b = fake_new(&fx, "m1");
	b->hold_status = true;
	fake_connect(b);
	ck_assert_ptr_null(instance_client(instance_peek(fx.core, ALICE0), &e));
	UNTIL(&fx, a->down && b->statuses == 1);
	settle(&fx);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LOST);
	ck_assert_ptr_null(instance_client(instance_peek(fx.core, ALICE0), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "m1 is joining"));
	/* Nor is it wiped before we know how. */
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	settle(&fx);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_JOINING);
	ck_assert_uint_eq(b->wipes, 0);
	snprintf(b->lease, sizeof b->lease, ALICE0);
	b->hold_status = false;
	fake_connect(b);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(b->lease, "");
}
END_TEST

START_TEST(test_machine_does_not_come_back)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "slow");
	fake_cut(f);
	UNTIL(&fx, state_is("user-alice-slow-0") == INSTANCE_LOST);
	advance(&fx, 299000);
	ck_assert_int_eq(state_is("user-alice-slow-0"), INSTANCE_LOST);
	advance(&fx, 2000);
	not_found("alice", "user-alice-slow-0", INSTANCE_UNKNOWN, "machine did not come back");
	/* It does, later, and still believes in its lease. */
	ck_assert_str_eq(f->lease, "user-alice-slow-0");
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(f->lease, "");
}
END_TEST

START_TEST(test_machine_comes_back_empty)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	fake_cut(f);
	snprintf(f->boot, sizeof f->boot, "boot2");
	f->lease[0] = '\0';
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "machine restarted");
}
END_TEST

START_TEST(test_dead_for_sure)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	instances_dead(fx.core->instances, "m2", "x");
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LIVE);
	fake_cut(f);
	instances_dead(fx.core->instances, "m1", "its buildlet was killed");
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "its buildlet was killed");
}
END_TEST

/* --- restarts -------------------------------------------------------------------- */

START_TEST(test_restart_both_agree)
{
	struct fake		*f = fake_new(&fx, "m1");
	struct instance_row	 a, b;
	unsigned		 wipes;

	f->stock = _i != 0;	/* a stock machine cannot tell, and is believed */
	fake_connect(f);
	instance_row_of(get_one(&fx, "alice", "b"), &a);
	wipes = f->wipes;
	a.name = a.user = a.machine = NULL;
	fix_restart(&fx);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LOST);
	instance_row_of(instance_peek(fx.core, ALICE0), &b);
	ck_assert_int_eq(a.created, b.created);
	ck_assert_int_eq(a.idle_ms, b.idle_ms);
	ck_assert_str_eq(b.user_key, "user-alice");
	ck_assert_str_eq(b.builder_type, "b");
	ck_assert_str_eq(b.machine, "m1");
	ck_assert_int_eq(b.heard, 0);
	fake_connect(f);
	UNTIL(&fx, state_is(ALICE0) == INSTANCE_LIVE);
	settle(&fx);
	ck_assert_uint_eq(f->wipes, wipes);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
	instance_end(instance_peek(fx.core, ALICE0), "user-alice", "destroyed");
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(instance_name(get_one(&fx, "alice", "b")), "user-alice-b-1");
}
END_TEST

START_TEST(test_restart_machine_was_restarted_too)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	fix_restart(&fx);
	snprintf(f->boot, sizeof f->boot, "boot2");
	if (_i == 0)
		f->lease[0] = '\0';
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "machine restarted");
	ck_assert_str_eq(f->lease, "");
}
END_TEST

START_TEST(test_restart_machine_holds_another)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	fix_restart(&fx);
	snprintf(f->lease, sizeof f->lease, "user-bob-b-7");
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "does not hold it");
	ck_assert_str_eq(f->lease, "");
}
END_TEST

START_TEST(test_restart_only_the_machine_knows)
{
	struct fake	*f = fake_new(&fx, "m1");

	snprintf(f->lease, sizeof f->lease, "user-eve-b-3");
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(f->lease, "");
	ck_assert_uint_eq(f->wipes, 1);
}
END_TEST

START_TEST(test_restart_only_the_store_knows)
{
	(void)fake_idle(&fx, "m1");
	(void)get_one(&fx, "alice", "slow");
	fix_restart(&fx);
	advance(&fx, 299000);
	ck_assert_int_eq(state_is("user-alice-slow-0"), INSTANCE_LOST);
	advance(&fx, 2000);
	not_found("alice", "user-alice-slow-0", INSTANCE_UNKNOWN, "machine did not come back");
}
END_TEST

START_TEST(test_restart_in_preparation)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct ask	 a;

	f->hold_wipe = true;
	ask_for(&fx, &a, "alice", "b");
	UNTIL(&fx, f->wipes == 2);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 1);
	ck_assert_ptr_null(instance_peek(fx.core, ALICE0));
	fix_restart(&fx);
	ck_assert(!a.over);
	ck_assert_uint_eq(instance_count(fx.core, NULL), 0);
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "restarted before it was handed out");
	f->hold_wipe = false;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

START_TEST(test_last_use_survives)
{
	struct instance_row	a, b;

	(void)fake_idle(&fx, "m1");
	(void)get_one(&fx, "alice", "slow");
	advance(&fx, 600000);
	instance_touch(instance_peek(fx.core, "user-alice-slow-0"));
	instance_row_of(instance_peek(fx.core, "user-alice-slow-0"), &a);
	advance(&fx, 6000);		/* the sweep writes it */
	/* Killed: nothing more is written, as if we had not been asked to stop. */
	fix_restart(&fx);
	instance_row_of(instance_peek(fx.core, "user-alice-slow-0"), &b);
	ck_assert_int_le(llabs(a.last_use - b.last_use), 1000);
	ck_assert_int_le(llabs(a.expires - b.expires), 1000);
}
END_TEST

/* Down for longer than the idle time: users could not renew meanwhile. */
START_TEST(test_restart_gives_time_back)
{
	struct fake	*f = fake_idle(&fx, "m1");

	(void)get_one(&fx, "alice", "b");
	core_free(fx.core);
	store_close(fx.store);
	fake_cut(f);
	settle(&fx);
	clock_advance(loop_clock(fx.loop), 3600 * 1000);
	loop_turn(fx.loop, 0);
	fix_core(&fx);
	advance(&fx, 55000);
	ck_assert_int_eq(state_is(ALICE0), INSTANCE_LOST);
	fake_connect(f);
	UNTIL(&fx, state_is(ALICE0) == INSTANCE_LIVE);
	advance(&fx, 6000);
	not_found("alice", ALICE0, INSTANCE_UNKNOWN, "not used for");
}
END_TEST

/* --- rows ------------------------------------------------------------------------ */

static bool
add_name(const struct instance_row *row, void *arg)
{
	str_addf(arg, "%s ", row->name);
	return true;
}

START_TEST(test_rows)
{
	struct str	got = STR_INIT;

	(void)fake_idle(&fx, "m1");
	(void)fake_idle(&fx, "m2");
	(void)fake_idle(&fx, "m3");
	(void)get_one(&fx, "alice", "slow");
	(void)get_one(&fx, "alice", "b");
	(void)get_one(&fx, "bob", "b");
	instance_rows(fx.core, "alice", add_name, &got);
	ck_assert_str_eq(str_text(&got), "user-alice-b-0 user-alice-slow-0 ");
	str_clear(&got);
	instance_rows(fx.core, NULL, add_name, &got);
	ck_assert_str_eq(str_text(&got), "user-alice-b-0 user-alice-slow-0 user-bob-b-0 ");
	str_clear(&got);
	instance_rows(fx.core, "eve", add_name, &got);
	ck_assert_str_eq(str_text(&got), "");
	str_release(&got);
	ck_assert_uint_eq(instance_count(fx.core, "alice"), 2);
	ck_assert_uint_eq(instance_count_type(fx.core, HOST), 3);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("instance");
	TCase	*tc = tcase_create("instance");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_unused_ends);
	tcase_add_test(tc, test_use_renews);
	tcase_add_test(tc, test_hold_renews);
	tcase_add_test(tc, test_end_cuts);
	tcase_add_test(tc, test_end_cuts_requests);
	tcase_add_test(tc, test_machine_comes_back);
	tcase_add_test(tc, test_machine_registers_again);
	tcase_add_test(tc, test_nothing_is_sent_before_it_is_known);
	tcase_add_test(tc, test_machine_does_not_come_back);
	tcase_add_test(tc, test_machine_comes_back_empty);
	tcase_add_test(tc, test_dead_for_sure);
	tcase_add_loop_test(tc, test_restart_both_agree, 0, 2);
	tcase_add_loop_test(tc, test_restart_machine_was_restarted_too, 0, 2);
	tcase_add_test(tc, test_restart_machine_holds_another);
	tcase_add_test(tc, test_restart_only_the_machine_knows);
	tcase_add_test(tc, test_restart_only_the_store_knows);
	tcase_add_test(tc, test_restart_in_preparation);
	tcase_add_test(tc, test_last_use_survives);
	tcase_add_test(tc, test_restart_gives_time_back);
	tcase_add_test(tc, test_rows);
	suite_add_tcase(s, tc);
	return s;
}
