/* superpool.c - see superpool.h. */
#include "buildlet/superpool.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "buildlet/super.h"
#include "io/cgroup.h"
#include "io/loop.h"
#include "io/pipes.h"

#define IDLE_MAX	4
#define AHEAD_MS	20	/* of quiet; then one is forked ahead */
#define IDLE_MS		30000	/* then all are let go but one */
#define REAP_MS		20

struct idle {
	pid_t	pid;
	int	line;
};

struct superpool {
	struct loop		*loop;
	struct timer		*ahead, *quiet, *reaper;
	struct idle		 idle[IDLE_MAX];
	size_t			 n;
	pid_t			*lost;		/* to be reaped */
	size_t			 lost_n, lost_cap;
	const struct cgroup	*cgroup;
	int64_t			 processes;
};

/* ---- reaping ---- */

static bool
is_over(pid_t pid)
{
	pid_t	got;

	do
		got = waitpid(pid, NULL, WNOHANG);
	while (got == -1 && errno == EINTR);
	return got != 0;	/* ECHILD: it is none of ours */
}

static void
on_reaper(void *arg)
{
	struct superpool	*p = arg;
	size_t			 i, left = 0;

	for (i = 0; i < p->lost_n; i++)
		if (!is_over(p->lost[i]))
			p->lost[left++] = p->lost[i];
	p->lost_n = left;
	if (left > 0)
		timer_set(p->reaper, REAP_MS);
}

void
superpool_lost(struct superpool *p, pid_t pid)
{
	if (pid <= 1 || is_over(pid))
		return;
	if (p->lost_n == p->lost_cap) {
		p->lost_cap = p->lost_cap != 0 ? p->lost_cap * 2 : 8;
		p->lost = xreallocarray(p->lost, p->lost_cap, sizeof *p->lost);
	}
	p->lost[p->lost_n++] = pid;
	timer_set(p->reaper, REAP_MS);
}

/* ---- forking ---- */

static void
limit_processes(int64_t max)
{
#ifdef RLIMIT_NPROC
	struct rlimit	limit;

	if (getrlimit(RLIMIT_NPROC, &limit) == -1 ||
	    (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur <= (rlim_t)max))
		return;
	limit.rlim_cur = limit.rlim_max = (rlim_t)max;
	setrlimit(RLIMIT_NPROC, &limit);
#else
	(void)max;
#endif
}

static void NORETURN
be_supervisor(const struct superpool *p, int line)
{
	if (p->cgroup != NULL)
		cgroup_join(p->cgroup);
	if (p->processes > 0)
		limit_processes(p->processes);
	super_run(line);
}

static pid_t
fork_one(const struct superpool *p, int *line)
{
	sigset_t	all, old;
	int		fd[2];
	pid_t		pid;

	if (pipes_talk(fd) == -1)
		return -1;
	/* Blocked, or our handlers would run in it and write into pipes that are
	 * still ours. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		be_supervisor(p, fd[1]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	pipes_close(&fd[1]);
	if (pid == -1)
		pipes_close(&fd[0]);
	else
		file_nonblock(fd[0], true);
	*line = fd[0];
	return pid;
}

/* ---- those that wait ---- */

static void
let_go(struct superpool *p)
{
	p->n--;
	close(p->idle[p->n].line);
	superpool_lost(p, p->idle[p->n].pid);
}

static void
on_quiet(void *arg)
{
	struct superpool	*p = arg;

	while (p->n > 1)
		let_go(p);
}

static void
on_ahead(void *arg)
{
	struct superpool	*p = arg;
	struct idle		 one;

	if (p->n > 0)
		return;
	one.pid = fork_one(p, &one.line);
	if (one.pid == -1)
		log_debug("no supervisor ahead of need");	/* then when it is needed */
	else
		p->idle[p->n++] = one;
}

/* It says nothing while it waits; what can be read is its end. */
static bool
is_waiting(int line)
{
	char	c;

	return recv(line, &c, 1, MSG_PEEK | MSG_DONTWAIT) == -1 && errno == EAGAIN;
}

pid_t
superpool_take(struct superpool *p, int *line)
{
	timer_set(p->ahead, AHEAD_MS);
	timer_set(p->quiet, IDLE_MS);
	while (p->n > 0) {
		if (is_waiting(p->idle[p->n - 1].line)) {
			p->n--;
			*line = p->idle[p->n].line;
			return p->idle[p->n].pid;
		}
		let_go(p);
	}
	return fork_one(p, line);
}

void
superpool_back(struct superpool *p, pid_t pid, int line)
{
	if (p->n == IDLE_MAX) {
		close(line);
		superpool_lost(p, pid);
		return;
	}
	p->idle[p->n].pid = pid;
	p->idle[p->n++].line = line;
}

/* ---- the pool ---- */

void
superpool_confine(struct superpool *p, const struct cgroup *c, int64_t processes)
{
	p->cgroup = c;
	p->processes = processes;
	while (p->n > 0)
		let_go(p);
	timer_set(p->ahead, AHEAD_MS);
}

struct superpool *
superpool_new(struct loop *loop)
{
	struct superpool	*p = xcalloc(1, sizeof *p);

	p->loop = loop;
	p->ahead = timer_new(loop, on_ahead, p);
	p->quiet = timer_new(loop, on_quiet, p);
	p->reaper = timer_new(loop, on_reaper, p);
	timer_set(p->ahead, AHEAD_MS);
	return p;
}

void
superpool_free(struct superpool *p)
{
	size_t	i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++)
		close(p->idle[i].line);
	for (i = 0; i < p->n; i++)	/* they have nothing else to do but to end */
		while (waitpid(p->idle[i].pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	on_reaper(p);
	timer_free(p->ahead);
	timer_free(p->quiet);
	timer_free(p->reaper);
	free(p->lost);
	free(p);
}
