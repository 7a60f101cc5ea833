/* spare.c - see spare.h. */
#include "io/spare.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/inside.h"
#include "io/loop.h"
#include "io/pipes.h"

#define SPARE_MAX	4
#define IDLE_MS		10000	/* then they are let go */
/* A longer job might not fit into the socket at once: for it one is forked. */
#define TEXT_MAX	(32 * 1024)

struct spare {
	struct loop	*loop;
	struct timer	*timer;		/* to let them go */
	int		 n;
	pid_t		 pid[SPARE_MAX];
	int		 talk[SPARE_MAX];
};

static pid_t
keeper_fork(const struct keeper_job *job, int *talk)
{
	struct keeper_job	mine = *job;
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

/* ---- having some ---- */

/* The newest; it sees the end of file and ends. */
static void
let_go(struct spare *s)
{
	s->n--;
	pipes_close(&s->talk[s->n]);
	while (waitpid(s->pid[s->n], NULL, 0) == -1 && errno == EINTR)
		continue;
}

static void
on_timer(void *arg)
{
	struct spare	*s = arg;

	while (s->n > 0)
		let_go(s);
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

	while (s->n > 0) {
		if (job_give(s->talk[s->n - 1], job)) {
			s->n--;
			*talk = s->talk[s->n];
			return s->pid[s->n];
		}
		let_go(s);
	}
	return keeper_fork(job, talk);
}

bool
spare_back(struct loop *l, pid_t pid, int talk)
{
	struct spare	*s = spare_of(l);

	if (s->n == SPARE_MAX)
		return false;
	s->pid[s->n] = pid;
	s->talk[s->n++] = talk;
	timer_set(s->timer, IDLE_MS);
	return true;
}

pid_t
spare_pid(const struct spare *s)
{
	return s != NULL && s->n > 0 ? s->pid[s->n - 1] : 0;
}

void
spare_free(struct spare *s)
{
	if (s == NULL)
		return;
	on_timer(s);
	timer_free(s->timer);
	free(s);
}
