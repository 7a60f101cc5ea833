/*
 * instances.c - all instances: rows, what happens when machines come and go,
 * expiry, and keeping the store up to date.
 */
#include "coordinator/instance.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/instance_int.h"

#define FLUSH_MS	5000	/* how old a last use on disk may be */

/* --- rows ------------------------------------------------------------------- */

void
instance_row_of(struct instance *i, struct instance_row *r)
{
	struct machine	*m = machine_find(i->all->core->machines, i->machine);

	r->name = i->name;
	r->user = i->user;
	r->user_key = i->user_key;
	r->builder_type = i->builder_type;
	r->host_type = i->host_type;
	r->machine = i->machine;
	r->state = i->state;
	r->created = i->created;
	r->last_use = instance_wall_of(i, i->last_use);
	r->expires = instance_wall_of(i, i->expires);
	r->limit = i->limit_at == INT64_MAX ? 0 : instance_wall_of(i, i->limit_at);
	r->idle_ms = i->idle_ms;
	r->heard = m == NULL || machine_heard(m) == 0 ? 0 : instance_wall_of(i, machine_heard(m));
	r->holds = i->nholds;
	r->running = execs_running(i->all->core, i->name);
}

static int
by_name(const void *a, const void *b)
{
	const struct instance	*const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

void
instance_rows(struct core *core, const char *user, instance_row_fn fn, void *arg)
{
	struct instances	 *all = core->instances;
	struct instance		**v, *i;
	struct instance_row	  row;
	size_t			  k, n = 0, it = 0;
	void			 *value;

	v = xcalloc(map_len(all->by_name) + 1, sizeof *v);
	while (map_next(all->by_name, &it, NULL, &value)) {
		i = value;
		if (user == NULL ||
		    (strcmp(i->user, user) == 0 && i->state != INSTANCE_PREPARING))
			v[n++] = i;
	}
	qsort(v, n, sizeof *v, by_name);
	for (k = 0; k < n; k++) {
		instance_row_of(v[k], &row);
		if (!fn(&row, arg))
			break;
	}
	free(v);
}

size_t
instance_count(struct core *core, const char *user)
{
	struct instance	*i;
	size_t		 n = 0, it = 0;
	void		*value;

	if (user == NULL)
		return map_len(core->instances->by_name);
	while (map_next(core->instances->by_name, &it, NULL, &value)) {
		i = value;
		if (strcmp(i->user, user) == 0)
			n++;
	}
	return n;
}

size_t
instance_count_type(struct core *core, const char *host_type)
{
	struct instance	*i;
	size_t		 n = 0, it = 0;
	void		*value;

	while (map_next(core->instances->by_name, &it, NULL, &value)) {
		i = value;
		if (strcmp(i->host_type, host_type) == 0)
			n++;
	}
	return n;
}

bool
instance_on(struct core *core, const char *machine)
{
	return map_find(core->instances->by_machine, machine) != NULL;
}

/* --- machines come and go --------------------------------------------------- */

/* NULL: m still is what i was given. Else why i is over. */
static const char *
why_not(const struct instance *i, const struct machine *m, const struct api_status *st)
{
	if (!machine_has(m, API_F_LEASE))	/* a stock one cannot tell */
		return i->boot == NULL ? NULL : "machine restarted: its files are gone";
	if (i->boot != NULL && !str_eq(i->boot, st->boot))
		return "machine restarted: its files are gone";
	if (!str_eq(st->lease, i->name))
		return "machine does not hold it any more";
	return NULL;
}

void
instances_reconcile(struct instances *all, struct machine *m, const struct api_status *st)
{
	struct instance	*i = map_find(all->by_machine, machine_name(m));
	const char	*why;

	if (i == NULL || i->state == INSTANCE_PREPARING) {
		machine_release(m, "it holds nothing of anybody");
		return;
	}
	why = why_not(i, m, st);
	if (why == NULL) {
		log_info("instance %s: its machine %s is here", i->name, i->machine);
		machine_adopt(m, i->name);
		if (i->state == INSTANCE_LOST)
			instance_set_state(i, INSTANCE_LIVE);
		execs_joined(all->core, i);
		return;
	}
	instance_end(i, "coordinator", why);
	if (machine_state(m) == MACHINE_JOINING)
		machine_release(m, why);
}

void
instances_lost(struct instances *all, struct machine *m, const char *why)
{
	struct instance	*i = map_find(all->by_machine, machine_name(m));

	if (i == NULL || i->state != INSTANCE_LIVE || machine_state(m) == MACHINE_LEASED)
		return;
	log_warn("instance %s: its machine %s is away: %s", i->name, i->machine, why);
	i->lost_at = instances_mono(all);
	instance_set_state(i, INSTANCE_LOST);
}

void
instances_dead(struct instances *all, const char *machine, const char *why)
{
	struct instance	*i = map_find(all->by_machine, machine);

	/* One in preparation hears of it by its request. */
	if (i != NULL && i->state != INSTANCE_PREPARING)
		instance_end(i, "coordinator", why);
}

/* --- the whole -------------------------------------------------------------- */

struct instances *
instances_new(struct core *core)
{
	struct instances	*all = xcalloc(1, sizeof *all);
	int			 i;

	all->core = core;
	all->by_name = map_new();
	all->by_machine = map_new();
	for (i = 0; i < INSTANCE_STATES; i++)
		TAILQ_INIT(&all->in[i]);
	return all;
}

static bool
on_live(const struct store_lease *l, void *arg)
{
	struct instances	*all = arg;
	int64_t			 least = all->core->cfg.grace_ms;
	struct instance		*i;

	i = instance_new(all, l, l->granted ? INSTANCE_LOST : INSTANCE_PREPARING);
	i->claimed = true;	/* for all we know */
	/* Uses of the last seconds, and those that could not happen while we
	 * were away, are not held against it. */
	if (least > i->idle_ms)
		least = i->idle_ms;
	if (i->expires < instances_mono(all) + least) {
		i->expires = instances_mono(all) + least;
		i->dirty = true;
	}
	if (i->expires > i->limit_at)
		i->expires = i->limit_at;
	return true;
}

int
instances_load(struct instances *all, struct err *e)
{
	struct instance	*i;

	if (store_leases_live(all->core->store, on_live, all, e) == -1)
		return -1;
	while ((i = TAILQ_FIRST(&all->in[INSTANCE_PREPARING])) != NULL)
		instance_end(i, "coordinator",
		    "the coordinator restarted before it was handed out");
	return 0;
}

static void
end_expired(struct instance *i, int64_t now)
{
	bool	over = i->limit_at <= now;
	int64_t	ms = over ? instance_wall_of(i, i->limit_at) - i->created :
	    i->expires - i->last_use;
	char	text[CLOCK_TEXT_MAX], *why;

	clock_duration((ms + 500) / 1000 * 1000, text);
	why = over ? xasprintf("its lifetime of %s is over", text) :
	    xasprintf("not used for %s", text);
	instance_end(i, "coordinator", why);
	free(why);
}

static void
sweep_one(struct instance *i, int64_t now)
{
	if (i->nholds > 0 || execs_busy(i->all->core, i->name))
		instance_touch(i);
	if (i->expires <= now)
		end_expired(i, now);
	else if (i->state == INSTANCE_LOST && now - i->lost_at >= i->all->core->cfg.grace_ms)
		instance_end(i, "coordinator", "machine did not come back");
}

void
instances_sweep(struct instances *all, int64_t now)
{
	struct instance	*i, *next;

	TAILQ_FOREACH_SAFE(i, &all->in[INSTANCE_LIVE], entry, next)
		sweep_one(i, now);
	TAILQ_FOREACH_SAFE(i, &all->in[INSTANCE_LOST], entry, next)
		sweep_one(i, now);
	if (now >= all->flush_at) {
		all->flush_at = now + FLUSH_MS;
		instances_flush(all);
	}
}

/* A row that is not there any more is none of our worries; the disk is. */
static int
flush_list(struct instances *all, enum instance_state st, struct err *e)
{
	struct instance	*i;

	TAILQ_FOREACH(i, &all->in[st], entry) {
		if (i->dirty && store_lease_touch(all->core->store, i->name,
		    instance_wall_of(i, i->last_use), instance_wall_of(i, i->expires),
		    e) == -1 && e->code != STORE_MISSING)
			return -1;
	}
	return 0;
}

static int
flush_all(struct instances *all, struct err *e)
{
	/* A little less than the last use is what a restart gives back anyway. */
	if (store_batch_begin_lazy(all->core->store, e) == -1)
		return -1;
	if (flush_list(all, INSTANCE_LIVE, e) == -1 ||
	    flush_list(all, INSTANCE_LOST, e) == -1) {
		store_batch_abort(all->core->store);
		return -1;
	}
	return store_batch_commit(all->core->store, e);
}

static size_t
count_dirty(struct instances *all, bool clear)
{
	struct instance	*i;
	size_t		 n = 0;
	int		 st;

	for (st = INSTANCE_LIVE; st < INSTANCE_STATES; st++) {
		TAILQ_FOREACH(i, &all->in[st], entry) {
			n += i->dirty;
			if (clear)
				i->dirty = false;
		}
	}
	return n;
}

void
instances_flush(struct instances *all)
{
	struct err	e = ERR_INIT;

	if (count_dirty(all, false) == 0)
		return;
	if (flush_all(all, &e) == -1)
		log_error("write last uses of instances: %s", e.msg);
	else
		(void)count_dirty(all, true);
}

void
instances_free(struct instances *all)
{
	struct instance	*i;
	void		*value;
	size_t		 it = 0;

	if (all == NULL)
		return;
	while (map_next(all->by_name, &it, NULL, &value)) {
		i = value;
		instance_cut(i, NULL);
		instance_free(i);
	}
	map_free(all->by_name);
	map_free(all->by_machine);
	free(all);
}
