/*
 * pool_local.c - machines on this machine: buildlets that the coordinator
 * starts when somebody waits, each in STATE/local/NAME with a work directory
 * of its own, joining with a one-time token. They outlive a coordinator that
 * is killed: the next one finds them here and they dial it. One that ends by
 * itself while somebody has it is started again on its work directory, and
 * comes back with its lease and its commands.
 *
 * They run as the coordinator's own user: for people whom the operator trusts.
 */
#include "coordinator/pool.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/catalog.h"
#include "coordinator/pool_local_int.h"
#include "io/loop.h"
#include "io/secret.h"

#define HALT_MS		15000		/* told to end and did not: killed */
#define STOP_LOOK_MS	50
#define TRIES_MAX	5		/* to start one again that nobody has any more */

/* --- one buildlet ----------------------------------------------------------- */

/* A start that came to nothing: told to whoever waits, tried again later. */
static void
type_failed(struct pool *p, struct local_type *t, const char *why)
{
	t->retry_at = loop_now(p->host.loop) + backoff_next(&t->backoff);
	snprintf(t->note, sizeof t->note, "%.*s", (int)sizeof t->note - 1, why);
	log_warn("host type %s: %s", t->name, why);
}

/* It is gone for good, and what was in it. */
static void
local_over(struct pool *p, struct local *l, const char *why)
{
	log_info("local pool: %s", why);
	p->host.dead(l->name, why, p->host.arg);
	local_remove_dir(p, l->dir);
	local_free(p, l);
}

static bool
is_leased(const struct pool *p, const struct local *l)
{
	return p->host.leased(l->name, p->host.arg);
}

/* Is it of no use to start it again? One that was in use is, even if that is over
 * by now: what runs there must be ended. */
static bool
is_done_with(const struct pool *p, const struct local *l)
{
	bool	orderly = l->proc.status != -1 && WIFEXITED(l->proc.status) &&
	    WEXITSTATUS(l->proc.status) == 0;

	if (l->state == LOCAL_STOPPING || orderly)	/* it has emptied all */
		return true;
	return !is_leased(p, l) && (!l->used || l->backoff.tries >= TRIES_MAX);
}

static void	start_again(struct pool *, struct local *, int64_t now);

static void
local_down(struct pool *p, struct local *l, const char *end)
{
	int64_t	wait = backoff_next(&l->backoff);

	log_warn("local pool: buildlet %s %s: it is started again in %lld ms", l->name, end,
	    (long long)wait);
	local_set_state(l, LOCAL_DOWN);
	l->deadline = 0;
	l->idle_since = 0;
	l->start_at = loop_now(p->host.loop) + wait;
	if (wait == 0)
		start_again(p, l, l->start_at);
}

static void
local_died(struct pool *p, struct local *l)
{
	char	end[ERR_MAX], words[ERR_MAX], why[2 * ERR_MAX + 128];

	detached_end(&l->proc, end);
	if (!is_done_with(p, l)) {
		local_down(p, l, end);
		return;
	}
	if (l->state == LOCAL_STARTING) {
		snprintf(why, sizeof why, "buildlet %s %s before it registered: %s",
		    l->name, end, detached_last_words(l->dir, words));
		type_failed(p, l->type, why);
	}
	snprintf(why, sizeof why, "its machine's buildlet %s", end);
	local_over(p, l, why);
}

/* --- starting --------------------------------------------------------------- */

static char *
new_name(const struct local_type *t)
{
	char	*hex = secret_hex(4);
	char	*name = xasprintf("%.48s-%s", t->name, hex);

	free(hex);
	return name;
}

static bool
start_one(struct pool *p, struct local_type *t)
{
	char		*name = new_name(t);
	struct local	*l = local_new(p, t, name, LOCAL_STARTING,
	    loop_now(p->host.loop) + p->host.start_ms);
	struct err	 e = ERR_INIT;

	free(name);
	if (local_start(p, l, &e) == -1) {
		(void)err_wrap(&e, "start buildlet %s", l->name);
		type_failed(p, t, e.msg);
		local_remove_dir(p, l->dir);
		local_free(p, l);
		return false;
	}
	log_info("local pool: started buildlet %s, process %ld", l->name, (long)l->proc.pid);
	return true;
}

/* On its work directory. */
static void
start_again(struct pool *p, struct local *l, int64_t now)
{
	struct err	e = ERR_INIT;

	if (p->stopping || now < l->start_at || p->host.port(p->host.arg) == 0)
		return;
	if (local_start(p, l, &e) == 0) {
		local_set_state(l, LOCAL_STARTING);
		l->deadline = now + p->host.start_ms;
		log_info("local pool: started buildlet %s again, process %ld", l->name,
		    (long)l->proc.pid);
	} else if (is_done_with(p, l)) {
		local_over(p, l, e.msg);
	} else {
		local_down(p, l, e.msg);
	}
}

static void
start_wanted(struct pool *p, struct local_type *t)
{
	int64_t	now = loop_now(p->host.loop);

	if (p->stopping || p->host.port(p->host.arg) == 0 || now < t->retry_at)
		return;
	while (t->n < t->limit && t->n - t->stopping < t->want) {
		if (!start_one(p, t))
			return;
	}
}

/* --- those of an earlier coordinator ----------------------------------------- */

static void
take_over(struct pool *p, const char *name)
{
	struct detached	 d;
	struct local	*l;
	char		*dir = path_join(p->root, name);
	char		*path = path_join(dir, "type");
	char		*type = file_read_trimmed(path, CATALOG_NAME_MAX + 1, NULL);
	bool		 known = type != NULL && str_name_ok(type, CATALOG_NAME_MAX);
	bool		 lives = detached_find(&d, dir);

	if (lives && !known) {
		log_warn("local pool: %s: a process without a host type, killed", dir);
		detached_signal(&d, dir, SIGKILL);
	} else if (lives) {
		l = local_new(p, local_type_get(p, type), name, LOCAL_HERE,
		    loop_now(p->host.loop) + LOCAL_GIVE_UP_MS);
		l->proc = d;
		l->used = local_was_used(dir);
		log_info("local pool: buildlet %s is running, process %ld%s", name,
		    (long)d.pid, d.nameless ? " (unknown)" : "");
	} else if (known && (p->host.leased(name, p->host.arg) || local_was_used(dir))) {
		l = local_new(p, local_type_get(p, type), name, LOCAL_HERE, 0);
		l->proc = d;
		l->used = local_was_used(dir);
		local_down(p, l, "ended");
	} else {
		p->host.dead(name, "its machine's buildlet ended", p->host.arg);
		local_remove_dir(p, dir);
	}
	free(type);
	free(path);
	free(dir);
}

static int
take_over_all(struct pool *p, struct err *e)
{
	DIR		*d;
	struct dirent	*de;

	if (file_mkdirs(p->root, 0700, e) == -1)
		return -1;
	d = opendir(p->root);
	if (d == NULL)
		return err_errno(e, "open %s", p->root);
	while ((de = readdir(d)) != NULL) {
		if (str_name_ok(de->d_name, 64))
			take_over(p, de->d_name);
	}
	closedir(d);
	return 0;
}

/* --- the pool's operations ----------------------------------------------------- */

static void
lp_free(struct pool *p)
{
	struct local_type	*t;
	struct removal		*r;
	struct local		*l;
	void			*v;
	size_t			 it = 0;

	while ((l = TAILQ_FIRST(&p->list)) != NULL)
		local_free(p, l);
	while ((r = TAILQ_FIRST(&p->removals)) != NULL) {
		TAILQ_REMOVE(&p->removals, r, entry);
		(void)waitpid(r->pid, NULL, WNOHANG);
		free(r);
	}
	while (map_next(p->types, &it, NULL, &v)) {
		t = v;
		free(t->name);
		free(t);
	}
	map_free(p->types);
	timer_free(p->stop_timer);
	free(p->root);
	free(p);
}

static struct pool *
lp_start(const struct pool_host *host, struct err *e)
{
	struct pool	*p = xcalloc(1, sizeof *p);

	p->host = *host;
	p->root = path_join(host->state_dir, "local");
	p->types = map_new();
	TAILQ_INIT(&p->list);
	TAILQ_INIT(&p->removals);
	if (take_over_all(p, e) == -1) {
		(void)err_wrap(e, "local pool");
		lp_free(p);
		return NULL;
	}
	return p;
}

static void
lp_types(struct pool *p, const struct catalog *c)
{
	const struct host_type	*h;
	struct local_type	*t;
	void			*v;
	size_t			 i, it = 0;

	while (map_next(p->types, &it, NULL, &v)) {
		t = v;
		t->limit = 0;
	}
	for (i = 0; i < catalog_hosts(c); i++) {
		h = catalog_host_at(c, i);
		if (strcmp(h->pool, "local") == 0)
			local_type_get(p, h->name)->limit = h->limit;
	}
}

static void
lp_want(struct pool *p, const char *host_type, size_t n)
{
	struct local_type	*t = map_find(p->types, host_type);
	struct local		*l, *next;

	if (t == NULL)
		return;
	/* The first time this is said when they can dial us. */
	TAILQ_FOREACH_SAFE(l, &p->list, entry, next)
		if (l->type == t && l->state == LOCAL_DOWN)
			start_again(p, l, loop_now(p->host.loop));
	t->want = n;
	start_wanted(p, t);
}

static void
lp_event(struct pool *p, const char *name, enum pool_event ev)
{
	struct local	*l = local_find(p, name);

	if (l == NULL)
		return;
	if (ev == POOL_JOINED) {
		if (l->state == LOCAL_STARTING)
			local_set_state(l, LOCAL_HERE);
		l->deadline = 0;
		backoff_reset(&l->backoff);
		backoff_reset(&l->type->backoff);
		l->type->retry_at = 0;
		l->type->note[0] = '\0';
	}
	l->idle_since = ev == POOL_IDLE ? loop_now(p->host.loop) : 0;
	if (ev == POOL_IDLE || ev == POOL_BUSY)
		local_set_used(l, ev == POOL_BUSY);
	if (ev == POOL_LOST && l->state == LOCAL_STOPPING)
		detached_signal(&l->proc, l->dir, SIGTERM);
}

static void
halt_idle(struct pool *p, struct local *l)
{
	if (!p->host.halt(l->name, p->host.arg))
		return;
	local_set_state(l, LOCAL_STOPPING);
	l->idle_since = 0;
	l->deadline = loop_now(p->host.loop) + HALT_MS;
}

/* One idle machine of a type is kept for the next who comes, if it is still offered. */
static bool
is_surplus(const struct pool *p, const struct local *l, int64_t now)
{
	const struct local	*x;
	size_t			 idle = 0;

	if (l->state != LOCAL_HERE || l->idle_since == 0)
		return false;
	if (l->type->limit == 0)
		return true;
	TAILQ_FOREACH(x, &p->list, entry)
		idle += x->type == l->type && x->idle_since != 0;
	return idle > 1 && now - l->idle_since >= p->host.idle_ms;
}

static void
late(struct pool *p, struct local *l)
{
	char	why[ERR_MAX];

	l->deadline = 0;
	snprintf(why, sizeof why, "buildlet %s did not %s in time; see %s/log", l->name,
	    l->state == LOCAL_STOPPING ? "end" : "register", l->dir);
	if (l->state == LOCAL_STARTING && !is_leased(p, l)) {
		type_failed(p, l->type, why);
		local_set_state(l, LOCAL_STOPPING);
	} else {
		log_warn("local pool: %s", why);
	}
	detached_signal(&l->proc, l->dir, SIGKILL);
}

static void
lp_sweep(struct pool *p, int64_t now)
{
	struct local	*l, *next;
	void		*t;
	size_t		 it = 0;

	local_reap_removals(p, now);
	TAILQ_FOREACH_SAFE(l, &p->list, entry, next) {
		if (l->state == LOCAL_DOWN)
			start_again(p, l, now);
		else if (!detached_alive(&l->proc, l->dir))
			local_died(p, l);
		else if (l->deadline != 0 && l->deadline <= now)
			late(p, l);
		else if (is_surplus(p, l, now))
			halt_idle(p, l);
		else
			detached_trim_log(l->dir);
	}
	while (map_next(p->types, &it, NULL, &t))
		start_wanted(p, t);
}

static void
lp_describe(struct pool *p, const char *host_type, struct pool_row *row)
{
	const struct local_type	*t = map_find(p->types, host_type);

	memset(row, 0, sizeof *row);
	if (t == NULL)
		return;
	row->machines = t->n;
	row->starting = t->starting;
	row->limit = t->limit;
	snprintf(row->note, sizeof row->note, "%s", t->note);
}

static void
stop_look(void *arg)
{
	struct pool	*p = arg;
	struct local	*l;
	int64_t		 now = loop_now(p->host.loop);
	bool		 any = false;

	lp_sweep(p, now);
	TAILQ_FOREACH(l, &p->list, entry)
		any |= l->state == LOCAL_STOPPING;
	if ((any || !TAILQ_EMPTY(&p->removals)) && now < p->stop_until)
		return;
	timer_free(p->stop_timer);
	p->stop_timer = NULL;
	p->stopped(p->stopped_arg);
}

/* Whoever holds nothing needs no farewell. */
static void
lp_stop(struct pool *p, int64_t ms, void (*done)(void *), void *arg)
{
	struct local	*l;

	p->stopping = true;
	p->stopped = done;
	p->stopped_arg = arg;
	p->stop_until = loop_now(p->host.loop) + ms;
	TAILQ_FOREACH(l, &p->list, entry) {
		if (is_leased(p, l) || l->state == LOCAL_DOWN)
			continue;
		if (l->state != LOCAL_STOPPING)
			local_set_state(l, LOCAL_STOPPING);
		l->idle_since = 0;
		l->deadline = p->stop_until;
		detached_signal(&l->proc, l->dir, SIGTERM);
	}
	p->stop_timer = loop_every(p->host.loop, STOP_LOOK_MS, stop_look, p);
}

const struct pool_ops pool_local_ops = {
	.name = "local",
	.start = lp_start,
	.types = lp_types,
	.want = lp_want,
	.event = lp_event,
	.sweep = lp_sweep,
	.describe = lp_describe,
	.stop = lp_stop,
	.free = lp_free,
};
