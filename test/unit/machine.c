/*
 * machine.c - machines join, are wiped, checked, evicted and lost; requests to
 * them are sent, kept apart and cut.
 */
#include "unit.h"

#include "coordinator/bclient.h"
#include "coordinator/core.h"
#include "coordinator/machine.h"
#include "core_fixture.h"

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

struct one_row {
	struct machine_row	row;
	char			reason[ERR_MAX], name[64];
};

static bool
see_row(const struct machine_row *row, void *arg)
{
	struct one_row	*o = arg;

	if (strcmp(row->name, o->name) != 0)
		return true;
	o->row = *row;
	snprintf(o->reason, sizeof o->reason, "%s", row->reason);
	return false;
}

static struct one_row
row_of(const char *name)
{
	struct one_row	o;

	memset(&o, 0, sizeof o);
	snprintf(o.name, sizeof o.name, "%s", name);
	o.row.state = MACHINE_STATES;
	machine_rows(fx.core->machines, NULL, see_row, &o);
	ck_assert_msg(o.row.state != MACHINE_STATES, "no row for %s", name);
	return o;
}

static void
check_gone(const char *name, const char *why)
{
	struct one_row	o;

	UNTIL(&fx, state_of(&fx, name) == MACHINE_GONE);
	o = row_of(name);
	ck_assert_msg(strstr(o.reason, why) != NULL, "gone: %s", o.reason);
	ck_assert_int_eq(o.row.connected, 0);
}

/* --- joining ---------------------------------------------------------------- */

START_TEST(test_join)
{
	struct fake	*f = fake_new(&fx, "m1");
	struct one_row	 o;

	f->yamux = _i != 0;
	fake_connect(f);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_JOINING);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(f->statuses, 1);
	ck_assert_uint_eq(f->wipes, 1);
	o = row_of("m1");
	ck_assert_int_eq(o.row.version, 29);
	ck_assert_uint_eq(o.row.epoch, 1);
	ck_assert_int_gt(o.row.connected, 0);
	ck_assert_int_gt(o.row.heard, 0);
	ck_assert_ptr_null(o.row.lease);
	ck_assert(machine_has(machine_named(&fx, "m1"), "lease"));
	ck_assert_str_eq(machine_boot(machine_named(&fx, "m1")), "boot1");
	ck_assert_ptr_eq(machine_first_idle(fx.core->machines, HOST), machine_named(&fx, "m1"));
	ck_assert_ptr_null(machine_first_idle(fx.core->machines, "host-y"));
}
END_TEST

START_TEST(test_join_stock)
{
	struct fake	*f = fake_new(&fx, "m1");

	f->stock = true;
	f->yamux = false;
	f->version = 23;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(f->wipes, 1);
	ck_assert_ptr_null(machine_boot(machine_named(&fx, "m1")));
}
END_TEST

START_TEST(test_too_old)
{
	struct fake	*f = fake_new(&fx, "m1");

	f->version = 22;
	fake_connect(f);
	check_gone("m1", "version 22 is too old");
	ck_assert_uint_eq(f->wipes, 0);
	UNTIL(&fx, f->down);
}
END_TEST

START_TEST(test_silent_at_first)
{
	struct fake	*f = fake_new(&fx, "m1");

	f->hold_status = true;
	fake_connect(f);
	UNTIL(&fx, f->statuses == 1);
	advance(&fx, 9000);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_JOINING);
	advance(&fx, 1001);
	check_gone("m1", "GET /status on machine m1");
}
END_TEST

START_TEST(test_newer_registration_evicts)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b = fake_new(&fx, "m1");

	fake_connect(b);
	UNTIL(&fx, a->down);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(machine_epoch(machine_named(&fx, "m1")), 2);
	ck_assert_uint_eq(b->statuses, 1);
	ck_assert(!b->down);
}
END_TEST

/* Cut off and back after another: two of them, which an operator gets to see. Its own
 * restart, or its network, are no reason. */
START_TEST(test_two_of_one_name)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b = fake_new(&fx, "m1");
	int		 i;

	snprintf(b->boot, sizeof b->boot, "boot2");
	for (i = 0; i < 3; i++) {	/* the same one, again and again */
		fake_connect(a);
		UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	}
	fake_connect(b);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(row_of("m1").reason, "");
	fake_connect(a);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(row_of("m1").reason,
	    "two machines use this name and evict each other");
	advance(&fx, 20 * 60 * 1000);
	ck_assert_str_eq(row_of("m1").reason, "");
}
END_TEST

START_TEST(test_two_of_one_name_in_quarantine)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b = fake_new(&fx, "m1");

	snprintf(b->boot, sizeof b->boot, "boot2");
	fake_connect(b);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	a->fail_wipe = true;
	fake_connect(a);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_QUARANTINED);
	ck_assert_ptr_nonnull(strstr(row_of("m1").reason, "the disk is on fire"));
}
END_TEST

START_TEST(test_no_room)
{
	struct machine_join	 j = { .name = "m2", .host_type = HOST, .hostname = "",
	    .peer = "p", .yamux = true };
	struct stream		*ends[2];
	struct err		 e = ERR_INIT;

	fx.cfg.machines_max = 1;
	fix_restart(&fx);
	(void)fake_idle(&fx, "m1");
	stream_pair(fx.loop, ends);
	ck_assert_int_eq(machine_register(fx.core, &j, ends[0], &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "m2"));
	stream_close(ends[1]);
	/* One that is gone makes room. */
	fake_cut(fx.fakes);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	(void)fake_idle(&fx, "m3");
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_STATES);
}
END_TEST

START_TEST(test_forgotten)
{
	fx.cfg.forget_ms = 60000;
	fix_restart(&fx);
	fake_cut(fake_idle(&fx, "m1"));
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_GONE);
	advance(&fx, 59000);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_GONE);
	advance(&fx, 1001);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_STATES);
}
END_TEST

/* --- wiping ----------------------------------------------------------------- */

START_TEST(test_quarantine)
{
	struct fake	*f = fake_new(&fx, "m1");

	f->fail_wipe = true;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_QUARANTINED);
	ck_assert_ptr_nonnull(strstr(row_of("m1").reason, "the disk is on fire"));
	ck_assert_ptr_nonnull(strstr(row_of("m1").reason, "machine m1"));
	advance(&fx, 29000);
	ck_assert_uint_eq(f->wipes, 1);
	advance(&fx, 1001);
	UNTIL(&fx, f->wipes == 2 && state_of(&fx, "m1") == MACHINE_QUARANTINED);
	advance(&fx, 31000);			/* the second pause is longer */
	ck_assert_uint_eq(f->wipes, 2);
	f->fail_wipe = false;
	advance(&fx, 30000);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_str_eq(row_of("m1").reason, "");
}
END_TEST

START_TEST(test_wipe_has_a_deadline)
{
	struct fake	*f = fake_new(&fx, "m1");

	f->hold_wipe = true;
	fake_connect(f);
	UNTIL(&fx, f->wipes == 1);
	advance(&fx, 121000);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_QUARANTINED);
}
END_TEST

START_TEST(test_drain)
{
	struct fake	*f = fake_idle(&fx, "m1");

	machine_drain(machine_named(&fx, "m1"), true);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_DRAINING);
	ck_assert_ptr_null(machine_first_idle(fx.core->machines, HOST));
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_DRAINING);
	machine_drain(machine_named(&fx, "m1"), false);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_IDLE);
}
END_TEST

/* What an operator wants outlives us, also of a machine that is not there. */
START_TEST(test_drain_survives)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct err	 e = ERR_INIT;

	ck_assert_int_eq(core_drain(fx.core, "m9", true, "operator", "p", &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "no machine"));
	ck_assert_int_eq(core_drain(fx.core, "m1", true, "operator", "p", &e), 0);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_DRAINING);
	fix_restart(&fx);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_GONE);
	ck_assert(row_of("m1").row.drain);
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_DRAINING);
	ck_assert_int_eq(core_drain(fx.core, "m1", false, "operator", "p", &e), 0);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_IDLE);
	fix_restart(&fx);
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
}
END_TEST

START_TEST(test_halt)
{
	struct fake	*f = fake_idle(&fx, "m1");

	ck_assert(machine_halt(machine_named(&fx, "m1"), "enough"));
	check_gone("m1", "halted");
	ck_assert_uint_eq(f->halts, 1);
	ck_assert(!machine_halt(machine_named(&fx, "m1"), "enough"));
}
END_TEST

/* --- signs of life ------------------------------------------------------------ */

START_TEST(test_v2_is_asked_and_dies_of_silence)
{
	struct fake	*f = fake_new(&fx, "m1");
	int		 i;

	f->yamux = false;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	for (i = 0; i < 3; i++) {
		advance(&fx, 12001);
		UNTIL(&fx, f->statuses == (unsigned)i + 2);
	}
	settle(&fx);
	f->hold_status = true;
	advance(&fx, 12001);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_IDLE);
		advance(&fx, 5001);
		advance(&fx, 1);
	}
	advance(&fx, 5001);
	check_gone("m1", "no good answer to 3 status requests");
}
END_TEST

/* --- requests ----------------------------------------------------------------- */

struct call {
	unsigned	 heads, fails;
	int		 status;
	struct err	 why;
	struct body	*body;
};

static void
on_head(const struct http_resp *resp, void *arg)
{
	struct call	*c = arg;

	c->heads++;
	c->status = resp->status;
	c->body = resp->body;
}

static void
on_fail(const struct err *why, void *arg)
{
	struct call	*c = arg;

	c->fails++;
	c->why = *why;
}

static const struct bclient_cb	call_cb = { on_head, on_fail };

static struct bclient_call *
send_to(const char *name, const char *method, const char *target, struct call *c)
{
	struct http_request	req = { .method = method, .target = target, .head_ms = -1 };

	memset(c, 0, sizeof *c);
	return bclient_send(machine_client(machine_named(&fx, name)), &req, &call_cb, c);
}

static void
get_ok(const char *name, const char *target)
{
	struct call	c;

	(void)send_to(name, "GET", target, &c);
	UNTIL(&fx, c.heads + c.fails > 0);
	ck_assert_msg(c.heads == 1, "%s", c.why.msg);
	ck_assert_int_eq(c.status, 200);
	UNTIL(&fx, buf_len(body_buf(c.body)) == 5);
	buf_drain(body_buf(c.body), 5);
	body_took(c.body);
	UNTIL(&fx, body_done(c.body));
	body_close(c.body);
	settle(&fx);
}

START_TEST(test_connections_are_kept)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct bclient	*bc = machine_client(machine_named(&fx, "m1"));
	int		 i;

	for (i = 0; i < 10; i++)
		get_ok("m1", "/x");
	ck_assert_uint_eq(bclient_conns(bc), 1);
	ck_assert_uint_eq(http_server_connections(f->server), 1);
	ck_assert_uint_eq(bclient_answers(bc), 12);
	advance(&fx, BCLIENT_KEEP_MS + 1);
	ck_assert_uint_eq(bclient_conns(bc), 0);
	get_ok("m1", "/x");
}
END_TEST

START_TEST(test_stale_connection)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct call	 c;

	get_ok("m1", "/x");
	f->abort_next = true;		/* the kept one dies when it is used */
	get_ok("m1", "/x");
	ck_assert(!f->abort_next);
	/* The first request of a new connection is not tried again. */
	advance(&fx, BCLIENT_KEEP_MS + 1);
	f->abort_next = true;
	(void)send_to("m1", "GET", "/x?secret=1", &c);
	UNTIL(&fx, c.heads + c.fails > 0);
	ck_assert_uint_eq(c.fails, 1);
	ck_assert_ptr_nonnull(strstr(c.why.msg, "/x"));
	ck_assert_ptr_nonnull(strstr(c.why.msg, "machine m1"));
}
END_TEST

START_TEST(test_cut)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct call	 a, b;

	(void)send_to("m1", "POST", "/exec", &a);
	UNTIL(&fx, f->execs == 1);
	(void)send_to("m1", "POST", "/exec", &b);
	bclient_cut(machine_client(machine_named(&fx, "m1")), "the lease ended");
	ck_assert_uint_eq(a.fails + b.fails, 0);	/* not from inside our call */
	UNTIL(&fx, a.fails == 1 && b.fails == 1);
	ck_assert_ptr_nonnull(strstr(a.why.msg, "the lease ended"));
	ck_assert_int_eq(a.why.code, BCLIENT_CUT);
	UNTIL(&fx, f->closed == 1);
	get_ok("m1", "/x");
}
END_TEST

START_TEST(test_cancel)
{
	struct fake		*f = fake_idle(&fx, "m1");
	struct bclient_call	*p;
	struct call		 a, b;

	p = send_to("m1", "POST", "/exec", &a);
	UNTIL(&fx, f->execs == 1);
	bclient_cancel(p);
	UNTIL(&fx, f->closed == 1);
	/* While its dial is under way, and while it is about to fail. */
	f->yamux = false;
	fake_connect(f);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	p = send_to("m1", "POST", "/exec", &b);
	bclient_cancel(p);
	p = send_to("m1", "POST", "/exec", &b);
	bclient_cut(machine_client(machine_named(&fx, "m1")), "x");
	bclient_cancel(p);
	settle(&fx);
	ck_assert_uint_eq(a.heads + a.fails + b.heads + b.fails, 0);
}
END_TEST

START_TEST(test_calls_fail_when_the_machine_goes)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct call	 c;

	(void)send_to("m1", "POST", "/exec", &c);
	UNTIL(&fx, f->execs == 1);
	machine_disconnect(machine_named(&fx, "m1"), "an operator said so");
	UNTIL(&fx, c.fails == 1);
	ck_assert_ptr_nonnull(strstr(c.why.msg, "an operator said so"));
	ck_assert_ptr_null(machine_client(machine_named(&fx, "m1")));
}
END_TEST

/* The machine dials again while the old connection still stands (a link that was
 * cut without a word): whoever reads from it is broken off at once. */
START_TEST(test_answers_break_off_when_it_registers_again)
{
	struct fake	*f = fake_idle(&fx, "m1"), *again = fake_new(&fx, "m1");
	struct call	 c;

	(void)send_to("m1", "GET", "/follow", &c);
	UNTIL(&fx, c.heads == 1);
	ck_assert_ptr_null(body_error(c.body));
	fake_connect(again);
	UNTIL(&fx, body_error(c.body) != NULL);
	body_close(c.body);
	UNTIL(&fx, f->down);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert(!again->down);
}
END_TEST

START_TEST(test_too_many_at_once)
{
	static struct call	 calls[BCLIENT_CONNS + 1];
	size_t			 i;

	(void)fake_idle(&fx, "m1");
	get_ok("m1", "/x");
	for (i = 0; i <= BCLIENT_CONNS; i++)
		(void)send_to("m1", "POST", "/exec", &calls[i]);
	UNTIL(&fx, calls[BCLIENT_CONNS].fails == 1);
	ck_assert_int_eq(calls[BCLIENT_CONNS].why.code, BCLIENT_BUSY);
	ck_assert_uint_eq(calls[0].fails, 0);
	machine_disconnect(machine_named(&fx, "m1"), "enough");
	UNTIL(&fx, calls[0].fails == 1 && calls[BCLIENT_CONNS - 1].fails == 1);
}
END_TEST

struct answer {
	unsigned	n;
	int		status;
	char		text[100];
	struct err	why;
};

static void
on_answer(int status, const char *text, size_t len, const struct err *why, void *arg)
{
	struct answer	*a = arg;

	(void)len;
	a->n++;
	a->status = status;
	if (text != NULL)
		snprintf(a->text, sizeof a->text, "%s", text);
	if (why != NULL)
		a->why = *why;
}

START_TEST(test_ask)
{
	struct fake	*f = fake_idle(&fx, "m1");
	struct bclient	*bc = machine_client(machine_named(&fx, "m1"));
	struct answer	 a = { 0 };

	bclient_ask(bc, "GET", "/x", NULL, 1000, on_answer, &a);
	UNTIL(&fx, a.n == 1);
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(a.text, "hello");
	bclient_ask(bc, "GET", "/big", NULL, 1000, on_answer, &a);
	UNTIL(&fx, a.n == 2);
	ck_assert_int_eq(a.status, 0);
	ck_assert_int_ne(a.why.msg[0], '\0');
	memset(&a.why, 0, sizeof a.why);
	bclient_ask(bc, "GET", "/exec", NULL, 1000, on_answer, &a);
	UNTIL(&fx, f->execs == 1);
	advance(&fx, 1001);
	UNTIL(&fx, a.n == 3);
	ck_assert_int_eq(a.status, 0);
	ck_assert_int_eq(a.why.code, STREAM_TIMEOUT);
	UNTIL(&fx, f->closed == 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("machine");
	TCase	*tc = tcase_create("machine");

	tcase_add_checked_fixture(tc, up, down);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_join, 0, 2);
	tcase_add_test(tc, test_join_stock);
	tcase_add_test(tc, test_too_old);
	tcase_add_test(tc, test_silent_at_first);
	tcase_add_test(tc, test_newer_registration_evicts);
	tcase_add_test(tc, test_two_of_one_name);
	tcase_add_test(tc, test_two_of_one_name_in_quarantine);
	tcase_add_test(tc, test_no_room);
	tcase_add_test(tc, test_forgotten);
	tcase_add_test(tc, test_quarantine);
	tcase_add_test(tc, test_wipe_has_a_deadline);
	tcase_add_test(tc, test_drain);
	tcase_add_test(tc, test_drain_survives);
	tcase_add_test(tc, test_halt);
	tcase_add_test(tc, test_v2_is_asked_and_dies_of_silence);
	tcase_add_test(tc, test_connections_are_kept);
	tcase_add_test(tc, test_stale_connection);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_cancel);
	tcase_add_test(tc, test_calls_fail_when_the_machine_goes);
	tcase_add_test(tc, test_answers_break_off_when_it_registers_again);
	tcase_add_test(tc, test_too_many_at_once);
	tcase_add_test(tc, test_ask);
	suite_add_tcase(s, tc);
	return s;
}
