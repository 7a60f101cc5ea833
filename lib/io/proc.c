/*
 * proc.c - our side of a command: pipes, its keeper (keeper.c), and what the
 * keeper tells.
 *
 * Two things end independently: the command (`ended`) and the keeper with the
 * whole tree (`over`). A proc that was let go lives on without callbacks
 * until its keeper has been reaped.
 */
#include "io/proc.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "io/inside.h"
#include "io/keeper.h"
#include "io/loop.h"
#include "io/pipes.h"

/* Longer than the keeper's own limit: for a keeper that hangs itself. */
#define KEEPER_KILL_MS	15000
/* A keeper needs some time to end, in which others have better to do. */
#define REAP_MS		5

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS	MSG_NOSIGNAL
#else
#define SEND_FLAGS	0	/* the loop ignores SIGPIPE anyway */
#endif

struct proc {
	struct loop	*loop;
	char		*path;		/* for texts */
	char		*dir;
	pid_t		 keeper;
	pid_t		 pid;		/* the command's; 0 until it runs */
	int		 talk;
	struct watch	*watch;
	struct timer	*limit;		/* of a kill; then of its reaping */
	struct stream	*in, *out, *err;

	proc_end_fn	 on_end;
	void		*arg;
	void		(*on_gone)(void *);
	void		*gone_arg;

	bool		 ended;		/* on_end was called */
	bool		 killing;
	bool		 cut;		/* the line is shut: the keeper kills */
	bool		 over;		/* the keeper is done */
	bool		 reaped;
	bool		 freed;		/* by the user: no callbacks */

	struct keeper_word word;	/* being read */
	size_t		 word_len;
};

/* What the command and the keeper get, and what we keep; -1 is none. */
struct ends {
	int	in[2], out[2], err[2];
};

static void
ends_close(struct ends *d)
{
	int	*all = (int *)d;
	size_t	 i;

	for (i = 0; i < sizeof *d / sizeof(int); i++)
		pipes_close(&all[i]);
}

static int
ends_open(struct ends *d, const struct proc_spec *spec)
{
	if (!spec->input) {
		d->in[0] = pipes_null(O_RDONLY);
		if (d->in[0] == -1)
			return -1;
	} else if (pipes_open(d->in) == -1)
		return -1;
	if (pipes_open(d->out) == -1)
		return -1;
	return spec->split ? pipes_open(d->err) : 0;
}

/* ---- the end ---- */

static void
proc_destroy(void *arg)
{
	struct proc	*p = arg;

	loop_paid(p->loop);
	free(p->path);
	free(p->dir);
	free(p);
}

static void
proc_ended(struct proc *p, const struct proc_end *end)
{
	if (p->ended)
		return;
	p->ended = true;
	if (!p->freed)
		p->on_end(p, end, p->arg);
}

static void
proc_tell_gone(void *arg)
{
	struct proc	*p = arg;
	void		(*gone)(void *) = p->on_gone;

	p->on_gone = NULL;
	if (gone != NULL && !p->freed)
		gone(p->gone_arg);
}

static void
proc_reap(struct proc *p, int how)
{
	pid_t	pid;

	do
		pid = waitpid(p->keeper, NULL, how);
	while (pid == -1 && errno == EINTR);
	p->reaped = pid != 0;
	if (p->reaped && p->freed)
		loop_defer(p->loop, proc_destroy, p);
}

static void
on_reap(void *arg)
{
	struct proc	*p = arg;

	timer_free(p->limit);
	p->limit = NULL;
	/* Its line is closed, so it is past all that could wait. */
	proc_reap(p, 0);
}

/* The keeper has ended, or ends when it sees its line closed. */
static void
proc_over(struct proc *p)
{
	if (p->over)
		return;
	p->over = true;
	watch_free(p->watch);
	p->watch = NULL;
	timer_free(p->limit);
	p->limit = NULL;
	close(p->talk);
	p->talk = -1;
	proc_reap(p, WNOHANG);
	if (!p->reaped) {
		p->limit = timer_new(p->loop, on_reap, p);
		timer_set(p->limit, REAP_MS);
	}
	proc_tell_gone(p);
}

static void
on_limit(void *arg)
{
	struct proc	*p = arg;

	if (!p->cut) {
		p->cut = true;
		shutdown(p->talk, SHUT_WR);
		timer_set(p->limit, KEEPER_KILL_MS);
		return;
	}
	log_warn("command %s: its keeper (process %ld) does not end: killed",
	    p->path, (long)p->keeper);
	kill(p->keeper, SIGKILL);	/* its end of file does the rest */
}

/* ---- what the keeper tells ---- */

static void
proc_unstarted(struct proc *p, enum brood_failure what, int error)
{
	struct proc_end	end;

	brood_failure_end(&end, what, error, p->path, p->dir);
	proc_ended(p, &end);
}

static void
proc_status(struct proc *p, int status)
{
	struct proc_end	end;

	brood_status_end(&end, status);
	proc_ended(p, &end);
}

/* Its end without a last word: somebody killed it. */
static void
proc_keeper_died(struct proc *p)
{
	struct proc_end	end = { .phase = PROC_SIGNALED, .status = SIGKILL };

	if (p->ended)
		return;
	log_warn("command %s: its keeper (process %ld) died", p->path,
	    (long)p->keeper);
	if (p->pid == 0) {
		end.phase = PROC_UNSTARTED;
		snprintf(end.why, sizeof end.why, "fork/exec %s: its keeper died", p->path);
	} else {
		kill(-p->pid, SIGKILL);
		snprintf(end.why, sizeof end.why, "the command's keeper died");
	}
	proc_ended(p, &end);
}

static void
on_word(struct proc *p, const struct keeper_word *w)
{
	switch (w->what) {
	case KEEPER_STARTED:
		p->pid = w->value;
		break;
	case KEEPER_NO_FORK:
	case KEEPER_NO_EXEC:
		proc_unstarted(p, BROOD_NO_EXEC, w->value);
		break;
	case KEEPER_NO_CHDIR:
		proc_unstarted(p, BROOD_NO_CHDIR, w->value);
		break;
	case KEEPER_ENDED:
		proc_status(p, w->value);
		break;
	case KEEPER_GONE:
		if (w->value > 0)
			log_warn("command %s: %d processes could not be killed",
			    p->path, (int)w->value);
		if (!p->ended)	/* it was one of these */
			proc_status(p, SIGKILL);
		proc_over(p);
		break;
	default:
		fatalx("command %s: a keeper said %d", p->path, (int)w->what);
	}
}

/* One word a turn: what follows from it, the end of a reply above all, comes
 * before the keeper's own end, which takes it longer to reach. */
static void
on_talk(void *arg)
{
	struct proc		*p = arg;
	struct keeper_word	 w;
	ssize_t			 n;

	n = read(p->talk, (char *)&p->word + p->word_len,
	    sizeof p->word - p->word_len);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		p->word_len += (size_t)n;
		if (p->word_len < sizeof p->word)
			return;
		p->word_len = 0;
		w = p->word;
		on_word(p, &w);
		return;
	}
	proc_keeper_died(p);
	proc_over(p);
}

/* ---- starting ---- */

static pid_t
fork_keeper(const struct proc_spec *spec, const struct ends *d, int *talk)
{
	struct keeper_job	job = { .command = {
		.path = spec->path, .argv = spec->argv, .env = spec->env,
		.dir = spec->dir, .in = d->in[0], .out = d->out[1],
		.err = spec->split ? d->err[1] : d->out[1], .tty = -1 } };
	sigset_t		all, old;
	int			fd[2];
	pid_t			pid;

	if (pipes_talk(fd) == -1)
		return -1;
	/* Blocked, or our handlers would run in the keeper and write into
	 * pipes that are still ours. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		job.talk = fd[1];
		keeper_run(&job);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	pipes_close(&fd[1]);
	if (pid == -1)
		pipes_close(&fd[0]);
	*talk = fd[0];
	return pid;
}

static struct stream *
take_end(struct proc *p, int *fd, bool writes)
{
	struct stream	*s;
	int		 mine = *fd;

	if (mine == -1)
		return NULL;
	*fd = -1;
	pipes_widen(mine);
	s = stream_from_fd(p->loop, writes ? -1 : mine, writes ? mine : -1, p->path);
	return s;
}

struct proc *
proc_spawn(struct loop *loop, const struct proc_spec *spec, proc_end_fn on_end,
    void *arg, struct err *e)
{
	struct ends	 d = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct proc	*p;
	pid_t		 keeper = -1;
	int		 talk = -1;

	if (ends_open(&d, spec) == 0)
		keeper = fork_keeper(spec, &d, &talk);
	if (keeper == -1) {
		err_errno(e, "start %s", spec->path);
		ends_close(&d);
		return NULL;
	}
	p = xcalloc(1, sizeof *p);
	p->loop = loop;
	p->path = xstrdup(spec->path);
	p->dir = xstrdup(spec->dir != NULL ? spec->dir : "");
	p->keeper = keeper;
	p->on_end = on_end;
	p->arg = arg;
	p->in = take_end(p, &d.in[1], true);
	p->out = take_end(p, &d.out[0], false);
	p->err = take_end(p, &d.err[0], false);
	p->talk = talk;
	ends_close(&d);
	file_nonblock(p->talk, true);
	p->watch = watch_readable(loop, p->talk, on_talk, p);
	return p;
}

/* ---- what the user does with it ---- */

pid_t
proc_pid(const struct proc *p)
{
	return p->pid;
}

struct stream *
proc_in(struct proc *p)
{
	return p->in;
}

struct stream *
proc_out(struct proc *p)
{
	return p->out;
}

struct stream *
proc_err(struct proc *p)
{
	return p->err;
}

void
proc_signal(struct proc *p, int signo)
{
	unsigned char	c = (unsigned char)signo;

	if (p->over || p->killing || signo <= 0 || signo >= NSIG)
		return;
	if (send(p->talk, &c, 1, SEND_FLAGS) == -1)
		log_debug("command %s: signal %d: %s", p->path, signo,
		    strerror(errno));
}

static void
proc_begin_kill(struct proc *p)
{
	if (p->killing || p->over)
		return;
	p->killing = true;
	p->limit = timer_new(p->loop, on_limit, p);
	/* What has ended left nothing behind, mostly: its keeper says so just now. */
	if (p->ended)
		timer_set(p->limit, 0);
	else
		on_limit(p);
}

void
proc_kill(struct proc *p, void (*gone)(void *), void *arg)
{
	p->on_gone = gone;
	p->gone_arg = arg;
	if (!p->over)
		proc_begin_kill(p);
	else if (gone != NULL)
		loop_defer(p->loop, proc_tell_gone, p);
}

static void
close_stream(struct stream **s)
{
	if (*s != NULL)
		stream_close(*s);
	*s = NULL;
}

void
proc_free(struct proc *p)
{
	if (p == NULL || p->freed)
		return;
	p->freed = true;
	loop_owe(p->loop);
	close_stream(&p->in);
	close_stream(&p->out);
	close_stream(&p->err);
	loop_undefer(p->loop, proc_tell_gone, p);
	if (p->reaped)
		loop_defer(p->loop, proc_destroy, p);
	else if (!p->over)
		proc_begin_kill(p);
}
