/* spare.c - see spare.h. */
#include "io/spare.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/inside.h"
#include "io/loop.h"
#include "io/pipes.h"

#define IDLE_MS		10000	/* then the spare one is let go */
/* A longer job might not fit into the socket at once: for it one is forked. */
#define TEXT_MAX	(32 * 1024)

struct spare {
	struct loop	*loop;
	struct timer	*timer;		/* to fork one, to let it go */
	int64_t		 used;		/* loop_now of the last job */
	pid_t		 pid;		/* 0: there is none */
	int		 talk;
};

/* Without a job it waits for one. */
static pid_t
keeper_fork(const struct keeper_job *job, int *talk)
{
	struct keeper_job	mine;
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
	if (pid == 0 && job == NULL)
		keeper_wait(fd[1]);
	if (pid == 0) {
		mine = *job;
		mine.talk = fd[1];
		keeper_run(&mine);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	pipes_close(&fd[1]);
	if (pid == -1)
		pipes_close(&fd[0]);
	*talk = fd[0];
	return pid;
}

/* ---- handing it a job ---- */

static uint32_t
add_all(struct str *text, char *const *v)
{
	uint32_t n = 0;

	for (; v[n] != NULL; n++)
		str_addn(text, v[n], strlen(v[n]) + 1);
	return n;
}

/* The head and the texts in one message, with the descriptors. */
static bool
job_send(int talk, const struct keeper_head *h, const struct str *text,
    const struct keeper_job *job)
{
	const int	 fds[KEEPER_FDS] = { job->in, job->out, job->err };
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(sizeof fds)];
	}		 control;
	struct iovec	 v[2] = { { (void *)h, sizeof *h }, { text->s, text->len } };
	struct msghdr	 m = { .msg_iov = v, .msg_iovlen = 2,
			    .msg_control = &control, .msg_controllen = sizeof control };

	memset(&control, 0, sizeof control);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(&control.head), fds, sizeof fds);
	return sendmsg(talk, &m, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)(sizeof *h + text->len);
}

static bool
job_give(int talk, const struct keeper_job *job)
{
	struct keeper_head	h = { .dir = job->dir != NULL };
	struct str		text = STR_INIT;
	bool			sent;

	str_addn(&text, job->path, strlen(job->path) + 1);
	if (job->dir != NULL)
		str_addn(&text, job->dir, strlen(job->dir) + 1);
	h.argc = add_all(&text, job->argv);
	h.envc = add_all(&text, job->env);
	h.len = (uint32_t)text.len;
	sent = text.len <= TEXT_MAX && job_send(talk, &h, &text, job);
	str_release(&text);
	return sent;
}

/* ---- having one ---- */

/* It sees the end of file and ends. */
static void
let_go(struct spare *s)
{
	if (s->pid == 0)
		return;
	pipes_close(&s->talk);
	while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	s->pid = 0;
}

static void
on_timer(void *arg)
{
	struct spare	*s = arg;
	int64_t		 left = s->used + IDLE_MS - loop_now(s->loop);

	if (left <= 0) {
		let_go(s);
		return;
	}
	if (s->pid == 0 && (s->pid = keeper_fork(NULL, &s->talk)) == -1) {
		log_debug("no spare keeper: %s", strerror(errno));
		s->pid = 0;
		return;
	}
	timer_set(s->timer, left);
}

static struct spare *
spare_of(struct loop *l)
{
	struct loop_io	*io = loop_io(l);
	struct spare	*s = io->spare;

	if (s == NULL) {
		s = io->spare = xcalloc(1, sizeof *s);
		s->loop = l;
		s->timer = timer_new_weak(l, on_timer, s);
	}
	return s;
}

pid_t
spare_keeper(struct loop *l, const struct keeper_job *job, int *talk)
{
	struct spare	*s = spare_of(l);
	pid_t		 pid = s->pid;

	s->used = loop_now(l);
	timer_set(s->timer, 0);		/* once what there is to say now is said */
	if (pid == 0)
		return keeper_fork(job, talk);
	if (!job_give(s->talk, job)) {
		let_go(s);
		return keeper_fork(job, talk);
	}
	*talk = s->talk;
	s->pid = 0;
	return pid;
}

pid_t
spare_pid(const struct spare *s)
{
	return s != NULL ? s->pid : 0;
}

void
spare_free(struct spare *s)
{
	if (s == NULL)
		return;
	let_go(s);
	timer_free(s->timer);
	free(s);
}
