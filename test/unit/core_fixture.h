/*
 * core_fixture.h - a whole coordinator core on a store in a scratch directory,
 * and machines made of a stream pair, revdial and a small HTTP server that
 * answers as a buildlet. For the unit tests of the coordinator.
 */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "coordinator/core.h"
#include "http/req.h"
#include "http/server.h"
#include "io/buf.h"
#include "io/loop.h"
#include "io/stream.h"

#define HOST	"host-x"
#define LONG_MS	((int64_t)1000 * 3600 * 1000)

struct fake;

struct fix {
	char		 dir[512];
	struct loop	*loop;
	struct store	*store;
	struct catalog	*catalog;
	struct core_config cfg;
	struct core	*core;
	struct http_server *pickups;	/* GET /revdial of v2 machines */
	struct fake	*fakes;
};

/* --- machines --------------------------------------------------------------- */

struct fake {			/* what a buildlet is to the coordinator */
	struct fix		*fx;
	struct fake		*next;
	char			 name[64];
	bool			 yamux;
	int			 version;
	bool			 stock;		/* no lease, no boot */
	char			 boot[16];
	char			 lease[STORE_LEASE_MAX];
	struct revdial		*rd;
	struct http_server	*server;
	unsigned		 statuses, wipes, execs, halts, closed;
	bool			 hold_status, hold_wipe;	/* no answer */
	bool			 fail_wipe;
	bool			 abort_next;	/* the next request is cut without answer */
	bool			 down;
};

static UNUSED void
fake_status(struct fake *f, struct http_req *r)
{
	f->statuses++;
	if (f->hold_status)
		return;
	if (f->stock)
		reply_text(r, 200, req_printf(r, "{\"Version\":%d}", f->version));
	else if (f->lease[0] == '\0')
		reply_text(r, 200, req_printf(r, "{\"Version\":%d,\"Features\":[\"lease\"],"
		    "\"Boot\":\"%s\"}", f->version, f->boot));
	else
		reply_text(r, 200, req_printf(r, "{\"Version\":%d,\"Features\":[\"lease\"],"
		    "\"Boot\":\"%s\",\"Lease\":\"%s\"}", f->version, f->boot, f->lease));
}

static UNUSED void
fake_wipe(struct fake *f, struct http_req *r, const char *lease)
{
	f->wipes++;
	if (f->hold_wipe)
		return;
	if (f->fail_wipe) {
		reply_error(r, 500, "the disk is on fire");
		return;
	}
	if (lease != NULL)
		snprintf(f->lease, sizeof f->lease, "%s", lease);
	reply_text(r, 200, "OK");
}

static UNUSED void
on_exec_done(void *arg)
{
	((struct fake *)arg)->closed++;
}

static UNUSED void
fake_form(char *text, size_t len, const struct err *why, void *arg)
{
	struct http_req	*r = arg;
	struct fake	*f = req_data(r);
	struct form	*form;

	if (text == NULL)
		ck_abort_msg("form: %s", why->msg);
	form = form_parse(text, len, 10, NULL);
	ck_assert(form != NULL);
	if (strcmp(req_path(r), "/lease") == 0) {
		ck_assert_str_eq(form_get(form, "wipe"), "1");
		fake_wipe(f, r, form_get(form, "id"));
	} else {
		ck_assert_str_eq(form_get(form, "path"), ".");
		fake_wipe(f, r, NULL);
	}
	form_free(form);
	free(text);
}

static UNUSED void
on_fake_request(struct http_req *r, void *arg)
{
	struct fake	*f = arg;

	req_set_data(r, f);
	if (strcmp(req_path(r), "/status") == 0) {
		fake_status(f, r);
	} else if (strcmp(req_path(r), "/lease") == 0 ||
	    strcmp(req_path(r), "/removeall") == 0) {
		body_collect(req_take_body(r), 4096, fake_form, r);
	} else if (strcmp(req_path(r), "/exec") == 0) {	/* never answers */
		f->execs++;
		req_on_done(r, on_exec_done, f);
	} else if (f->abort_next) {
		f->abort_next = false;
		req_abort(r, "the test says so");
	} else if (strcmp(req_path(r), "/big") == 0) {
		reply_data(r, 200, "text/plain", memset(req_alloc(r, 100000), 'x', 100000),
		    100000);
	} else if (strcmp(req_path(r), "/halt") == 0) {
		f->halts++;
		reply_text(r, 200, "");
	} else {
		reply_text(r, 200, "hello");
	}
}

static UNUSED void
on_fake_accept(struct revdial *rd, struct stream *s, void *arg)
{
	(void)rd;
	http_server_serve(((struct fake *)arg)->server, s);
}

static UNUSED void
on_fake_down(struct revdial *rd, const struct err *why, void *arg)
{
	(void)rd;
	(void)why;
	((struct fake *)arg)->down = true;
}

static UNUSED struct stream *
fake_pickup(void *arg)
{
	struct fake	*f = arg;
	struct stream	*ends[2];

	stream_pair(f->fx->loop, ends);
	http_server_serve(f->fx->pickups, ends[0]);
	return ends[1];
}

static UNUSED void
on_picked_up(struct stream *s, void *arg)
{
	revdial_pickup_deliver(arg, s);
}

static UNUSED void
on_pickup_request(struct http_req *r, void *arg)
{
	struct fix		*fx = arg;
	const char		*secret = req_param(r, "revdial.dialer");
	struct revdial_pickup	*p;

	p = secret == NULL ? NULL : revdial_pickups_claim(fx->core->pickups, secret);
	if (p == NULL)
		reply_error(r, 400, "unknown dialer");
	else
		reply_upgrade(r, 101, on_picked_up, p);
}

/* Dials in, or again; the core sees a registration. */
static UNUSED void
fake_connect(struct fake *f)
{
	static const struct revdial_cb	 cb = { on_fake_accept, on_fake_down };
	struct revdial_config		 rc = { .ping_ms = LONG_MS, .dead_ms = LONG_MS };
	struct http_limits		 hl = { .idle_ms = LONG_MS, .head_ms = LONG_MS };
	struct machine_join		 j = { .name = f->name, .host_type = HOST,
	    .hostname = f->name, .peer = "127.0.0.1:1", .yamux = f->yamux };
	struct stream			*ends[2];
	struct err			 e = ERR_INIT;

	if (f->rd != NULL)
		revdial_free(f->rd);
	http_server_free(f->server);
	f->server = http_server_new(f->fx->loop, &hl, on_fake_request, f);
	f->down = false;
	stream_pair(f->fx->loop, ends);
	f->rd = f->yamux ?
	    revdial_yamux(f->fx->loop, ends[1], false, &rc, &cb, f) :
	    revdial_v2_listener(f->fx->loop, ends[1], fake_pickup, f, &rc, &cb, f);
	ck_assert_msg(machine_register(f->fx->core, &j, ends[0], &e) == 0, "%s", e.msg);
}

static UNUSED void
fake_cut(struct fake *f)
{
	if (f->rd != NULL)
		revdial_free(f->rd);
	f->rd = NULL;
	http_server_free(f->server);
	f->server = NULL;
}

static UNUSED struct fake *
fake_new(struct fix *fx, const char *name)
{
	struct fake	*f = xcalloc(1, sizeof *f);

	f->fx = fx;
	f->next = fx->fakes;
	fx->fakes = f;
	f->yamux = true;
	f->version = 29;
	snprintf(f->boot, sizeof f->boot, "boot1");
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

/* --- time ------------------------------------------------------------------- */

#define UNTIL(fx, cond) do {						\
	int	until_n;						\
	for (until_n = 0; until_n < 2000 && !(cond); until_n++)		\
		loop_turn((fx)->loop, 5);				\
	ck_assert_msg(cond, "never came: %s", #cond);			\
} while (0)

/* Lets everything happen that can. */
static UNUSED void
settle(struct fix *fx)
{
	int	i;

	for (i = 0; i < 40; i++)
		loop_turn(fx->loop, 0);
}

static UNUSED void
advance(struct fix *fx, int64_t ms)
{
	clock_advance(loop_clock(fx->loop), ms);
	loop_turn(fx->loop, 0);
	core_sweep(fx->core);
	settle(fx);
}

static UNUSED struct machine *
machine_named(struct fix *fx, const char *name)
{
	struct machine	*m = machine_find(fx->core->machines, name);

	ck_assert_msg(m != NULL, "no machine %s", name);
	return m;
}

static UNUSED enum machine_state
state_of(struct fix *fx, const char *name)
{
	struct machine	*m = machine_find(fx->core->machines, name);

	return m == NULL ? MACHINE_STATES : machine_state(m);
}

/* --- the whole -------------------------------------------------------------- */

static UNUSED void
add_host(struct catalog *c, const char *name, const char *pool, size_t limit)
{
	struct host_type	h = { .name = (char *)name, .pool = (char *)pool,
	    .limit = limit };
	struct err		e = ERR_INIT;

	ck_assert_msg(catalog_add_host(c, &h, &e) == 0, "%s", e.msg);
}

static UNUSED void
add_builder(struct catalog *c, const char *name, const char *host_type, int64_t idle_ms)
{
	struct builder_type	b = { .name = (char *)name, .host_type = (char *)host_type,
	    .idle_ms = idle_ms };
	struct err		e = ERR_INIT;

	ck_assert_msg(catalog_add_builder(c, &b, &e) == 0, "%s", e.msg);
}

static UNUSED void
fix_core(struct fix *fx)
{
	struct err	e = ERR_INIT;
	char		path[600];

	snprintf(path, sizeof path, "%s/db", fx->dir);
	fx->store = store_open(path, &e);
	ck_assert_msg(fx->store != NULL, "%s", e.msg);
	fx->core = core_new(fx->loop, fx->catalog, fx->store, &fx->cfg, &e);
	ck_assert_msg(fx->core != NULL, "%s", e.msg);
}

static UNUSED void
fix_up(struct fix *fx)
{
	struct err	e = ERR_INIT;

	memset(fx, 0, sizeof *fx);
	log_set_level(getenv("UNIT_DEBUG") == NULL ? LOG_ERROR : LOG_DEBUG);
	snprintf(fx->dir, sizeof fx->dir, "%s/core.XXXXXX",
	    getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	ck_assert(mkdtemp(fx->dir) != NULL);
	fx->loop = loop_new(&e);
	ck_assert_msg(fx->loop != NULL, "%s", e.msg);
	fx->catalog = catalog_new();
	add_host(fx->catalog, HOST, "reverse", 0);
	add_builder(fx->catalog, "b", HOST, 60000);
	add_builder(fx->catalog, "slow", HOST, LONG_MS / 2);
	fx->cfg = (struct core_config){ .state_dir = fx->dir, .grace_ms = 300000,
	    .forget_ms = LONG_MS,
	    .revdial = { .ping_ms = LONG_MS, .dead_ms = LONG_MS } };
	fx->pickups = http_server_new(fx->loop, NULL, on_pickup_request, fx);
	fix_core(fx);
}

/* The coordinator ends and starts anew: machines are cut, the store is read again. */
static UNUSED void
fix_restart(struct fix *fx)
{
	struct fake	*f;

	core_free(fx->core);
	store_close(fx->store);
	for (f = fx->fakes; f != NULL; f = f->next)
		fake_cut(f);
	settle(fx);
	fix_core(fx);
}

static UNUSED void
fix_down(struct fix *fx)
{
	struct fake	*f;
	char		*up;
	int		 parent;

	core_free(fx->core);
	while ((f = fx->fakes) != NULL) {
		fake_cut(f);
		fx->fakes = f->next;
		settle(fx);
		free(f);
	}
	http_server_free(fx->pickups);
	settle(fx);
	store_close(fx->store);
	catalog_unref(fx->catalog);
	loop_free(fx->loop);
	up = path_dir(fx->dir);
	parent = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(tree_remove(parent, path_base(fx->dir), NULL) == 0);
	close(parent);
	free(up);
}

/* A machine, clean and idle. */
static UNUSED struct fake *
fake_idle(struct fix *fx, const char *name)
{
	struct fake	*f = fake_new(fx, name);

	fake_connect(f);
	UNTIL(fx, state_of(fx, name) == MACHINE_IDLE);
	return f;
}

/* --- requests --------------------------------------------------------------- */

struct ask {			/* somebody who asks for an instance */
	struct request	*request;
	struct instance	*got;
	char		 name[STORE_LEASE_MAX];
	struct err	 why;
	bool		 over;
	unsigned	 order;
};

static UNUSED unsigned *
granted_count(void)
{
	static unsigned	n;

	return &n;
}

static UNUSED void
on_granted(struct instance *i, const struct err *why, void *arg)
{
	struct ask	*a = arg;

	ck_assert(!a->over);
	a->over = true;
	a->request = NULL;
	a->got = i;
	a->order = ++*granted_count();
	if (i != NULL)
		snprintf(a->name, sizeof a->name, "%s", instance_name(i));
	else
		a->why = *why;
}

static UNUSED struct user
user_of(const char *name, int64_t max)
{
	struct user	u;

	memset(&u, 0, sizeof u);
	snprintf(u.name, sizeof u.name, "%s", name);
	snprintf(u.key, sizeof u.key, "user-%s", name);
	u.instances_max = max;
	return u;
}

static UNUSED void
ask_for(struct fix *fx, struct ask *a, const char *user, const char *builder)
{
	struct user	u = user_of(user, -1);
	struct err	e = ERR_INIT;

	memset(a, 0, sizeof *a);
	a->request = sched_request(fx->core, &u, builder, "peer", on_granted, a, &e);
	ck_assert_msg(a->request != NULL, "%s", e.msg);
}

static UNUSED struct instance *
get_one(struct fix *fx, const char *user, const char *builder)
{
	struct ask	a;

	ask_for(fx, &a, user, builder);
	UNTIL(fx, a.over);
	ck_assert_msg(a.got != NULL, "%s", a.why.msg);
	return a.got;
}

#endif
