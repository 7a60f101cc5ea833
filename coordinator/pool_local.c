/*
 * pool_local.c - machines on this machine: buildlets that the coordinator
 * starts when somebody waits, each in STATE/local/NAME with a work directory
 * of its own, joining with a one-time token. They outlive a coordinator that
 * is killed: the next one finds them here and they dial it.
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

#include "base/backoff.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/path.h"
#include "base/queue.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "coordinator/catalog.h"
#include "coordinator/detached.h"
#include "io/loop.h"
#include "io/secret.h"

#define GIVE_UP_MS	(5 * 60 * 1000)	/* a buildlet ends when it cannot reach us for so long */
#define GIVE_UP_TEXT	"5m"
#define HALT_MS		15000		/* told to end and did not: killed */
#define RETRY_FIRST_MS	1000
#define RETRY_MAX_MS	60000
#define STOP_LOOK_MS	50

enum local_state {
	LOCAL_STARTING,		/* has not registered with us yet */
	LOCAL_HERE,
	LOCAL_STOPPING,		/* asked to end */
};

struct local {			/* one buildlet */
	char			*name;
	char			*dir;
	struct local_type	*type;
	struct detached		 proc;
	enum local_state	 state;
	int64_t			 deadline;	/* starting: to register; stopping: to end */
	int64_t			 idle_since;	/* 0: it is not idle */
	TAILQ_ENTRY(local)	 entry;
};

struct local_type {
	char			*name;
	size_t			 limit;		/* 0: not offered any more */
	size_t			 want;
	size_t			 n, starting, stopping;
	struct backoff		 backoff;
	int64_t			 retry_at;
	char			 note[ERR_MAX];
};

struct removal {
	pid_t			 pid;
	TAILQ_ENTRY(removal)	 entry;
};

struct pool {
	struct pool_host	 host;
	char			*root;		/* STATE/local */
	struct map		*types;		/* struct local_type * */
	TAILQ_HEAD(, local)	 list;
	TAILQ_HEAD(, removal)	 removals;
	struct timer		*stop_timer;
	int64_t			 stop_until;
	bool			 stopping;
	void			(*stopped)(void *);
	void			*stopped_arg;
};

static struct local_type *
type_get(struct pool *p, const char *name)
{
	struct local_type	*t = map_find(p->types, name);

	if (t != NULL)
		return t;
	t = xcalloc(1, sizeof *t);
	t->name = xstrdup(name);
	t->backoff = (struct backoff)BACKOFF_INIT(RETRY_FIRST_MS, RETRY_MAX_MS);
	map_set(p->types, name, t);
	return t;
}

/* --- one buildlet ----------------------------------------------------------- */

static void
count(struct local *l, int by)
{
	l->type->n += by;
	if (l->state == LOCAL_STARTING)
		l->type->starting += by;
	if (l->state == LOCAL_STOPPING)
		l->type->stopping += by;
}

static void
set_state(struct local *l, enum local_state next)
{
	count(l, -1);
	l->state = next;
	count(l, 1);
}

static struct local *
local_new(struct pool *p, struct local_type *t, const char *name, enum local_state st,
    int64_t deadline)
{
	struct local	*l = xcalloc(1, sizeof *l);

	l->name = xstrdup(name);
	l->dir = path_join(p->root, name);
	l->type = t;
	l->state = st;
	l->deadline = deadline;
	TAILQ_INSERT_TAIL(&p->list, l, entry);
	count(l, 1);
	return l;
}

static void
local_free(struct pool *p, struct local *l)
{
	count(l, -1);
	TAILQ_REMOVE(&p->list, l, entry);
	free(l->name);
	free(l->dir);
	free(l);
}

static struct local *
local_find(struct pool *p, const char *name)
{
	struct local	*l;

	TAILQ_FOREACH(l, &p->list, entry) {
		if (strcmp(l->name, name) == 0)
			return l;
	}
	return NULL;
}

static void
remove_dir(struct pool *p, const char *dir)
{
	struct removal	*r;
	pid_t		 pid = detached_remove(dir);

	if (pid == -1) {
		log_warn("local pool: cannot fork to remove %s", dir);
		return;
	}
	r = xcalloc(1, sizeof *r);
	r->pid = pid;
	TAILQ_INSERT_TAIL(&p->removals, r, entry);
}

/* A start that came to nothing: told to whoever waits, tried again later. */
static void
type_failed(struct pool *p, struct local_type *t, const char *why)
{
	t->retry_at = loop_now(p->host.loop) + backoff_next(&t->backoff);
	snprintf(t->note, sizeof t->note, "%s", why);
	log_warn("host type %s: %s", t->name, why);
}

static void
local_died(struct pool *p, struct local *l)
{
	char	end[ERR_MAX], words[ERR_MAX], why[2 * ERR_MAX + 128];

	detached_end(&l->proc, end);
	if (l->state == LOCAL_STARTING) {
		snprintf(why, sizeof why, "buildlet %s %s before it registered: %s",
		    l->name, end, detached_last_words(l->dir, words));
		type_failed(p, l->type, why);
	}
	snprintf(why, sizeof why, "its machine's buildlet %s", end);
	log_info("local pool: buildlet %s %s", l->name, end);
	p->host.dead(l->name, why, p->host.arg);
	remove_dir(p, l->dir);
	local_free(p, l);
}

/* --- starting --------------------------------------------------------------- */

static void
add_argv(struct pool *p, struct local *l, struct strs *a)
{
	strs_add(a, p->host.buildlet);
	strs_add(a, "-reverse-type");
	strs_add(a, l->type->name);
	strs_add(a, "-coordinator");
	strs_addf(a, "127.0.0.1:%d", p->host.port(p->host.arg));
	strs_add(a, "-ca");
	strs_addf(a, "%s/ca.pem", p->host.state_dir);
	strs_add(a, "-workdir");
	strs_addf(a, "%s/work", l->dir);
	strs_add(a, "-join-token-file");
	strs_addf(a, "%s/token", l->dir);
	strs_add(a, "-hostname");
	strs_add(a, l->name);
	strs_add(a, "-give-up");
	strs_add(a, GIVE_UP_TEXT);
}

static int
write_in(const char *dir, const char *name, const char *text, struct err *e)
{
	char	*path = path_join(dir, name);
	int	 ret = file_write(path, text, strlen(text), 0600, e);

	free(path);
	return ret;
}

static int
make_dir(struct pool *p, struct local *l, struct err *e)
{
	char	*work = path_join(l->dir, "work");
	char	*token = NULL;
	int	 ret = -1;

	if (file_mkdirs(work, 0700, e) == -1 ||
	    write_in(l->dir, "type", l->type->name, e) == -1)
		goto out;
	token = p->host.token(l->type->name, l->name, p->host.arg);
	ret = write_in(l->dir, "token", token, e);
out:
	free(token);
	free(work);
	return ret;
}

static int
local_start(struct pool *p, struct local *l, struct err *e)
{
	struct strs	argv = STRS_INIT, env = STRS_INIT;
	int		ret;

	if (p->host.buildlet == NULL)
		return err_set(e, "no buildlet program is configured");
	if (make_dir(p, l, e) == -1)
		return -1;
	add_argv(p, l, &argv);
	detached_env(&env);
	ret = detached_start(&l->proc, l->dir, argv.v, env.v, e);
	strs_release(&argv);
	strs_release(&env);
	return ret;
}

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
		remove_dir(p, l->dir);
		local_free(p, l);
		return false;
	}
	log_info("local pool: started buildlet %s, process %ld", l->name, (long)l->proc.pid);
	return true;
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

	if (!detached_find(&d, dir)) {
		p->host.dead(name, "its machine's buildlet ended", p->host.arg);
		remove_dir(p, dir);
	} else if (type == NULL || !str_name_ok(type, CATALOG_NAME_MAX)) {
		log_warn("local pool: %s: a process without a host type, killed", dir);
		detached_signal(&d, dir, SIGKILL);
	} else {
		l = local_new(p, type_get(p, type), name, LOCAL_HERE,
		    loop_now(p->host.loop) + GIVE_UP_MS);
		l->proc = d;
		log_info("local pool: buildlet %s is running, process %ld", name,
		    (long)d.pid);
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
			type_get(p, h->name)->limit = h->limit;
	}
}

static void
lp_want(struct pool *p, const char *host_type, size_t n)
{
	struct local_type	*t = map_find(p->types, host_type);

	if (t == NULL)
		return;
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
			set_state(l, LOCAL_HERE);
		l->deadline = 0;
		backoff_reset(&l->type->backoff);
		l->type->retry_at = 0;
		l->type->note[0] = '\0';
	}
	l->idle_since = ev == POOL_IDLE ? loop_now(p->host.loop) : 0;
	if (ev == POOL_LOST && l->state == LOCAL_STOPPING)
		detached_signal(&l->proc, l->dir, SIGTERM);
}

static void
halt_idle(struct pool *p, struct local *l)
{
	if (!p->host.halt(l->name, p->host.arg))
		return;
	set_state(l, LOCAL_STOPPING);
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
	if (l->state == LOCAL_STARTING) {
		type_failed(p, l->type, why);
		set_state(l, LOCAL_STOPPING);
	} else {
		log_warn("local pool: %s", why);
	}
	detached_signal(&l->proc, l->dir, SIGKILL);
}

static void
reap_removals(struct pool *p)
{
	struct removal	*r, *next;
	int		 status;

	TAILQ_FOREACH_SAFE(r, &p->removals, entry, next) {
		status = 0;
		if (waitpid(r->pid, &status, WNOHANG) == 0)
			continue;
		if (status != 0)
			log_warn("local pool: a directory in %s could not be removed",
			    p->root);
		TAILQ_REMOVE(&p->removals, r, entry);
		free(r);
	}
}

static void
lp_sweep(struct pool *p, int64_t now)
{
	struct local	*l, *next;
	void		*t;
	size_t		 it = 0;

	reap_removals(p);
	TAILQ_FOREACH_SAFE(l, &p->list, entry, next) {
		if (!detached_alive(&l->proc, l->dir))
			local_died(p, l);
		else if (l->deadline != 0 && l->deadline <= now)
			late(p, l);
		else if (is_surplus(p, l, now))
			halt_idle(p, l);
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
		if (p->host.leased(l->name, p->host.arg))
			continue;
		if (l->state != LOCAL_STOPPING)
			set_state(l, LOCAL_STOPPING);
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
