/*
 * core_fixture.h - a whole coordinator core on a store in a scratch directory,
 * and fake machines. For the unit tests of the coordinator.
 */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include "fake_machine.h"

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
	a->request = sched_request(fx->core, &u,
	    &(struct sched_order){ .builder_type = builder, .peer = "peer" }, on_granted, a, &e);
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
