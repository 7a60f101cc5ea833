/*
 * instance.c - one instance: begun, granted, found, held, ended.
 */
#include "coordinator/instance.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/instance_int.h"

static const char *const state_names[INSTANCE_STATES] = {
	[INSTANCE_PREPARING] = "preparing",
	[INSTANCE_LIVE] = "live",
	[INSTANCE_LOST] = "lost",
};

const char *
instance_state_name(enum instance_state s)
{
	return state_names[s];
}

int64_t
instances_mono(const struct instances *all)
{
	return loop_now(all->core->loop);
}

int64_t
instances_wall(const struct instances *all)
{
	return clock_wall(loop_clock(all->core->loop));
}

int64_t
instance_wall_of(const struct instance *i, int64_t at)
{
	return instances_wall(i->all) - (instances_mono(i->all) - at);
}

/* --- making and ending ------------------------------------------------------ */

void
instance_set_state(struct instance *i, enum instance_state next)
{
	if (next == INSTANCE_PREPARING || next == i->state)
		fatalx("instance %s: %s -> %s", i->name, state_names[i->state],
		    state_names[next]);
	log_debug("instance %s: %s -> %s", i->name, state_names[i->state],
	    state_names[next]);
	TAILQ_REMOVE(&i->all->in[i->state], i, entry);
	i->state = next;
	TAILQ_INSERT_TAIL(&i->all->in[next], i, entry);
}

struct instance *
instance_new(struct instances *all, const struct store_lease *l, enum instance_state st)
{
	struct instance	*i = xcalloc(1, sizeof *i);

	i->all = all;
	i->name = xstrdup(l->name);
	i->user = xstrdup(l->user);
	i->user_key = xasprintf("%s%s", AUTH_USER_PREFIX, l->user);
	i->builder_type = xstrdup(l->builder_type);
	i->host_type = xstrdup(l->host_type);
	i->machine = xstrdup(l->machine);
	i->boot = l->boot == NULL ? NULL : xstrdup(l->boot);
	i->state = st;
	i->created = l->created;
	i->last_use = instances_mono(all) - (instances_wall(all) - l->last_use);
	i->expires = instances_mono(all) + (l->expires - instances_wall(all));
	i->idle_ms = l->idle_ms;
	i->limit_at = l->limit_at == 0 ? INT64_MAX :
	    instances_mono(all) + (l->limit_at - instances_wall(all));
	i->keep_until = l->keep_until == 0 ? INT64_MIN :
	    instances_mono(all) + (l->keep_until - instances_wall(all));
	i->request = l->request == NULL ? NULL : xstrdup(l->request);
	i->lost_at = instances_mono(all);
	TAILQ_INIT(&i->holds);
	TAILQ_INSERT_TAIL(&all->in[st], i, entry);
	map_set(all->by_name, i->name, i);
	map_set(all->by_machine, i->machine, i);
	return i;
}

void
instance_free(struct instance *i)
{
	TAILQ_REMOVE(&i->all->in[i->state], i, entry);
	map_del(i->all->by_name, i->name);
	if (map_find(i->all->by_machine, i->machine) == i)
		map_del(i->all->by_machine, i->machine);
	free(i->name);
	free(i->user);
	free(i->user_key);
	free(i->builder_type);
	free(i->host_type);
	free(i->machine);
	free(i->boot);
	free(i->request);
	free(i);
}

struct instance *
instance_begin(struct core *core, const char *user, const struct builder_type *b,
    struct machine *m, const char *request, struct err *e)
{
	struct instances	*all = core->instances;
	char			 name[STORE_LEASE_MAX];
	struct store_lease	 l = {
		.user = user,
		.builder_type = b->name,
		.host_type = machine_host_type(m),
		.machine = machine_name(m),
		.boot = machine_boot(m),
		.created = instances_wall(all),
		.last_use = instances_wall(all),
		.expires = instances_wall(all) + b->idle_ms,
		.idle_ms = b->idle_ms,
		.limit_at = b->lifetime_ms == 0 ? 0 : instances_wall(all) + b->lifetime_ms,
		.request = request,
	};

	if (store_lease_begin(core->store, &l, name, e) == -1)
		return NULL;
	l.name = name;
	return instance_new(all, &l, INSTANCE_PREPARING);
}

static int
note_grant(struct instance *i, const struct strs *groups, struct err *e)
{
	struct core	*core = i->all->core;

	if (store_batch_begin(core->store, e) == -1)
		return -1;
	if (store_lease_grant(core->store, i->name, i->boot, instances_wall(i->all),
	    instance_wall_of(i, i->expires), e) == -1 ||
	    groups_join(core, i->user, groups, i->name, e) == -1) {
		store_batch_abort(core->store);
		return -1;
	}
	return store_batch_commit(core->store, e);
}

int
instance_grant(struct instance *i, const struct strs *groups, struct err *e)
{
	i->last_use = instances_mono(i->all);
	instance_renew(i);
	if (note_grant(i, groups, e) == -1)
		return -1;
	instance_set_state(i, INSTANCE_LIVE);
	execs_joined(i->all->core, i);
	return 0;
}

static void
cut_now(void *arg)
{
	struct instance_hold	*h = arg;
	char			*why = h->why;

	h->why = NULL;
	if (h->cut != NULL)
		h->cut(why, h->arg);	/* may release h */
	free(why);
}

void
instance_cut(struct instance *i, const char *why)
{
	struct instance_hold	*h;

	while ((h = TAILQ_FIRST(&i->holds)) != NULL) {
		TAILQ_REMOVE(&i->holds, h, entry);
		h->i = NULL;
		if (why == NULL)
			continue;
		h->why = xasprintf("instance %s ended: %s", i->name, why);
		loop_defer(h->loop, cut_now, h);
	}
}

static int
note_end(struct instance *i, const char *why, struct err *e)
{
	struct core	*core = i->all->core;
	int64_t		 now = instances_wall(i->all);

	execs_flush(core->execs);	/* so that all that runs ends with it */
	return store_lease_end(core->store, i->name, now, why, now + core->cfg.tail_keep_ms,
	    e);
}

static void
has_ended(struct instance *i, const char *who, const char *why)
{
	struct core	*core = i->all->core;
	struct machine	*m = machine_find(core->machines, i->machine);

	core_event(core, who, "instance.end", i->name, why, "");
	instance_cut(i, why);
	if (m != NULL && str_eq(machine_lease(m), i->name))
		execs_close(core, i->name, m, why);
	else
		execs_drop(core, i->name);
	core_demand(core, i->host_type);
	instance_free(i);
}

void
instance_end(struct instance *i, const char *who, const char *why)
{
	struct err	e = ERR_INIT;

	if (note_end(i, why, &e) == -1)
		log_error("instance %s: %s", i->name, e.msg);
	has_ended(i, who, why);
}

int
instance_give_back(struct instance *i, const char *who, const char *why, struct err *e)
{
	if (note_end(i, why, e) == -1)
		return err_wrap(e, "instance %s goes on", i->name);
	has_ended(i, who, why);
	return 0;
}

/* --- finding and using ------------------------------------------------------ */

struct ended {
	const char	*user;
	struct err	*e;
	struct clock	*clock;
};

static bool
on_ended(const struct store_lease *l, void *arg)
{
	struct ended	*x = arg;
	char		 ago[CLOCK_TEXT_MAX];

	if (l->ended == 0 || !str_eq(l->user, x->user))
		return false;
	clock_duration((clock_wall(x->clock) - l->ended) / 1000 * 1000, ago);
	(void)err_code(x->e, INSTANCE_UNKNOWN, "instance %s ended %s ago: %s", l->name, ago,
	    l->reason == NULL ? "for no reason that was noted" : l->reason);
	return false;
}

static struct instance *
find_ended(struct core *core, const struct user *u, const char *name, struct err *e)
{
	struct ended	x = { u->name, e, loop_clock(core->loop) };
	struct err	failed = ERR_INIT;

	(void)err_code(e, INSTANCE_UNKNOWN, "there is no instance \"%s\"", name);
	if (strlen(name) < STORE_LEASE_MAX &&
	    store_lease_find(core->store, name, on_ended, &x, &failed) == -1)
		log_error("instance %s: %s", name, failed.msg);
	return NULL;
}

struct instance *
instance_peek(struct core *core, const char *name)
{
	struct instance	*i = map_find(core->instances->by_name, name);

	return i == NULL || i->state == INSTANCE_PREPARING ? NULL : i;
}

struct instance *
instance_look(struct core *core, const struct user *u, const char *name, struct err *e)
{
	struct instance	*i = instance_peek(core, name);

	if (i == NULL)
		return find_ended(core, u, name, e);
	if (strcmp(i->user, u->name) != 0) {
		(void)err_code(e, INSTANCE_FOREIGN, "instance %s is not yours", name);
		return NULL;
	}
	return i;
}

struct instance *
instance_find(struct core *core, const struct user *u, const char *name, struct err *e)
{
	struct instance	*i = instance_look(core, u, name, e);

	if (i != NULL) {
		instance_touch(i);
		i->claimed = true;
	}
	return i;
}

void
instance_claim(struct instance *i)
{
	i->claimed = true;
}

bool
instance_claimed(const struct instance *i)
{
	return i->claimed;
}

struct instance *
instance_of_request(struct core *core, const char *user, const char *request)
{
	struct instance	*i;
	size_t		 it = 0;
	void		*v;

	while (map_next(core->instances->by_name, &it, NULL, &v)) {
		i = v;
		if (i->state != INSTANCE_PREPARING && str_eq(i->request, request) &&
		    str_eq(i->user, user))
			return i;
	}
	return NULL;
}

struct bclient *
instance_client(struct instance *i, struct err *e)
{
	struct machine	*m = machine_find(i->all->core->machines, i->machine);
	char		 ago[CLOCK_TEXT_MAX];

	if (m == NULL) {
		(void)err_set(e, "instance %s: its machine %s has not connected since the "
		    "coordinator started", i->name, i->machine);
		return NULL;
	}
	/* A machine that has just dialed in again may be another one inside. */
	if (machine_state(m) != MACHINE_LEASED || !str_eq(machine_lease(m), i->name)) {
		clock_duration((instances_mono(i->all) - machine_heard(m)) / 1000 * 1000, ago);
		(void)err_set(e, "instance %s: its machine %s is %s, last heard %s ago",
		    i->name, i->machine, machine_connected(m) ?
		    machine_state_name(machine_state(m)) : "away", ago);
		return NULL;
	}
	return machine_client(m);
}

void
instance_renew(struct instance *i)
{
	i->expires = i->last_use + i->idle_ms;
	if (i->expires < i->keep_until)
		i->expires = i->keep_until;
	if (i->expires > i->limit_at)
		i->expires = i->limit_at;
}

void
instance_touch(struct instance *i)
{
	i->last_use = instances_mono(i->all);
	instance_renew(i);
	i->dirty = true;
}

int
instance_extend(struct instance *i, int64_t ms, struct err *e)
{
	int64_t	was = i->keep_until, until;

	until = instances_mono(i->all) + (ms < INSTANCE_EXTEND_MS ? ms : INSTANCE_EXTEND_MS);
	if (until > i->keep_until)
		i->keep_until = until;
	instance_renew(i);
	if (store_lease_keep(i->all->core->store, i->name, instance_wall_of(i, i->keep_until),
	    instance_wall_of(i, i->expires), e) == 0)
		return 0;
	i->keep_until = was;
	instance_renew(i);
	return err_wrap(e, "extend %s", i->name);
}

struct instance_hold *
instance_hold(struct instance *i, instance_cut_fn cut, void *arg)
{
	struct instance_hold	*h = xcalloc(1, sizeof *h);

	h->i = i;
	h->loop = i->all->core->loop;
	h->cut = cut;
	h->arg = arg;
	i->nholds++;
	TAILQ_INSERT_TAIL(&i->holds, h, entry);
	instance_touch(i);
	return h;
}

void
instance_release(struct instance_hold *h)
{
	if (h == NULL)
		return;
	if (h->i != NULL) {
		instance_touch(h->i);
		h->i->nholds--;
		TAILQ_REMOVE(&h->i->holds, h, entry);
	}
	if (h->why != NULL) {
		loop_undefer(h->loop, cut_now, h);
		free(h->why);
	}
	free(h);
}

const char *
instance_name(const struct instance *i)
{
	return i->name;
}
