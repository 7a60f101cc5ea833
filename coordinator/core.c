/*
 * core.c - makes the parts, tells one what happened in another, sweeps.
 */
#include "coordinator/core.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "base/xmalloc.h"

#define SWEEP_MS	1000
#define PRUNE_MS	(60 * 60 * 1000)
#define PRUNE_ROWS	1000
#define MINUTE_MS	((int64_t)60 * 1000)
#define DAY_MS		(24 * 60 * MINUTE_MS)
#define GIB		((int64_t)1024 * 1024 * 1024)

static const struct pool_ops *const pool_ops[CORE_POOLS] = {
	&pool_reverse_ops,
	&pool_local_ops,
};

struct core_self {
	struct timer	*sweep;
	struct map	*demand;	/* host types whose pool must be told */
	bool		 telling;	/* tell_demand waits for its turn */
	int64_t		 prune_at;
	size_t		 stopping;	/* pools that have not stopped yet */
	void		(*done)(void *);
	void		*done_arg;
};

/* --- pools ------------------------------------------------------------------ */

static size_t
pool_of(const struct core *core, const char *host_type)
{
	const struct host_type	*h = catalog_host(core->catalog, host_type);
	size_t			 i;

	for (i = 0; h != NULL && i < CORE_POOLS; i++) {
		if (strcmp(h->pool, pool_ops[i]->name) == 0)
			return i;
	}
	return CORE_POOLS;
}

void
core_describe_pool(struct core *core, const char *host_type, struct pool_row *out)
{
	size_t	i = pool_of(core, host_type);

	memset(out, 0, sizeof *out);
	if (i < CORE_POOLS)
		pool_ops[i]->describe(core->pools[i], host_type, out);
}

/* One machine for each who waits or has one; those that are of no use do not count. */
static size_t
needed(struct core *core, const char *host_type)
{
	struct machine_count	c;

	machine_counts(core->machines, host_type, &c);
	return sched_waiting(core, host_type) + instance_count_type(core, host_type) +
	    c.in[MACHINE_QUARANTINED] + c.in[MACHINE_DRAINING];
}

static void
tell_demand(void *arg)
{
	struct core	*core = arg;
	const char	*host_type;
	size_t		 i, it = 0;

	core->self->telling = false;
	while (map_next(core->self->demand, &it, &host_type, NULL)) {
		i = pool_of(core, host_type);
		if (i < CORE_POOLS && !core->stopping)
			pool_ops[i]->want(core->pools[i], host_type, needed(core, host_type));
		map_del(core->self->demand, host_type);
	}
}

void
core_demand(struct core *core, const char *host_type)
{
	struct core_self	*self = core->self;

	map_set(self->demand, host_type, self);
	if (self->telling)
		return;
	self->telling = true;
	loop_defer(core->loop, tell_demand, core);
}

static void
tell_pools(struct core *core, const struct machine *m, enum pool_event ev)
{
	size_t	i;

	for (i = 0; i < CORE_POOLS; i++)
		pool_ops[i]->event(core->pools[i], machine_name(m), ev);
	core_demand(core, machine_host_type(m));
}

static int
host_port(void *arg)
{
	return ((struct core *)arg)->port;
}

static char *
host_token(const char *host_type, const char *name, void *arg)
{
	struct core	*core = arg;
	struct err	 e = ERR_INIT;

	/* One that is started again gets another key. */
	if (store_key_delete(core->store, name, &e) == -1)
		log_error("machine %s: %s", name, e.msg);
	return auth_join_token(core, host_type, name, core->cfg.local_start_ms);
}

static void
host_dead(const char *name, const char *why, void *arg)
{
	struct core	*core = arg;
	struct machine	*m = machine_find(core->machines, name);
	struct err	 e = ERR_INIT;

	if (store_key_delete(core->store, name, &e) == -1 ||
	    store_drain_delete(core->store, name, &e) == -1)
		log_error("machine %s: %s", name, e.msg);
	if (m != NULL)
		machine_disconnect(m, why);
	instances_dead(core->instances, name, why);
}

static bool
host_halt(const char *name, void *arg)
{
	struct core	*core = arg;
	struct machine	*m = machine_find(core->machines, name);

	return m != NULL && machine_halt(m, "not needed any more");
}

static bool
host_leased(const char *name, void *arg)
{
	return instance_on(arg, name);
}

/* --- machines --------------------------------------------------------------- */

static void
on_joined(struct machine *m, const struct api_status *st, void *arg)
{
	struct core	*core = arg;

	tell_pools(core, m, POOL_JOINED);
	instances_reconcile(core->instances, m, st);
}

static void
on_idle(struct machine *m, void *arg)
{
	struct core	*core = arg;

	tell_pools(core, m, POOL_IDLE);
	sched_dispatch(core->sched, machine_host_type(m));
}

static void
on_busy(struct machine *m, void *arg)
{
	tell_pools(arg, m, POOL_BUSY);
}

static void
on_lost(struct machine *m, const char *why, void *arg)
{
	struct core	*core = arg;

	instances_lost(core->instances, m, why);
	if (!machine_connected(m))
		tell_pools(core, m, POOL_LOST);
}

/* --- the whole -------------------------------------------------------------- */

static char *
dup_or_null(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static void
or_default(int64_t *v, int64_t fallback)
{
	if (*v <= 0)
		*v = fallback;
}

static void
config_copy(struct core_config *to, const struct core_config *from)
{
	*to = *from;
	to->state_dir = xstrdup(from->state_dir);
	to->buildlet = dup_or_null(from->buildlet);
	to->master_key = dup_or_null(from->master_key);
	to->dev_key = dup_or_null(from->dev_key);
	or_default(&to->grace_ms, 5 * MINUTE_MS);
	or_default(&to->join_ms, 10000);
	or_default(&to->probe_ms, 12000);
	or_default(&to->status_ms, 5000);
	or_default(&to->clean_ms, 2 * MINUTE_MS);
	or_default(&to->retry_ms, 30000);
	or_default(&to->forget_ms, 10 * MINUTE_MS);
	or_default(&to->local_start_ms, MINUTE_MS);
	or_default(&to->local_idle_ms, 5 * MINUTE_MS);
	or_default(&to->keep_ms, 90 * DAY_MS);
	or_default(&to->tail_keep_ms, DAY_MS);
	or_default(&to->exec_poll_ms, 5000);
	or_default(&to->save_ms, 5000);
	or_default(&to->upload_keep_ms, 10 * MINUTE_MS);
	if (to->upload_space == 0)
		to->upload_space = 4 * GIB;
	or_default(&to->user_upload_space, 2 * GIB);
	if (to->machines_max == 0)
		to->machines_max = 20000;
	if (to->queue_max == 0)
		to->queue_max = 10000;
}

static void
config_free(struct core_config *c)
{
	free((char *)c->state_dir);
	free((char *)c->buildlet);
	free((char *)c->master_key);
	free((char *)c->dev_key);
}

static int
pools_start(struct core *core, struct err *e)
{
	struct pool_host	host = {
		.loop = core->loop,
		.state_dir = core->cfg.state_dir,
		.buildlet = core->cfg.buildlet,
		.start_ms = core->cfg.local_start_ms,
		.idle_ms = core->cfg.local_idle_ms,
		.port = host_port,
		.token = host_token,
		.dead = host_dead,
		.halt = host_halt,
		.leased = host_leased,
		.arg = core,
	};
	size_t			i;

	for (i = 0; i < CORE_POOLS; i++) {
		core->pools[i] = pool_ops[i]->start(&host, e);
		if (core->pools[i] == NULL)
			return -1;
		pool_ops[i]->types(core->pools[i], core->catalog);
	}
	return 0;
}

/* Where they cannot be kept clients send what they have to each instance. */
static void
uploads_start(struct core *core)
{
	char			*dir = xasprintf("%s/uploads", core->cfg.state_dir);
	struct uploads_config	 cfg = { .dir = dir,
	    .max = (uint64_t)core->cfg.upload_space,
	    .user_max = (uint64_t)core->cfg.user_upload_space,
	    .keep_ms = core->cfg.upload_keep_ms };
	struct err		 e = ERR_INIT;

	if (core->cfg.upload_space > 0 &&
	    (core->uploads = uploads_new(core->loop, &cfg, &e)) == NULL)
		log_warn("no uploads are kept: %s", e.msg);
	free(dir);
}

static void
on_sweep(void *arg)
{
	core_sweep(arg);
}

struct core *
core_new(struct loop *loop, struct catalog *catalog, struct store *store,
    const struct core_config *cfg, struct err *e)
{
	static const struct machine_events	events = {
		on_joined, on_idle, on_busy, on_lost
	};
	struct core				*core = xcalloc(1, sizeof *core);

	core->loop = loop;
	core->catalog = catalog_ref(catalog);
	core->store = store;
	config_copy(&core->cfg, cfg);
	core->self = xcalloc(1, sizeof *core->self);
	core->self->demand = map_new();
	core->auth = auth_new(core);
	core->pickups = revdial_pickups_new(loop);
	core->budget = revdial_budget_new(cfg->stream_memory);
	core->cfg.revdial.budget = core->budget;
	core->machines = machines_new(core, &events, core);
	core->execs = execs_new(core);
	core->instances = instances_new(core);
	core->sched = sched_new(core);
	if (machines_load(core->machines, e) == -1 ||
	    instances_load(core->instances, e) == -1 ||
	    execs_load(core->execs, e) == -1 || pools_start(core, e) == -1) {
		core_free(core);
		return NULL;
	}
	uploads_start(core);
	core->self->sweep = loop_every(loop, SWEEP_MS, on_sweep, core);
	return core;
}

void
core_free(struct core *core)
{
	size_t	i;

	if (core == NULL)
		return;
	instances_flush(core->instances);
	timer_free(core->self->sweep);
	loop_undefer(core->loop, tell_demand, core);
	sched_free(core->sched);
	execs_free(core->execs);
	instances_free(core->instances);
	machines_free(core->machines);
	uploads_free(core->uploads);
	for (i = 0; i < CORE_POOLS; i++) {
		if (core->pools[i] != NULL)
			pool_ops[i]->free(core->pools[i]);
	}
	revdial_pickups_free(core->pickups);
	revdial_budget_free(core->budget);
	auth_free(core->auth);
	catalog_unref(core->catalog);
	map_free(core->self->demand);
	free(core->self);
	config_free(&core->cfg);
	free(core);
}

static void
demand_all(struct core *core)
{
	size_t	i;

	for (i = 0; i < catalog_hosts(core->catalog); i++)
		core_demand(core, catalog_host_at(core->catalog, i)->name);
}

void
core_serving(struct core *core, int port)
{
	core->port = port;
	demand_all(core);
}

void
core_set_catalog(struct core *core, struct catalog *next)
{
	struct catalog	*was = core->catalog;
	size_t		 i;

	core->catalog = catalog_ref(next);
	for (i = 0; i < CORE_POOLS; i++)
		pool_ops[i]->types(core->pools[i], next);
	sched_catalog_changed(core->sched);
	demand_all(core);
	catalog_unref(was);
}

static void
on_pool_stopped(void *arg)
{
	struct core	*core = arg;

	if (--core->self->stopping == 0)
		core->self->done(core->self->done_arg);
}

void
core_shutdown(struct core *core, int64_t ms, void (*done)(void *), void *arg)
{
	size_t	i;

	core->stopping = true;
	core->self->done = done;
	core->self->done_arg = arg;
	core->self->stopping = CORE_POOLS;
	sched_stop(core->sched);
	execs_flush(core->execs);
	instances_flush(core->instances);
	for (i = 0; i < CORE_POOLS; i++)
		pool_ops[i]->stop(core->pools[i], ms, on_pool_stopped, core);
}

static void
prune(struct core *core, int64_t now)
{
	struct err	e = ERR_INIT;

	if (now < core->self->prune_at)
		return;
	core->self->prune_at = now + PRUNE_MS;
	if (store_prune(core->store, clock_wall(loop_clock(core->loop)) - core->cfg.keep_ms,
	    PRUNE_ROWS, &e) == -1)
		log_error("%s", e.msg);
}

void
core_sweep(struct core *core)
{
	int64_t	now = loop_now(core->loop);
	size_t	i;

	auth_sweep(core->auth, now);
	machines_sweep(core->machines, now);
	instances_sweep(core->instances, now);
	execs_sweep(core->execs, now);
	if (core->uploads != NULL)
		uploads_sweep(core->uploads, now);
	for (i = 0; i < CORE_POOLS; i++)
		pool_ops[i]->sweep(core->pools[i], now);
	prune(core, now);
}

void
core_event(struct core *core, const char *who, const char *what, const char *object,
    const char *detail, const char *peer)
{
	struct store_event	ev = {
		.at = clock_wall(loop_clock(core->loop)),
		.who = who,
		.what = what,
		.object = object,
		.detail = detail,
		.peer = peer,
	};
	struct err		e = ERR_INIT;

	log_info("%s: %s %s%s%s", who, what, object, detail[0] == '\0' ? "" : ": ", detail);
	if (store_event_add(core->store, &ev, &e) == -1)
		log_error("event %s %s: %s", what, object, e.msg);
}

int
core_drain(struct core *core, const char *name, bool on, const char *who,
    const char *peer, struct err *e)
{
	struct machine	*m = machine_find(core->machines, name);

	if (m == NULL)
		return err_set(e, "there is no machine \"%.100s\"", name);
	if (on ? store_drain_set(core->store, name, machine_host_type(m),
	    clock_wall(loop_clock(core->loop)), e) == -1 :
	    store_drain_delete(core->store, name, e) == -1)
		return -1;
	machine_drain(m, on);
	core_event(core, who, on ? "machine.drain" : "machine.undrain", name, "", peer);
	return 0;
}

int
core_key_revoke(struct core *core, const char *name, const char *who, struct err *e)
{
	struct machine	*m;

	if (store_key_revoke(core->store, name, clock_wall(loop_clock(core->loop)), e) == -1)
		return -1;
	core_event(core, who, "key.revoke", name, "", "");
	m = machine_find(core->machines, name);
	if (m != NULL)
		machine_disconnect(m, "its key was revoked");
	return 0;
}

void
core_host_rows(struct core *core, pool_host_row_fn fn, void *arg)
{
	struct pool_host_row	row;
	size_t			i;

	for (i = 0; i < catalog_hosts(core->catalog); i++) {
		row.type = catalog_host_at(core->catalog, i);
		machine_counts(core->machines, row.type->name, &row.machines);
		core_describe_pool(core, row.type->name, &row.pool);
		row.waiting = sched_waiting(core, row.type->name);
		row.oldest_ms = sched_oldest(core, row.type->name);
		if (!fn(&row, arg))
			return;
	}
}
