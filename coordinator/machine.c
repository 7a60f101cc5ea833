/*
 * machine.c - the registry: records by name, lists by host type and state.
 */
#include "coordinator/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "coordinator/machine_int.h"

static const char *const state_names[MACHINE_STATES] = {
	[MACHINE_JOINING] = "joining",
	[MACHINE_IDLE] = "idle",
	[MACHINE_CLEANING] = "cleaning",
	[MACHINE_LEASED] = "leased",
	[MACHINE_DRAINING] = "draining",
	[MACHINE_QUARANTINED] = "quarantined",
	[MACHINE_GONE] = "gone",
};

/* From each state, a bit for each that may follow. */
#define TO(s) (1u << MACHINE_##s)
static const unsigned may_follow[MACHINE_STATES] = {
	[MACHINE_JOINING] = TO(CLEANING) | TO(LEASED) | TO(GONE),
	[MACHINE_IDLE] = TO(CLEANING) | TO(DRAINING) | TO(GONE),
	[MACHINE_CLEANING] = TO(IDLE) | TO(LEASED) | TO(DRAINING) | TO(QUARANTINED) | TO(GONE),
	[MACHINE_LEASED] = TO(CLEANING) | TO(GONE),
	[MACHINE_DRAINING] = TO(IDLE) | TO(GONE),
	[MACHINE_QUARANTINED] = TO(CLEANING) | TO(GONE),
	[MACHINE_GONE] = TO(JOINING),
};

const char *
machine_state_name(enum machine_state s)
{
	return state_names[s];
}

int64_t
machine_now(const struct machine *m)
{
	return loop_now(m->all->core->loop);
}

/* --- lists ------------------------------------------------------------------ */

static struct machine_type *
type_get(struct machines *all, const char *name)
{
	struct machine_type	*t = map_find(all->types, name);
	int			 i;

	if (t != NULL)
		return t;
	t = xcalloc(1, sizeof *t);
	t->name = xstrdup(name);
	for (i = 0; i < MACHINE_STATES; i++)
		TAILQ_INIT(&t->in[i]);
	map_set(all->types, name, t);
	return t;
}

static void
list_leave(struct machine *m)
{
	TAILQ_REMOVE(&m->type->in[m->state], m, entry);
	m->type->n[m->state]--;
}

static void
list_enter(struct machine *m)
{
	TAILQ_INSERT_TAIL(&m->type->in[m->state], m, entry);
	m->type->n[m->state]++;
}

void
machine_set_state(struct machine *m, enum machine_state next, const char *reason)
{
	enum machine_state	was = m->state;

	if ((may_follow[was] & (1u << next)) == 0)
		fatalx("machine %s: %s -> %s", m->name, state_names[was], state_names[next]);
	log_debug("machine %s: %s -> %s%s%s", m->name, state_names[was],
	    state_names[next], reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
	list_leave(m);
	m->state = next;
	list_enter(m);
	m->since = machine_now(m);
	free(m->reason);
	m->reason = reason == NULL ? NULL : xstrdup(reason);
	if (next == MACHINE_IDLE)
		machine_tell(m, TELL_IDLE);
	else if (was == MACHINE_IDLE || was == MACHINE_JOINING)
		machine_tell(m, TELL_BUSY);
}

void
machine_set_type(struct machine *m, const char *host_type)
{
	if (strcmp(m->type->name, host_type) == 0)
		return;
	list_leave(m);
	m->type = type_get(m->all, host_type);
	list_enter(m);
}

/* --- records ---------------------------------------------------------------- */

static void
tell_now(void *arg)
{
	struct machine			*m = arg;
	const struct machine_events	*ev = m->all->events;
	void				*ev_arg = m->all->events_arg;
	unsigned			 what = m->tell;

	m->tell = 0;
	/* m stays: only the sweep forgets records. */
	if (what & TELL_LOST)
		ev->lost(m, m->lost_why, ev_arg);
	if ((what & TELL_BUSY) && m->rd != NULL && m->state != MACHINE_IDLE)
		ev->busy(m, ev_arg);
	if ((what & TELL_IDLE) && m->state == MACHINE_IDLE)
		ev->idle(m, ev_arg);
}

void
machine_tell(struct machine *m, unsigned what)
{
	if (m->tell == 0)
		loop_defer(m->all->core->loop, tell_now, m);
	m->tell |= what;
}

static void
machine_free(struct machine *m)
{
	if (m->tell != 0)
		loop_undefer(m->all->core->loop, tell_now, m);
	list_leave(m);
	map_del(m->all->by_name, m->name);
	strs_release(&m->features);
	free(m->name);
	free(m->hostname);
	free(m->peer);
	free(m->boot);
	free(m->lease);
	free(m->reason);
	free(m->lost_why);
	rivals_release(&m->rivals);
	free(m);
}

static bool
may_forget(const struct machine *m)
{
	return m->state == MACHINE_GONE && m->lease == NULL && m->errands == 0 &&
	    m->tell == 0 && !m->drain;
}

/* Makes room by forgetting one that is gone. */
static bool
forget_one(struct machines *all)
{
	struct machine	*m;
	void		*v;
	size_t		 it = 0;

	while (map_next(all->by_name, &it, NULL, &v)) {
		m = v;
		if (may_forget(m)) {
			machine_free(m);
			return true;
		}
	}
	return false;
}

struct machine *
machine_add(struct machines *all, const char *name, const char *host_type)
{
	struct machine	*m;

	if (map_len(all->by_name) >= all->core->cfg.machines_max && !forget_one(all))
		return NULL;
	m = xcalloc(1, sizeof *m);
	m->all = all;
	m->name = xstrdup(name);
	m->type = type_get(all, host_type);
	m->state = MACHINE_GONE;
	list_enter(m);
	map_set(all->by_name, name, m);
	return m;
}

struct errand *
errand_new(struct machine *m)
{
	struct errand	*er = xcalloc(1, sizeof *er);

	er->m = m;
	er->epoch = m->epoch;
	er->all = m->all;
	m->errands++;
	TAILQ_INSERT_TAIL(&m->all->errands, er, entry);
	return er;
}

struct machine *
errand_over(struct errand *er)
{
	struct machine	*m = er->m;
	uint64_t	 epoch = er->epoch;

	if (m != NULL) {
		m->errands--;
		TAILQ_REMOVE(&er->all->errands, er, entry);
	}
	free(er->lease);
	free(er);
	return m != NULL && m->epoch == epoch && m->rd != NULL ? m : NULL;
}

/* --- what others ask -------------------------------------------------------- */

const char *
machine_name(const struct machine *m)
{
	return m->name;
}

const char *
machine_host_type(const struct machine *m)
{
	return m->type->name;
}

enum machine_state
machine_state(const struct machine *m)
{
	return m->state;
}

uint64_t
machine_epoch(const struct machine *m)
{
	return m->epoch;
}

const char *
machine_boot(const struct machine *m)
{
	return m->boot;
}

const char *
machine_lease(const struct machine *m)
{
	return m->lease;
}

bool
machine_connected(const struct machine *m)
{
	return m->rd != NULL;
}

bool
machine_has(const struct machine *m, const char *feature)
{
	return strs_has(&m->features, feature);
}

int64_t
machine_heard(const struct machine *m)
{
	int64_t	t = m->rd == NULL ? 0 : revdial_last_heard(m->rd);

	return t > m->heard ? t : m->heard;
}

struct bclient *
machine_client(struct machine *m)
{
	return m->bc;
}

int64_t
machine_retry_at(const struct machine *m)
{
	return m->retry_at;
}

struct machine *
machine_find(struct machines *all, const char *name)
{
	return map_find(all->by_name, name);
}

struct machine *
machine_first_idle(struct machines *all, const char *host_type)
{
	struct machine_type	*t = map_find(all->types, host_type);

	return t == NULL ? NULL : TAILQ_FIRST(&t->in[MACHINE_IDLE]);
}

void
machine_counts(struct machines *all, const char *host_type, struct machine_count *out)
{
	struct machine_type	*t = map_find(all->types, host_type);
	int			 i;

	memset(out, 0, sizeof *out);
	if (t == NULL)
		return;
	for (i = 0; i < MACHINE_STATES; i++) {
		out->in[i] = t->n[i];
		if (i != MACHINE_GONE)
			out->connected += t->n[i];
	}
}

/* --- rows ------------------------------------------------------------------- */

static int64_t
wall_of(const struct machine *m, int64_t mono)
{
	return mono == 0 ? 0 :
	    clock_wall(loop_clock(m->all->core->loop)) - (machine_now(m) - mono);
}

static void
row_fill(const struct machine *m, struct machine_row *r)
{
	const char	*rivals = rivals_text(&m->rivals, machine_now(m));
	const char	*reason = m->reason == NULL ? "" : m->reason;

	memset(r, 0, sizeof *r);
	r->name = m->name;
	r->host_type = m->type->name;
	r->hostname = m->hostname == NULL ? "" : m->hostname;
	r->peer = m->peer == NULL ? "" : m->peer;
	r->state = m->state;
	r->drain = m->drain;
	/* Why it could not be cleaned is nowhere else to be seen. */
	r->reason = rivals != NULL && m->state != MACHINE_QUARANTINED ? rivals : reason;
	r->lease = m->lease;
	r->boot = m->boot;
	r->revdial = m->rd == NULL ? "" : revdial_name(m->rd);
	r->version = m->version;
	r->epoch = m->epoch;
	r->connected = m->rd == NULL ? 0 : wall_of(m, m->connected);
	r->heard = wall_of(m, machine_heard(m));
	r->since = wall_of(m, m->since);
	r->rtt_us = m->rd == NULL ? -1 : revdial_rtt_us(m->rd);
	r->streams = m->rd == NULL ? 0 : revdial_streams(m->rd) +
	    successor_streams(m);
}

static int
by_name(const void *a, const void *b)
{
	const struct machine	*const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

void
machine_rows(struct machines *all, const char *host_type, machine_row_fn fn, void *arg)
{
	struct machine		**v;
	struct machine_row	  row;
	size_t			  i, n = 0, it = 0;
	void			 *m;

	v = xcalloc(map_len(all->by_name) + 1, sizeof *v);
	while (map_next(all->by_name, &it, NULL, &m)) {
		v[n] = m;
		if (host_type == NULL || strcmp(v[n]->type->name, host_type) == 0)
			n++;
	}
	qsort(v, n, sizeof *v, by_name);
	for (i = 0; i < n; i++) {
		row_fill(v[i], &row);
		if (!fn(&row, arg))
			break;
	}
	free(v);
}

/* --- the whole -------------------------------------------------------------- */

struct machines *
machines_new(struct core *core, const struct machine_events *events, void *arg)
{
	struct machines	*all = xcalloc(1, sizeof *all);

	all->core = core;
	all->events = events;
	all->events_arg = arg;
	all->by_name = map_new();
	all->types = map_new();
	TAILQ_INIT(&all->errands);
	return all;
}

static bool
on_drain(const char *name, const char *host_type, void *arg)
{
	struct machine	*m = machine_add(arg, name, host_type);

	if (m != NULL) {
		m->drain = true;
		m->since = machine_now(m);
	}
	return true;
}

int
machines_load(struct machines *all, struct err *e)
{
	return store_drains(all->core->store, on_drain, all, e);
}

void
machines_sweep(struct machines *all, int64_t now)
{
	struct machine	*m;
	void		*v;
	size_t		 it = 0;

	while (map_next(all->by_name, &it, NULL, &v)) {
		m = v;
		session_sweep(m, now);
		wipe_sweep(m, now);
		if (may_forget(m) && now - m->since >= all->core->cfg.forget_ms)
			machine_free(m);
	}
}

void
machines_free(struct machines *all)
{
	struct machine_type	*t;
	struct machine		*m;
	struct errand		*er;
	void			*v;
	size_t			 it = 0;

	if (all == NULL)
		return;
	/* What is under way answers into nothing. */
	while ((er = TAILQ_FIRST(&all->errands)) != NULL) {
		TAILQ_REMOVE(&all->errands, er, entry);
		er->m = NULL;
	}
	while (map_next(all->by_name, &it, NULL, &v)) {
		m = v;
		bclient_free(m->bc, "the coordinator stops");
		successor_forget(m);
		if (m->rd != NULL)
			revdial_free(m->rd);
		machine_free(m);
	}
	it = 0;
	while (map_next(all->types, &it, NULL, &v)) {
		t = v;
		free(t->name);
		free(t);
	}
	map_free(all->types);
	map_free(all->by_name);
	free(all);
}
