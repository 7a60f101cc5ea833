/* crowd.c - several processes at once (crowd.h). */
#include "client/crowd.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "client/child.h"

struct crowd {
	pid_t		 pids[CROWD_MAX];	/* 0: it has ended */
	size_t		 n, left;
	int		 worst;
	int		 told;		/* the signal that was passed on last; 0 */
	sigset_t	 ours, before;
	struct sigaction chld;
};

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP };

/* Some systems drop a blocked signal that nobody would catch. */
static void
on_child(int signo)
{
	(void)signo;
}

static void
crowd_begin(struct crowd *c)
{
	struct sigaction	sa;
	size_t			i;

	memset(c, 0, sizeof *c);
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_child;
	sigemptyset(&sa.sa_mask);
	sigemptyset(&c->ours);
	sigaddset(&c->ours, SIGCHLD);
	for (i = 0; i < nitems(passed_on); i++)
		sigaddset(&c->ours, passed_on[i]);
	if (sigaction(SIGCHLD, &sa, &c->chld) == -1 ||
	    sigprocmask(SIG_BLOCK, &c->ours, &c->before) == -1)
		fatal("signals");
}

static void
crowd_end(struct crowd *c)
{
	if (sigaction(SIGCHLD, &c->chld, NULL) == -1 ||
	    sigprocmask(SIG_SETMASK, &c->before, NULL) == -1)
		fatal("signals");
}

static void
tell_all(struct crowd *c, int signo)
{
	size_t	i;

	c->told = signo;
	for (i = 0; i < c->n; i++)
		if (c->pids[i] != 0)
			(void)kill(c->pids[i], signo);
}

static int
start(struct crowd *c, int (*fn)(size_t, void *), void *arg, struct err *e)
{
	pid_t	pid, parent = getpid();

	fflush(stdout);
	if ((pid = fork()) == -1)
		return err_errno(e, "fork");
	if (pid == 0) {
		child_of(parent);
		(void)setpgid(0, 0);
		crowd_end(c);
		exit(fn(c->n, arg));
	}
	c->pids[c->n++] = pid;
	c->left++;
	return 0;
}

static void
ended(struct crowd *c, pid_t pid, int how)
{
	int	status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	size_t	i;

	for (i = 0; i < c->n; i++) {
		if (c->pids[i] != pid)
			continue;
		c->pids[i] = 0;
		c->left--;
		if (status > c->worst)
			c->worst = status;
	}
}

static void
wait_all(struct crowd *c)
{
	int	signo, how;
	pid_t	pid;

	while (c->left > 0) {
		if (sigwait(&c->ours, &signo) != 0)
			continue;
		if (signo != SIGCHLD)
			tell_all(c, signo);
		while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
			ended(c, pid, how);
	}
}

int
crowd_run(size_t n, int (*fn)(size_t i, void *arg), void *arg, int *signo, struct err *e)
{
	struct crowd	c;
	bool		failed = false;

	crowd_begin(&c);
	while (c.n < n && c.n < CROWD_MAX && !failed)
		failed = start(&c, fn, arg, e) == -1;
	if (failed)
		tell_all(&c, SIGTERM);
	wait_all(&c);
	crowd_end(&c);
	*signo = !failed && c.told != 0 && c.worst == 128 + c.told ? c.told : 0;
	return failed ? -1 : c.worst;
}
