/*
 * execs_load.c - after a restart: what is there on the disk, and who still
 * speaks for it.
 *
 * Whether a supervisor lives is told by its lock; whether a command has ended,
 * by its state. A supervisor notices a moment after us that the line to the
 * buildlet before broke, and then listens for the next.
 */
#include "buildlet/exec_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"
#include "buildlet/execlog.h"
#include "buildlet/execstate.h"

#define WAIT_MS		2000
#define PAUSE_MS	5
/* One that was begun just before may have no lock yet. */
#define YOUNG_MS	60000
#define YOUNG_WAIT_MS	5000

/* ---- one ---- */

/* Its end as the state on disk tells it. */
static bool
end_find(struct exec *x)
{
	struct super_end	 end;
	struct err		 e = ERR_INIT;
	char			*status, *names;

	if (execstate_read(exec_dir(x), &end, &status, &names, &e) == -1)
		return false;
	exec_ended(x, &end, status, names);
	free(status);
	free(names);
	return true;
}

static bool
still_young(const struct exec *x)
{
	struct loop	*loop = x->all->b->loop;
	int64_t		 age = clock_wall(loop_clock(loop)) - x->plan.created;

	return age >= 0 && age < YOUNG_MS &&
	    loop_now(loop) - x->all->restored < YOUNG_WAIT_MS;
}

static bool
line_find(struct exec *x)
{
	pid_t	pid;
	int	fd = execdisk_connect(exec_dir(x), &pid);

	if (fd == -1)
		return false;
	exec_join(x, fd, pid, false);
	superline_say(x->line, SUPER_HELLO, SUPERLINK_VERSION);
	return true;
}

/* True once it is known what became of it. */
static bool
exec_settle(struct exec *x)
{
	bool	held = execdisk_held(exec_dir(x)), ended = x->state >= EXEC_ENDED;

	if (!ended)
		ended = end_find(x);
	/* What clients have read is on the disk: they go on from there before its
	 * supervisor has said a word. */
	if (!ended && x->log_end == 0)
		x->log_end = execlog_end(exec_dir(x));
	if (held)
		return line_find(x);
	if (!ended && still_young(x))
		return false;
	exec_lose(x);
	return true;
}

void
exec_look(struct exec *x)
{
	if (exec_settle(x) && x->line != NULL)
		log_info("exec %s: %s: found again", x->id, x->plan.cmd);
}

/* ---- all ---- */

static int
by_order(const void *a, const void *b)
{
	const struct exec	*x = *(struct exec *const *)a, *y = *(struct exec *const *)b;

	if (x->plan.order != y->plan.order)
		return x->plan.order < y->plan.order ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* NULL: it was half made, and is removed. */
static struct exec *
exec_open(struct execs *all, const char *id)
{
	struct err	 e = ERR_INIT;
	struct exec	*x = exec_new(all, id, false);
	struct json	*spec = NULL;

	x->dir = execdisk_find(all->disk, id);
	if (x->dir != -1)
		spec = execdisk_spec_read(x->dir, &e);
	if (spec == NULL || exec_plan_read(x, spec, &e) == -1) {
		log_info("exec %s: was only half made: %s", id, e.msg);
		json_free(spec);
		execdisk_drop(all->disk, id);
		exec_discard(x);
		return NULL;
	}
	json_free(spec);
	return x;
}

/* How many of the first n are still unknown; they come first then. */
static size_t
settle_some(struct exec **v, size_t n)
{
	size_t	i, left = 0;

	for (i = 0; i < n; i++)
		if (!exec_settle(v[i]))
			v[left++] = v[i];
	return left;
}

static void
settle_all(struct execs *all, struct exec **v, size_t n)
{
	const struct clock	*clock = loop_clock(all->b->loop);
	const struct timespec	 pause = { 0, PAUSE_MS * 1000000L };
	int64_t			 until = clock_mono(clock) + WAIT_MS;

	while ((n = settle_some(v, n)) > 0 && clock_mono(clock) < until)
		nanosleep(&pause, NULL);
	if (n > 0)
		log_warn("%zu execs have not answered yet", n);
}

void
execs_restore(struct execs *all)
{
	struct strs	 ids = STRS_INIT;
	struct exec	**v, *x;
	size_t		 i, n = 0;

	all->restored = loop_now(all->b->loop);
	execdisk_list(all->disk, &ids);
	v = xcalloc(ids.n + 1, sizeof *v);
	for (i = 0; i < ids.n; i++)
		if ((x = exec_open(all, ids.v[i])) != NULL)
			v[n++] = x;
	qsort(v, n, sizeof(struct exec *), by_order);
	for (i = 0; i < n; i++)
		execs_add(all, v[i]);
	settle_all(all, v, n);
	for (i = 0; i < ids.n; i++)
		if ((x = exec_find(all, ids.v[i])) != NULL)
			exec_close_dir(x);
	if (n > 0)
		log_info("%zu execs are there, %zu of them run", n, all->running);
	strs_release(&ids);
	free(v);
}
