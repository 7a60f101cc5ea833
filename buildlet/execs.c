/* execs.c - the index of execs: by id and by age, and its bounds. */
#include "buildlet/execs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/exec_int.h"

#define SWEEP_MS	1000
#define HUNTS		2		/* each looks at all processes */
/* Of ended ones: how many, and memory for their texts. */
#define ENDED_MAX	10000
#define WEIGHT_MAX	(16 * 1024 * 1024)

/* ---- the lists ---- */

static size_t
plan_weight(const struct exec_plan *p)
{
	size_t	n = strlen(p->cmd) + strlen(p->dir), i;

	for (i = 0; i < p->args.n; i++)
		n += strlen(p->args.v[i]) + sizeof(char *);
	return n;
}

void
execs_add(struct execs *all, struct exec *x)
{
	x->forgotten = false;
	if (x->transient) {
		TAILQ_INSERT_TAIL(&all->transients, x, entry);
		return;
	}
	x->weight = plan_weight(&x->plan);
	TAILQ_INSERT_TAIL(&all->list, x, entry);
	if (map_set(all->by_id, x->id, x) != NULL)
		fatalx("exec %s is there twice", x->id);
	all->weight += x->weight;
	all->ended += x->state >= EXEC_ENDED;
	if (x->state < EXEC_ENDED) {
		all->running++;
		all->promised += x->plan.log_limit;
	}
	exec_touch(x);
}

void
execs_remove(struct execs *all, struct exec *x)
{
	x->forgotten = true;
	if (x->transient) {
		TAILQ_REMOVE(&all->transients, x, entry);
		return;
	}
	TAILQ_REMOVE(&all->list, x, entry);
	(void)map_del(all->by_id, x->id);
	all->weight -= x->weight;
	if (x->state < EXEC_ENDED)
		execs_ends(all, x);
	all->ended--;
	all->seq++;
}

void
execs_ends(struct execs *all, const struct exec *x)
{
	all->running--;
	all->ended++;
	all->promised -= x->plan.log_limit;
}

void
exec_touch(struct exec *x)
{
	if (!x->transient)
		x->seq = ++x->all->seq;
	exec_tell(x);
}

struct exec *
exec_find(struct execs *all, const char *id)
{
	return map_find(all->by_id, id);
}

void
execs_each(struct execs *all, uint64_t seq, void (*fn)(struct exec *, void *),
    void *arg)
{
	struct exec	*x;

	TAILQ_FOREACH(x, &all->list, entry)
		if (x->seq > seq)
			fn(x, arg);
}

bool
execs_any(const struct execs *all)
{
	return !TAILQ_EMPTY(&all->list);
}

size_t
execs_running(const struct execs *all)
{
	return all->running;
}

uint64_t
execs_seq(const struct execs *all)
{
	return all->seq;
}

const char *
execs_path(const struct execs *all)
{
	return execdisk_path(all->disk);
}

/* ---- bounds ---- */

static bool
may_go(const struct exec *x)
{
	return x->state >= EXEC_ENDED && x->line == NULL && TAILQ_EMPTY(&x->watches);
}

static uint64_t
log_bytes(const struct execs *all)
{
	struct exec	*x;
	uint64_t	 n = 0;

	TAILQ_FOREACH(x, &all->list, entry)
		n += exec_log_bytes(x);
	return n;
}

static void
execs_bound(struct execs *all)
{
	uint64_t	 budget = all->b->set->log_budget_bytes, bytes = log_bytes(all);
	struct exec	*x, *next;

	TAILQ_FOREACH_SAFE(x, &all->list, entry, next) {
		if (bytes <= budget && all->ended <= ENDED_MAX &&
		    all->weight <= WEIGHT_MAX)
			return;
		if (!may_go(x))
			continue;
		log_info("exec %s: %s: forgotten: there are too many", x->id,
		    x->plan.cmd);
		bytes -= exec_log_bytes(x);
		exec_discard(x);
	}
}

int
exec_forget(struct exec *x, struct err *e)
{
	if (x->state < EXEC_ENDED)
		return err_code(e, 409, "exec %s still runs", x->id);
	if (x->line != NULL)
		return err_code(e, 409, "exec %s has ended, but %u of its processes "
		    "still run: kill it first", x->id, (unsigned)x->end.left);
	exec_discard(x);
	return 0;
}

/* ---- now and then ---- */

/* Its supervisor was told to kill, and does not come to an end itself. */
static void
kill_sweep(struct exec *x)
{
	if (x->kill_by == 0 || x->line == NULL || x->super == 0 ||
	    loop_now(x->all->b->loop) < x->kill_by)
		return;
	log_warn("exec %s: its supervisor (process %ld) does not end: killed",
	    x->id, (long)x->super);
	x->kill_by = 0;
	kill(x->super, SIGKILL);	/* the end of its line does the rest */
}

void
exec_hunt(struct exec *x)
{
	char	mark[PROCS_MARK_MAX + API_EXEC_ID_MAX + 2];

	snprintf(mark, sizeof mark, "%s/%s", x->all->mark, x->id);
	x->hunted = procs_marked(mark, procs_kill) > 0;
}

static void
on_sweep(void *arg)
{
	struct execs	*all = arg;
	struct exec	*x, *next;
	int		 hunts = HUNTS;

	TAILQ_FOREACH_SAFE(x, &all->transients, entry, next) {
		exec_watch_sweep(x);
		kill_sweep(x);
	}
	TAILQ_FOREACH_SAFE(x, &all->list, entry, next) {
		if (x->state < EXEC_ENDED && x->line == NULL)
			exec_look(x);
		if (x->line != NULL) {
			exec_watch_sweep(x);
			kill_sweep(x);
		}
		if (x->hunted && hunts-- > 0)
			exec_hunt(x);
		if (TAILQ_EMPTY(&x->watches))
			exec_close_dir(x);
	}
	execs_bound(all);
}

/* ---- all of it ---- */

void
execs_confine(struct execs *all)
{
	bool	limits = all->cgroup != NULL && cgroup_limits(all->cgroup);

	superpool_confine(all->pool, all->cgroup, limits ? 0 : all->b->set->pids_max);
}

/* All commands into a cgroup of their own, which the next start finds again. */
static void
cgroup_find(struct execs *all)
{
	int64_t		 most = all->b->set->pids_max;
	struct err	 e = ERR_INIT;
	char		*name = xasprintf("gomote-%s", all->mark);

	all->cgroup = cgroup_open(name, most, &e);
	if (most > 0 && (all->cgroup == NULL || !cgroup_limits(all->cgroup)))
		log_warn("-pids-max: counted by user, not by a cgroup: %s", e.msg);
	else if (all->cgroup == NULL)
		log_debug("no cgroup for commands: %s", e.msg);
	free(name);
	execs_confine(all);
}

struct execs *
execs_load(struct buildlet *b, struct err *e)
{
	struct execs	*all = xcalloc(1, sizeof *all);

	all->b = b;
	TAILQ_INIT(&all->list);
	TAILQ_INIT(&all->transients);
	/* After whatever an earlier buildlet has told, unless the clock went back. */
	all->seq = (uint64_t)clock_wall(loop_clock(b->loop)) * 1000;
	all->disk = execdisk_open(b->loop, workdir_state(b->workdir), e);
	if (all->disk == NULL) {
		free(all);
		return NULL;
	}
	all->by_id = map_new();
	procs_mark(workdir_fd(b->workdir), all->mark);
	all->pool = superpool_new(b->loop);
	cgroup_find(all);
	execs_restore(all);
	all->sweep = loop_every(b->loop, SWEEP_MS, on_sweep, all);
	return all;
}

static void
list_free(struct exec_list *list)
{
	struct exec	*x;

	while ((x = TAILQ_FIRST(list)) != NULL)
		exec_release(x);
}

void
execs_free(struct execs *all)
{
	if (all == NULL)
		return;
	list_free(&all->transients);
	list_free(&all->list);
	timer_free(all->sweep);
	execs_wipe_end(all);
	superpool_free(all->pool);
	cgroup_close(all->cgroup, true);
	execdisk_close(all->disk);
	map_free(all->by_id);
	free(all);
}
