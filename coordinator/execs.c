/* execs.c - what is known of execs, and writing it down. */
#include "coordinator/execs.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/types.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/execs_int.h"

#define DIRTY_MAX	500		/* records; written at once then, */
#define TAILS_PENDING	(4 * 1024 * 1024) /* or bytes */
#define PRUNE_MS	60000
#define KEEP_MAX	200000		/* ended execs in the store */
#define TAILS_N		20000
#define TAILS_BYTES	((int64_t)512 * 1024 * 1024)
#define SILENT_MS	90000		/* what was not heard of for so long renews nothing */

int64_t
execs_now(const struct execs *all)
{
	return loop_now(all->core->loop);
}

int64_t
execs_wall(const struct execs *all)
{
	return clock_wall(loop_clock(all->core->loop));
}

/* --- records ------------------------------------------------------------------ */

static void
replace(char **at, const char *with)
{
	free(*at);
	*at = xstrdup(with);
}

struct exec_rec *
rec_new(struct exec_index *x, const char *id, const char *cmd)
{
	struct exec_rec	*r = xcalloc(1, sizeof *r);

	r->index = x;
	r->id = xstrdup(id);
	r->cmd = xstrdup(cmd);
	r->status = xstrdup("");
	r->why = xstrdup("");
	x->running++;
	map_set(x->recs, r->id, r);
	return r;
}

void
rec_set_end(struct exec_rec *r, int64_t ended, bool lost, const char *status,
    const char *why)
{
	if (r->ended == 0)
		r->index->running--;
	if (ended == 0)
		r->index->running++;
	r->ended = ended;
	r->lost = lost;
	replace(&r->status, status);
	replace(&r->why, why);
}

void
rec_dirty(struct exec_rec *r)
{
	struct execs	*all = r->index->all;

	if (r->dirty)
		return;
	r->dirty = true;
	TAILQ_INSERT_TAIL(&all->dirties, r, dirties);
	all->ndirty++;
}

static void
rec_clean(struct exec_rec *r)
{
	struct execs	*all = r->index->all;

	if (!r->dirty)
		return;
	r->dirty = false;
	TAILQ_REMOVE(&all->dirties, r, dirties);
	all->ndirty--;
	all->tail_bytes -= r->tail_len;
	free(r->tail);
	r->tail = NULL;
	r->tail_len = 0;
}

void
rec_unwait(struct exec_rec *r)
{
	if (r->waits)
		TAILQ_REMOVE(&r->index->tails, r, tails);
	r->waits = false;
}

static void
rec_free(struct exec_rec *r)
{
	rec_clean(r);
	rec_unwait(r);
	fetch_drop(r);
	if (r->ended == 0)
		r->index->running--;
	map_del(r->index->recs, r->id);
	free(r->id);
	free(r->cmd);
	str_release(&r->args);
	free(r->status);
	free(r->why);
	free(r);
}

void
rec_done(struct exec_rec *r)
{
	if (r->ended != 0 && !r->dirty && !r->waits && r->fetch == NULL)
		rec_free(r);
}

/* --- instances ------------------------------------------------------------------ */

static struct exec_index *
index_new(struct execs *all, const char *instance, const char *user, const char *who,
    const char *machine)
{
	struct exec_index	*x = xcalloc(1, sizeof *x);

	x->all = all;
	x->instance = xstrdup(instance);
	x->user = xstrdup(user);
	x->who = xstrdup(who);
	x->machine = xstrdup(machine);
	x->recs = map_new();
	x->full = true;
	x->good_at = execs_now(all);
	TAILQ_INIT(&x->tails);
	TAILQ_INSERT_TAIL(&all->live, x, entry);
	map_set(all->by_instance, instance, x);
	return x;
}

static struct exec_index *
index_find(const struct core *core, const char *instance)
{
	return map_find(core->execs->by_instance, instance);
}

void
index_free(struct exec_index *x)
{
	void	*r;
	size_t	 it = 0;

	asking_drop(x);
	while (map_next(x->recs, &it, NULL, &r))
		rec_free(r);
	map_free(x->recs);
	if (x->closing)
		TAILQ_REMOVE(&x->all->closing, x, entry);
	else
		TAILQ_REMOVE(&x->all->live, x, entry);
	if (!x->closing)
		map_del(x->all->by_instance, x->instance);
	free(x->instance);
	free(x->user);
	free(x->who);
	free(x->machine);
	free(x->status);
	free(x->why);
	free(x);
}

struct machine *
index_machine(const struct exec_index *x)
{
	struct machine	*m = machine_find(x->all->core->machines, x->machine);

	if (m == NULL || machine_state(m) != MACHINE_LEASED || !machine_has(m, API_F_EXECS) ||
	    !str_eq(machine_lease(m), x->instance))
		return NULL;
	return x->closing && machine_epoch(m) != x->epoch ? NULL : m;
}

size_t
execs_running(struct core *core, const char *instance)
{
	struct exec_index	*x = index_find(core, instance);

	return x == NULL ? 0 : x->running;
}

static int
by_age(const void *a, const void *b)
{
	const struct exec_rec	*const *x = a, *const *y = b;

	if ((*x)->created != (*y)->created)
		return (*x)->created < (*y)->created ? -1 : 1;
	return strcmp((*x)->id, (*y)->id);
}

/* Never in the middle of a character. */
static void
add_line(const struct exec_rec *r, size_t bytes, struct strs *out)
{
	struct str	 s = STR_INIT;
	const char	*p = r->args.s, *end = p == NULL ? NULL : p + r->args.len;
	size_t		 n = bytes - 3;

	str_add(&s, r->cmd);
	for (; p < end && s.len <= bytes; p += strlen(p) + 1)
		str_addf(&s, " %s", p);
	if (s.len > bytes) {
		while (n > 0 && ((unsigned char)s.s[n] & 0xc0) == 0x80)
			n--;
		strs_addf(out, "%.*s...", (int)n, s.s);
	} else {
		strs_add(out, str_text(&s));
	}
	str_release(&s);
}

void
execs_lines(struct core *core, const char *instance, size_t max, size_t bytes,
    struct strs *out)
{
	struct exec_index	*x = index_find(core, instance);
	struct exec_rec		**v, *r;
	size_t			  i, n = 0, it = 0;
	void			 *value;

	if (x == NULL || x->running == 0)
		return;
	v = xcalloc(x->running, sizeof *v);
	while (n < x->running && map_next(x->recs, &it, NULL, &value)) {
		r = value;
		if (r->ended == 0)
			v[n++] = r;
	}
	qsort(v, n, sizeof *v, by_age);
	for (i = 0; i < n && i < max; i++)
		add_line(v[i], bytes, out);
	free(v);
}

bool
execs_settled(struct core *core, const char *user)
{
	struct exec_index	*x;
	bool			 settled = true;

	TAILQ_FOREACH(x, &core->execs->live, entry) {
		if (strcmp(x->user, user) != 0 || (x->soon_at == 0 && x->asking == NULL))
			continue;
		if (x->soon_at != 0)
			(void)index_ask(x);
		settled &= x->asking == NULL;
	}
	return settled;
}

bool
execs_busy(struct core *core, const char *instance)
{
	struct exec_index	*x = index_find(core, instance);

	/* While its machine is away the grace time counts alone. */
	return x != NULL && x->running > 0 && (index_machine(x) == NULL ||
	    execs_now(x->all) - x->good_at < SILENT_MS);
}

void
execs_joined(struct core *core, struct instance *i)
{
	struct instance_row	 row;
	struct exec_index	*x;
	struct machine		*m;

	instance_row_of(i, &row);
	m = machine_find(core->machines, row.machine);
	if (m == NULL || !machine_has(m, API_F_EXECS))
		return;
	x = index_find(core, row.name);
	if (x == NULL)
		x = index_new(core->execs, row.name, row.user, row.user_key, row.machine);
	x->full = true;
	x->good_at = execs_now(core->execs);
	if (x->asking != NULL)
		asking_drop(x);
	(void)index_ask(x);
	tails_go(x);
}

void
execs_changed(struct core *core, const char *instance)
{
	struct exec_index	*x = index_find(core, instance);

	if (x != NULL)
		index_ask_soon(x);
}

void
execs_forgotten(struct core *core, const char *instance, const char *id)
{
	struct exec_index	*x = index_find(core, instance);
	struct exec_rec		*r = x == NULL ? NULL : map_find(x->recs, id);

	if (r == NULL || r->ended != 0)
		return;
	rec_set_end(r, execs_wall(x->all), false, "forgotten before its end was seen", "");
	r->saved = true;
	rec_dirty(r);
}

/* --- the store -------------------------------------------------------------------- */

static int
write_one(struct execs *all, const struct exec_rec *r, struct err *e)
{
	const struct store_tail_max	 max = { TAILS_N, TAILS_BYTES };
	const struct exec_index		*x = r->index;
	const struct store_exec		 row = {
		.instance = x->instance, .id = r->id, .user = x->user, .who = x->who,
		.cmd = r->cmd, .args = r->args.s, .args_len = r->args.len,
		.created = r->created, .ended = r->ended, .lost = r->lost,
		.status = r->status, .why = r->why, .saved = r->saved,
	};

	if (store_exec_put(all->core->store, &row, e) == -1)
		return -1;
	if (r->tail == NULL)
		return 0;
	return store_tail_put(all->core->store, x->instance, r->id, x->closing ?
	    execs_wall(all) + all->core->cfg.tail_keep_ms : STORE_UNTIL_END, r->tail,
	    r->tail_len, &max, e);
}

static int
write_all(struct execs *all, bool lazy, struct err *e)
{
	struct store	*s = all->core->store;
	struct exec_rec	*r;

	if ((lazy ? store_batch_begin_lazy(s, e) : store_batch_begin(s, e)) == -1)
		return -1;
	TAILQ_FOREACH(r, &all->dirties, dirties) {
		if (write_one(all, r, e) == -1) {
			store_batch_abort(s);
			return -1;
		}
	}
	return store_batch_commit(s, e);
}

static void
flush(struct execs *all, bool lazy)
{
	struct exec_rec	*r;
	struct err	 e = ERR_INIT;

	if (TAILQ_EMPTY(&all->dirties))
		return;
	if (write_all(all, lazy, &e) == -1) {
		log_error("write down execs: %s", e.msg);
		return;
	}
	while ((r = TAILQ_FIRST(&all->dirties)) != NULL) {
		rec_clean(r);
		rec_done(r);
	}
}

/* The machine has it all, so that nothing is lost with the power. */
void
execs_flush(struct execs *all)
{
	flush(all, true);
}

void
execs_save(struct execs *all)
{
	flush(all, false);
}

static void
prune(struct execs *all, int64_t now)
{
	struct core	*core = all->core;
	int64_t		 wall = execs_wall(all);
	struct err	 e = ERR_INIT;

	if (now < all->prune_at)
		return;
	all->prune_at = now + PRUNE_MS;
	if (store_execs_prune(core->store, wall, wall - core->cfg.keep_ms, KEEP_MAX, &e) == -1)
		log_error("%s", e.msg);
}

void
execs_sweep(struct execs *all, int64_t now)
{
	lists_sweep(all, now);
	tails_sweep(all, now);
	execs_flush(all);
	prune(all, now);
}

bool
execs_room(struct execs *all)
{
	if (all->ndirty > DIRTY_MAX || all->tail_bytes > TAILS_PENDING)
		execs_flush(all);
	return all->ndirty <= DIRTY_MAX && all->tail_bytes <= TAILS_PENDING;
}

int
execs_of(struct core *core, const char *user, const char *instance, int64_t limit,
    store_exec_fn fn, void *arg, struct err *e)
{
	execs_flush(core->execs);
	return store_execs_of(core->store, user, instance, limit, fn, arg, e);
}

struct finding {
	const char	*prefix, *instance;
	bool		 whole;		/* one with that very id was there */
	store_exec_fn	 fn;
	void		*arg;
};

/* By id, so that one that is prefix itself comes first. */
static bool
on_found(const struct store_exec *x, void *arg)
{
	struct finding	*f = arg;
	bool		 whole = str_eq(x->id, f->prefix);

	if (f->instance != NULL && !str_eq(x->instance, f->instance))
		return true;
	if (f->whole && !whole)
		return false;
	f->whole = whole;
	return f->fn(x, f->arg);
}

int
execs_find(struct core *core, const char *user, const char *prefix,
    const char *instance, int64_t limit, store_exec_fn fn, void *arg, struct err *e)
{
	struct finding	f = { prefix, instance, false, fn, arg };

	execs_flush(core->execs);
	return store_execs_find(core->store, user, prefix, limit, on_found, &f, e);
}

/* --- the whole ---------------------------------------------------------------------- */

struct execs *
execs_new(struct core *core)
{
	struct execs	*all = xcalloc(1, sizeof *all);

	all->core = core;
	all->by_instance = map_new();
	all->soon = timer_new(core->loop, on_soon, all);
	TAILQ_INIT(&all->live);
	TAILQ_INIT(&all->closing);
	TAILQ_INIT(&all->dirties);
	return all;
}

static bool
on_stored(const struct store_exec *s, void *arg)
{
	struct execs		*all = arg;
	struct exec_index	*x = map_find(all->by_instance, s->instance);
	struct instance		*i = instance_peek(all->core, s->instance);
	struct instance_row	 row;
	struct exec_rec		*r;

	if (i == NULL)
		return true;
	instance_row_of(i, &row);
	if (x == NULL)
		x = index_new(all, row.name, row.user, row.user_key, row.machine);
	r = rec_new(x, s->id, s->cmd);
	str_addn(&r->args, s->args, s->args_len);
	r->created = s->created;
	return true;
}

int
execs_load(struct execs *all, struct err *e)
{
	return store_execs_running(all->core->store, on_stored, all, e);
}

void
execs_free(struct execs *all)
{
	struct exec_index	*x;

	if (all == NULL)
		return;
	execs_flush(all);
	while ((x = TAILQ_FIRST(&all->live)) != NULL)
		index_free(x);
	while ((x = TAILQ_FIRST(&all->closing)) != NULL)
		index_free(x);
	timer_free(all->soon);
	map_free(all->by_instance);
	free(all);
}
