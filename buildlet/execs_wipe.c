/* execs_wipe.c - all commands killed, all execs forgotten. */
#include "buildlet/exec_int.h"

#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/buildlet.h"

/* Longer than what is done to a supervisor that does not end. */
#define WIPE_MS		20000
#define CGROUP_MS	10
#define CGROUP_TRIES	1000

static void	on_all_gone(void *arg);

static size_t
lines(const struct exec_list *list)
{
	struct exec	*x;
	size_t		 n = 0;

	TAILQ_FOREACH(x, list, entry)
		n += x->line != NULL;
	return n;
}

static void
forget_all(struct exec_list *list)
{
	struct exec	*x;

	while ((x = TAILQ_FIRST(list)) != NULL) {
		if (x->state < EXEC_ENDED)
			exec_lose(x);
		exec_drop_line(x);
		exec_discard(x);
	}
}

static void
wipe_over(struct execs *all)
{
	void	(*done)(size_t, void *) = all->wiped;

	timer_free(all->wipe_by);
	all->wipe_by = NULL;
	all->wiped = NULL;
	done(all->left, all->wiped_arg);
}

/* What is still in the cgroup has left its tree, and its supervisor. */
static void
on_cgroup(void *arg)
{
	struct execs	*all = arg;

	if (all->cgroup == NULL || cgroup_empty(all->cgroup)) {
		wipe_over(all);
		return;
	}
	if (all->wipe_tries++ < CGROUP_TRIES && cgroup_kill(all->cgroup) == 0) {
		timer_set(all->wipe_by, CGROUP_MS);
		return;
	}
	log_warn("what commands have left in their cgroup cannot be killed");
	all->left++;
	wipe_over(all);
}

/* Nobody looks after a command any more. */
static void
on_all_gone(void *arg)
{
	struct execs	*all = arg;

	all->left += lines(&all->list) + lines(&all->transients);
	forget_all(&all->transients);
	forget_all(&all->list);
	timer_free(all->wipe_by);
	all->wipe_by = timer_new(all->b->loop, on_cgroup, all);
	if (all->cgroup != NULL)	/* those that wait for a job are in it, too */
		superpool_confine(all->pool, NULL, 0);
	on_cgroup(all);
}

void
execs_wipe_look(struct execs *all)
{
	if (all->wiped == NULL || all->wipe_tries > 0 || lines(&all->list) + lines(&all->transients) > 0)
		return;
	loop_undefer(all->b->loop, on_all_gone, all);
	loop_defer(all->b->loop, on_all_gone, all);
}

void
execs_wipe(struct execs *all, void (*done)(size_t, void *), void *arg)
{
	struct exec	*x;

	if (all->wiped != NULL)
		fatalx("execs: wiped twice at a time");
	all->wiped = done;
	all->wiped_arg = arg;
	all->left = 0;
	execdisk_stop(all->disk);
	all->wipe_tries = 0;
	TAILQ_FOREACH(x, &all->transients, entry)
		exec_kill_all(x);
	TAILQ_FOREACH(x, &all->list, entry)
		exec_kill_all(x);
	all->wipe_by = timer_new(all->b->loop, on_all_gone, all);
	timer_set(all->wipe_by, WIPE_MS);
	execs_wipe_look(all);
}

void
execs_wiped(struct execs *all)
{
	execdisk_forget(all->disk);
	if (all->cgroup != NULL)
		execs_confine(all);
}

void
execs_wipe_end(struct execs *all)
{
	loop_undefer(all->b->loop, on_all_gone, all);
	timer_free(all->wipe_by);
}
