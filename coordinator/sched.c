/*
 * sched.c - the queues and the one step that empties them: dispatch.
 *
 * A request is waiting, or preparing (a machine is being made ready for it),
 * or failing (its owner will be told); withdrawn ones that were preparing are
 * orphans until their machine answers.
 */
#include "coordinator/sched.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/queue.h"
#include "base/xmalloc.h"
#include "coordinator/core.h"
#include "coordinator/whywait.h"

TAILQ_HEAD(request_list, request);

enum request_state { REQUEST_WAITING, REQUEST_PREPARING, REQUEST_FAILING };

struct request {
	struct sched		*sched;
	struct queue		*queue;
	struct request_list	*list;		/* where it is now */
	enum request_state	 state;
	struct user		 user;
	char			*builder_type;
	char			*peer;
	char			*key;		/* the client's name for it; NULL */
	struct strs		 groups;
	int			 class;
	int64_t			 since;		/* mono */
	struct instance		*instance;	/* preparing */
	bool			 withdrawn;
	sched_granted_fn	 granted;
	void			*arg;
	struct err		 why;
	TAILQ_ENTRY(request)	 entry;
};

struct queue {
	char			*host_type;
	struct request_list	 list;		/* waiting and preparing */
	size_t			 waiting;
};

struct sched {
	struct core		*core;
	struct map		*queues;	/* by host type */
	struct request_list	 failing, orphans;
	size_t			 waiting;	/* in all queues */
};

static struct queue *
queue_get(struct sched *s, const char *host_type)
{
	struct queue	*q = map_find(s->queues, host_type);

	if (q != NULL)
		return q;
	q = xcalloc(1, sizeof *q);
	q->host_type = xstrdup(host_type);
	TAILQ_INIT(&q->list);
	map_set(s->queues, host_type, q);
	return q;
}

/* --- requests --------------------------------------------------------------- */

static void
set_state(struct request *r, enum request_state next)
{
	if (r->state == REQUEST_WAITING) {
		r->queue->waiting--;
		r->sched->waiting--;
	}
	r->state = next;
	if (next == REQUEST_WAITING) {
		r->queue->waiting++;
		r->sched->waiting++;
	}
}

static void
move_to(struct request *r, struct request_list *list)
{
	TAILQ_REMOVE(r->list, r, entry);
	r->list = list;
	TAILQ_INSERT_TAIL(list, r, entry);
}

static void
request_free(struct request *r)
{
	if (r->state == REQUEST_WAITING)
		set_state(r, REQUEST_FAILING);
	TAILQ_REMOVE(r->list, r, entry);
	free(r->builder_type);
	free(r->peer);
	free(r->key);
	strs_release(&r->groups);
	free(r);
}

static void
fail_now(void *arg)
{
	struct request		*r = arg;
	sched_granted_fn	 granted = r->granted;
	void			*granted_arg = r->arg;
	struct err		 why = r->why;

	request_free(r);
	granted(NULL, &why, granted_arg);
}

static void
fail_later(struct request *r, int code, const char *why)
{
	log_info("user %s: %s: refused: %s", r->user.name, r->builder_type, why);
	(void)err_code(&r->why, code, "%s", why);
	set_state(r, REQUEST_FAILING);
	move_to(r, &r->sched->failing);
	loop_defer(r->sched->core->loop, fail_now, r);
}

static size_t
waiting_of(struct sched *s, const char *user)
{
	struct queue	*q;
	struct request	*r;
	size_t		 n = 0, it = 0;
	void		*v;

	while (map_next(s->queues, &it, NULL, &v)) {
		q = v;
		TAILQ_FOREACH(r, &q->list, entry)
			n += r->state == REQUEST_WAITING &&
			    strcmp(r->user.name, user) == 0;
	}
	return n;
}

static int
may_request(struct core *core, const struct user *who, const struct builder_type *b,
    const char *builder_type, struct err *e)
{
	size_t	have;

	if (core->stopping)
		return err_code(e, SCHED_STOPPING, "the coordinator is stopping");
	if (b == NULL)
		return err_code(e, SCHED_UNKNOWN, "unknown builder type \"%s\"", builder_type);
	if (core->sched->waiting >= core->cfg.queue_max)
		return err_code(e, SCHED_FULL, "%zu requests wait already",
		    core->sched->waiting);
	if (who->instances_max < 0)
		return 0;
	have = instance_count(core, who->name) + waiting_of(core->sched, who->name);
	if (have >= (size_t)who->instances_max)
		return err_code(e, SCHED_LIMIT, "user %s has %zu instances or requests for "
		    "one, and may have %lld", who->name, have,
		    (long long)who->instances_max);
	return 0;
}

static struct request *
find_by_key(struct sched *s, const char *user, const char *key)
{
	struct queue	*q;
	struct request	*r;
	size_t		 it = 0;
	void		*v;

	while (key != NULL && map_next(s->queues, &it, NULL, &v)) {
		q = v;
		TAILQ_FOREACH(r, &q->list, entry) {
			if (str_eq(r->key, key) && strcmp(r->user.name, user) == 0)
				return r;
		}
	}
	return NULL;
}

bool
sched_has(struct core *core, const char *user, const char *key)
{
	return find_by_key(core->sched, user, key) != NULL;
}

/* Who asks again under the same key does so since the older connection is lost,
 * whether we have noticed or not: the request goes on for the newer. */
static int
take_over(struct request *r, const char *builder_type, sched_granted_fn granted,
    void *arg, struct err *e)
{
	sched_granted_fn	 older = r->granted;
	void			*older_arg = r->arg;
	struct err		 why = ERR_INIT;

	if (strcmp(r->builder_type, builder_type) != 0)
		return err_code(e, SCHED_AGAIN, "that key stands for a request for %s",
		    r->builder_type);
	r->granted = granted;
	r->arg = arg;
	(void)err_code(&why, SCHED_AGAIN, "asked for again on another connection");
	older(NULL, &why, older_arg);
	return 0;
}

static void	on_new(void *);

struct request *
sched_request(struct core *core, const struct user *who, const struct sched_order *o,
    sched_granted_fn granted, void *arg, struct err *e)
{
	const struct builder_type	*b = catalog_builder(core->catalog, o->builder_type);
	struct request			*r = find_by_key(core->sched, who->name, o->key);
	size_t				 i;

	if (r != NULL)
		return take_over(r, o->builder_type, granted, arg, e) == 0 ? r : NULL;
	if (may_request(core, who, b, o->builder_type, e) == -1)
		return NULL;
	r = xcalloc(1, sizeof *r);
	r->sched = core->sched;
	r->queue = queue_get(core->sched, b->host_type);
	r->list = &r->queue->list;
	r->user = *who;
	r->builder_type = xstrdup(b->name);
	r->peer = xstrdup(o->peer == NULL ? "" : o->peer);
	r->key = o->key == NULL ? NULL : xstrdup(o->key);
	for (i = 0; o->groups != NULL && i < o->groups->n; i++)
		strs_add(&r->groups, o->groups->v[i]);
	r->class = SCHED_CLASS_DEFAULT;
	r->since = loop_now(core->loop);
	r->granted = granted;
	r->arg = arg;
	TAILQ_INSERT_TAIL(r->list, r, entry);
	r->state = REQUEST_FAILING;
	set_state(r, REQUEST_WAITING);
	core_demand(core, r->queue->host_type);
	loop_defer(core->loop, on_new, r->queue);
	return r;
}

void
sched_withdraw(struct request *r)
{
	struct core	*core = r->sched->core;
	const char	*host_type = r->queue->host_type;

	if (r->state == REQUEST_PREPARING) {
		r->withdrawn = true;
		move_to(r, &r->sched->orphans);
		return;
	}
	if (r->state == REQUEST_FAILING)
		loop_undefer(core->loop, fail_now, r);
	request_free(r);
	core_demand(core, host_type);
}

/* --- dispatch --------------------------------------------------------------- */

static void	dispatch(struct sched *, struct queue *);

static void
grant(struct request *r)
{
	struct core		*core = r->sched->core;
	struct instance		*i = r->instance;
	sched_granted_fn	 granted = r->granted;
	void			*arg = r->arg;
	struct err		 e = ERR_INIT;

	if (instance_grant(i, &r->groups, &e) == -1) {
		instance_end(i, "coordinator", "it could not be written down");
		fail_later(r, SCHED_FAILED, e.msg);
		return;
	}
	core_event(core, r->user.key, "instance.create", instance_name(i), "", r->peer);
	request_free(r);
	granted(i, NULL, arg);
}

static void
on_ready(struct machine *m, const struct err *why, void *arg)
{
	struct request	*r = arg;
	struct sched	*s = r->sched;
	struct queue	*q = r->queue;
	struct instance	*i = r->instance;

	if (why != NULL) {
		log_warn("machine %s: not ready for %s: %s", machine_name(m),
		    instance_name(i), why->msg);
		instance_end(i, "coordinator", why->msg);
		r->instance = NULL;
		if (r->withdrawn) {
			request_free(r);
			return;
		}
		set_state(r, REQUEST_WAITING);
		dispatch(s, q);
	} else if (r->withdrawn) {
		instance_end(i, r->user.key, "the request was withdrawn");
		request_free(r);
	} else {
		grant(r);
	}
}

static void
assign(struct request *r, struct machine *m)
{
	struct core			*core = r->sched->core;
	const struct builder_type	*b = catalog_builder(core->catalog, r->builder_type);
	struct err			 e = ERR_INIT;

	if (b == NULL) {
		fail_later(r, SCHED_UNKNOWN, "the builder type is not offered any more");
		return;
	}
	r->instance = instance_begin(core, r->user.name, b, m, r->key, &e);
	if (r->instance == NULL) {
		fail_later(r, SCHED_FAILED, e.msg);
		return;
	}
	set_state(r, REQUEST_PREPARING);
	machine_prepare(m, instance_name(r->instance), on_ready, r);
}

/* In order of arrival; who is being served already is passed over. */
static void
dispatch(struct sched *s, struct queue *q)
{
	struct request	*r, *next;
	struct machine	*m;

	TAILQ_FOREACH_SAFE(r, &q->list, entry, next) {
		if (q->waiting == 0 || s->core->stopping)
			break;
		if (r->state != REQUEST_WAITING)
			continue;
		m = machine_first_idle(s->core->machines, q->host_type);
		if (m == NULL)
			break;
		assign(r, m);
	}
	core_demand(s->core, q->host_type);
}

void
sched_dispatch(struct sched *s, const char *host_type)
{
	struct queue	*q = map_find(s->queues, host_type);

	if (q != NULL)
		dispatch(s, q);
}

static void
on_new(void *arg)
{
	struct queue	*q = arg;
	struct request	*r = TAILQ_LAST(&q->list, request_list);

	if (r != NULL)
		dispatch(r->sched, q);
}

/* --- what people see -------------------------------------------------------- */

static size_t
ahead_of(const struct request *r)
{
	const struct request	*x;
	size_t			 n = 0;

	if (r->state != REQUEST_WAITING)
		return 0;
	TAILQ_FOREACH(x, &r->queue->list, entry) {
		if (x == r)
			break;
		n++;
	}
	return n;
}

size_t
sched_place(const struct request *r, struct str *why)
{
	whywait_tell(r->sched->core, r->queue->host_type,
	    r->state == REQUEST_PREPARING, why);
	return ahead_of(r);
}

static bool
queue_rows(struct sched *s, const struct queue *q, request_row_fn fn, void *arg)
{
	struct core		*core = s->core;
	const struct request	*r;
	struct request_row	 row;
	size_t			 n = 0;

	TAILQ_FOREACH(r, &q->list, entry) {
		row.user = r->user.name;
		row.builder_type = r->builder_type;
		row.host_type = q->host_type;
		row.class = r->class;
		row.since = clock_wall(loop_clock(core->loop)) -
		    (loop_now(core->loop) - r->since);
		row.preparing = r->state == REQUEST_PREPARING;
		row.ahead = row.preparing ? 0 : n;
		n++;
		if (!fn(&row, arg))
			return false;
	}
	return true;
}

static int
by_type(const void *a, const void *b)
{
	const struct queue	*const *x = a, *const *y = b;

	return strcmp((*x)->host_type, (*y)->host_type);
}

void
sched_rows(struct core *core, const char *host_type, request_row_fn fn, void *arg)
{
	struct sched	 *s = core->sched;
	struct queue	**v;
	size_t		  i, n = 0, it = 0;
	void		 *q;

	v = xcalloc(map_len(s->queues) + 1, sizeof *v);
	while (map_next(s->queues, &it, NULL, &q)) {
		v[n] = q;
		if (host_type == NULL || strcmp(v[n]->host_type, host_type) == 0)
			n++;
	}
	qsort(v, n, sizeof *v, by_type);
	for (i = 0; i < n && queue_rows(s, v[i], fn, arg); i++)
		;
	free(v);
}

size_t
sched_waiting(struct core *core, const char *host_type)
{
	struct queue	*q;

	if (host_type == NULL)
		return core->sched->waiting;
	q = map_find(core->sched->queues, host_type);
	return q == NULL ? 0 : q->waiting;
}

int64_t
sched_oldest(struct core *core, const char *host_type)
{
	const struct queue	*q = map_find(core->sched->queues, host_type);
	const struct request	*r;

	if (q == NULL)
		return 0;
	TAILQ_FOREACH(r, &q->list, entry) {
		if (r->state == REQUEST_WAITING)
			return loop_now(core->loop) - r->since;
	}
	return 0;
}

/* --- the whole -------------------------------------------------------------- */

struct sched *
sched_new(struct core *core)
{
	struct sched	*s = xcalloc(1, sizeof *s);

	s->core = core;
	s->queues = map_new();
	TAILQ_INIT(&s->failing);
	TAILQ_INIT(&s->orphans);
	return s;
}

/* What stands in a queue but is not offered (by that host type) any more. */
static void
refuse_removed(struct sched *s, struct queue *q)
{
	const struct builder_type	*b;
	struct request			*r, *next;

	TAILQ_FOREACH_SAFE(r, &q->list, entry, next) {
		if (r->state != REQUEST_WAITING)
			continue;
		b = catalog_builder(s->core->catalog, r->builder_type);
		if (b == NULL || strcmp(b->host_type, q->host_type) != 0)
			fail_later(r, SCHED_UNKNOWN,
			    "the builder type was changed by the operator: ask again");
	}
}

void
sched_catalog_changed(struct sched *s)
{
	void	*q;
	size_t	 it = 0;

	while (map_next(s->queues, &it, NULL, &q))
		refuse_removed(s, q);
}

void
sched_stop(struct sched *s)
{
	struct queue	*q;
	struct request	*r, *next;
	void		*v;
	size_t		 it = 0;

	while (map_next(s->queues, &it, NULL, &v)) {
		q = v;
		TAILQ_FOREACH_SAFE(r, &q->list, entry, next) {
			if (r->state == REQUEST_WAITING)
				fail_later(r, SCHED_STOPPING, "the coordinator is stopping");
		}
	}
}

static void
free_list(struct sched *s, struct request_list *list)
{
	struct request	*r;

	while ((r = TAILQ_FIRST(list)) != NULL) {
		if (r->state == REQUEST_FAILING)
			loop_undefer(s->core->loop, fail_now, r);
		request_free(r);
	}
}

void
sched_free(struct sched *s)
{
	struct queue	*q;
	void		*v;
	size_t		 it = 0;

	if (s == NULL)
		return;
	free_list(s, &s->failing);
	free_list(s, &s->orphans);
	while (map_next(s->queues, &it, NULL, &v)) {
		q = v;
		loop_undefer(s->core->loop, on_new, q);
		free_list(s, &q->list);
		free(q->host_type);
		free(q);
	}
	map_free(s->queues);
	free(s);
}
