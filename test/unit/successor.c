/*
 * successor.c - a machine's session that takes leave, and the one that is made
 * beside it: nothing of what is under way is lost, and nobody else may take over.
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

/* --- requests ----------------------------------------------------------------- */

struct call {
	int		 status;	/* 0: no head yet */
	struct body	*body;
	struct err	 why;
	bool		 failed;
};

static void
on_head(const struct http_resp *resp, void *arg)
{
	struct call	*c = arg;

	c->status = resp->status;
	c->body = resp->body;
}

static void
on_fail(const struct err *why, void *arg)
{
	struct call	*c = arg;

	c->failed = true;
	c->why = *why;
}

static const struct bclient_cb	call_cb = { on_head, on_fail };

static void
ask_m1(const char *method, const char *target, struct call *c)
{
	struct http_request	req = { .method = method, .target = target, .head_ms = -1 };

	memset(c, 0, sizeof *c);
	(void)bclient_send(machine_client(machine_named(&fx, "m1")), &req, &call_cb, c);
}

static void
get_ok(void)
{
	struct call	c;

	ask_m1("GET", "/x", &c);
	UNTIL(&fx, c.status == 200 || c.failed);
	ck_assert_msg(!c.failed, "%s", c.why.msg);
	UNTIL(&fx, buf_len(body_buf(c.body)) == 5);
	buf_drain(body_buf(c.body), 5);
	body_took(c.body);
	UNTIL(&fx, body_done(c.body));
	body_close(c.body);
	settle(&fx);
}

/* An answer that goes on until it is closed here. */
static struct call
follow(void)
{
	struct call	c;

	ask_m1("GET", "/follow", &c);
	UNTIL(&fx, c.status == 200);
	return c;
}

/* --- machines ----------------------------------------------------------------- */

/* The same process as of, but for what is changed before it dials. */
static struct fake *
fake_again(const struct fake *of)
{
	struct fake	*f = fake_new(&fx, of->name);

	snprintf(f->boot, sizeof f->boot, "%s", of->boot);
	snprintf(f->lease, sizeof f->lease, "%s", of->lease);
	return f;
}

static uint64_t
epoch(void)
{
	return machine_epoch(machine_named(&fx, "m1"));
}

static void
take_leave(struct fake *f)
{
	revdial_drain(f->rd);
	settle(&fx);
}

START_TEST(goes_on)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b;
	struct instance	*i = get_one(&fx, "alice", "b");
	struct call	 c = follow();

	get_ok();
	ck_assert_uint_eq(http_server_connections(a->server), 2);
	take_leave(a);
	b = fake_again(a);
	fake_connect(b);
	UNTIL(&fx, b->statuses == 1);
	settle(&fx);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
	ck_assert_uint_eq(epoch(), 1);
	ck_assert_uint_eq(b->statuses, 1);
	ck_assert_uint_eq(b->wipes, 0);
	get_ok();
	ck_assert_uint_eq(http_server_connections(b->server), 1);
	ck_assert_uint_eq(http_server_connections(a->server), 1);
	ck_assert(!a->down && !b->down);
	ck_assert(body_error(c.body) == NULL && !body_done(c.body));
	/* When that ends the older session is drained. */
	body_close(c.body);
	UNTIL(&fx, a->down);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_LEASED);
	ck_assert_ptr_nonnull(strstr(instance_name(i), "alice"));
	get_ok();
	ck_assert(!b->down);
}
END_TEST

static void
become_other(struct fake *f, int how)
{
	if (how == 0)
		snprintf(f->boot, sizeof f->boot, "boot2");
	else if (how == 1)
		f->lease[0] = '\0';
	else
		f->stock = true;
}

START_TEST(another_process_evicts)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b;
	struct call	 c;

	(void)get_one(&fx, "alice", "b");
	c = follow();
	take_leave(a);
	b = fake_again(a);
	become_other(b, _i);
	fake_connect(b);
	UNTIL(&fx, a->down);
	UNTIL(&fx, body_error(c.body) != NULL);
	body_close(c.body);
	UNTIL(&fx, b->statuses == 2);
	ck_assert_uint_eq(epoch(), 2);
	ck_assert(!b->down);
}
END_TEST

/* Without goodbyes the newer one is believed, as ever. */
START_TEST(who_took_no_leave_is_evicted)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b = fake_again(a);

	fake_connect(b);
	UNTIL(&fx, a->down && state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(epoch(), 2);
}
END_TEST

START_TEST(the_older_one_dies_first)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b;
	struct call	 c = follow();

	take_leave(a);
	b = fake_again(a);
	b->hold_status = true;
	fake_connect(b);
	UNTIL(&fx, b->statuses == 1);
	b->hold_status = false;
	fake_cut(a);
	UNTIL(&fx, b->statuses == 2);
	UNTIL(&fx, state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert_uint_eq(epoch(), 2);
	ck_assert_uint_eq(b->statuses, 2);
	ck_assert(!b->down && body_error(c.body) != NULL);
	body_close(c.body);
	get_ok();
}
END_TEST

/* One that says nothing, or goes again, changes nothing. */
START_TEST(no_use)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b, *later;
	struct call	 c = follow();

	take_leave(a);
	b = fake_again(a);
	b->hold_status = true;
	fake_connect(b);
	UNTIL(&fx, b->statuses == 1);
	if (_i == 0)
		advance(&fx, 10001);
	else
		fake_cut(b);
	UNTIL(&fx, _i == 1 || b->down);
	settle(&fx);
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_IDLE);
	ck_assert(!a->down && body_error(c.body) == NULL);
	later = fake_again(a);
	fake_connect(later);
	UNTIL(&fx, later->statuses == 1);
	settle(&fx);
	get_ok();
	ck_assert_uint_eq(epoch(), 1);
	body_close(c.body);
	UNTIL(&fx, a->down);
}
END_TEST

/* Nothing of a lease reaches into the next, over whichever session it began. */
START_TEST(a_lease_ends_everywhere)
{
	struct fake	*a = fake_idle(&fx, "m1"), *b;
	struct call	 c;

	(void)get_one(&fx, "alice", "b");
	c = follow();
	take_leave(a);
	b = fake_again(a);
	fake_connect(b);
	UNTIL(&fx, b->statuses == 1);
	settle(&fx);
	machine_release(machine_named(&fx, "m1"), "the test says so");
	UNTIL(&fx, body_error(c.body) != NULL && a->down);
	body_close(c.body);
	UNTIL(&fx, b->wipes == 1 && state_of(&fx, "m1") == MACHINE_IDLE);
	ck_assert(!b->down);
}
END_TEST

#define MANY	7

/* Some of the older ones last for long: so many are borne, then the oldest goes. */
START_TEST(many_successors)
{
	struct fake	*f[MANY] = { fake_idle(&fx, "m1") };
	struct call	 c[MANY];
	int		 i, cut = 0;

	for (i = 0; i < MANY; i++) {
		c[i] = follow();
		take_leave(f[i]);
		if (i == MANY - 1)
			break;
		f[i + 1] = fake_again(f[i]);
		fake_connect(f[i + 1]);
		UNTIL(&fx, f[i + 1]->statuses == 1);
		settle(&fx);
	}
	ck_assert_uint_eq(epoch(), 1);
	for (i = 0; i < MANY; i++) {
		cut += body_error(c[i].body) != NULL;
		ck_assert_int_eq(body_error(c[i].body) != NULL, i < MANY - 5);
		ck_assert_int_eq(f[i]->down, i < MANY - 5);
	}
	ck_assert_int_eq(cut, MANY - 5);
	/* The others end with the machine. */
	machine_disconnect(machine_named(&fx, "m1"), "the test says so");
	for (i = 0; i < MANY; i++) {
		UNTIL(&fx, f[i]->down);
		body_close(c[i].body);
	}
	ck_assert_int_eq(state_of(&fx, "m1"), MACHINE_GONE);
}
END_TEST

/* --- its client ---------------------------------------------------------------- */

static struct {
	bclient_opened_fn	 opened;
	void			*arg;
	int			 n;
} dialed;

static void
note_dial(void *arg, bclient_opened_fn opened, void *opened_arg)
{
	(void)arg;
	dialed.opened = opened;
	dialed.arg = opened_arg;
	dialed.n++;
}

/* A dial of before may be refused by who took leave: it is made again, once. */
START_TEST(dials_are_made_again)
{
	struct bclient		*bc = bclient_new(fx.loop, "m", note_dial, NULL, NULL);
	struct http_request	 req = { .method = "GET", .target = "/" };
	struct err		 e = ERR_INIT;
	struct call		 c;

	memset(&c, 0, sizeof c);
	memset(&dialed, 0, sizeof dialed);
	(void)err_set(&e, "takes leave");
	(void)bclient_send(bc, &req, &call_cb, &c);
	ck_assert_int_eq(dialed.n, 1);
	bclient_renew(bc);
	dialed.opened(NULL, &e, dialed.arg);
	ck_assert_int_eq(dialed.n, 2);
	settle(&fx);
	ck_assert(!c.failed);
	dialed.opened(NULL, &e, dialed.arg);
	UNTIL(&fx, c.failed);
	ck_assert_int_eq(dialed.n, 2);
	bclient_free(bc, "over");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite	*s = suite_create("successor");
	TCase	*t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, up, down);
	tcase_add_test(t, goes_on);
	tcase_add_loop_test(t, another_process_evicts, 0, 3);
	tcase_add_test(t, who_took_no_leave_is_evicted);
	tcase_add_test(t, the_older_one_dies_first);
	tcase_add_loop_test(t, no_use, 0, 2);
	tcase_add_test(t, a_lease_ends_everywhere);
	tcase_add_test(t, many_successors);
	tcase_add_test(t, dials_are_made_again);
	suite_add_tcase(s, t);
	return s;
}
