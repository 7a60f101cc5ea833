/*
 * keeper.c - starts one command, waits for it and for whatever it leaves
 * behind, and kills all of it on demand (keeper.h).
 *
 * On Linux it is a child subreaper: a process whose parent dies becomes the
 * keeper's own child, whatever session or group it has gone to, so the tree
 * below the keeper is the command's whole tree for as long as one lives.
 * Elsewhere it knows the command's process group only.
 *
 * Runs after fork() in a process with one thread. It allocates little, writes
 * no log and never returns.
 */
#include "io/keeper.h"

#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/file.h"
#include "io/procs.h"

#define KILL_MS		10000	/* then we give up on what is left */
#define REFUSED_MS	1000	/* as much if every one left is another user's */
#define FREEZE_MS	2000
#define REAP_WAIT_MS	20

struct keeper {
	int	 talk;
	pid_t	 leader;	/* the command; 0 once it was reaped */
	pid_t	 group;		/* its process group */
};

static void
on_child(int signo)
{
	(void)signo;		/* only there to end pselect */
}

static void
say(const struct keeper *k, enum keeper_what what, int value)
{
	struct keeper_word	w = { (int32_t)what, value };

	/* Nobody may be listening any more; then the end of file comes. */
	if (file_write_all(k->talk, &w, sizeof w) == -1)
		return;
}

static int64_t
now_ms(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- becoming a keeper ---- */

static void
reset_signals(void)
{
	struct sigaction	sa = { .sa_handler = SIG_DFL };
	int			signo;

	for (signo = 1; signo < NSIG; signo++)
		sigaction(signo, &sa, NULL);	/* fails for some, rightly */
	sa.sa_handler = on_child;
	sa.sa_flags = SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);
}

/* 0, 1 and 2 become /dev/null, so that nothing else can get these numbers. */
static void
hold_standard(void)
{
	int	fd = open("/dev/null", O_RDWR);

	if (fd == -1)
		return;
	for (int i = 0; i <= 2; i++)
		if (fd != i)
			dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* talk gets a small number, which pselect needs; what is kept is above 2 and
 * stays where it is. */
static void
become(struct keeper *k, int talk, const int *keep, size_t n)
{
#ifdef PR_SET_CHILD_SUBREAPER
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "keeper", 0, 0, 0);
#endif
	setsid();		/* a terminal's signals are not for us */
	reset_signals();
	procs_close_but(keep, n);
	hold_standard();
	k->talk = fcntl(talk, F_DUPFD_CLOEXEC, 3);
	if (k->talk == -1)
		_exit(1);
	close(talk);
}

/* ---- starting the command ---- */

struct failure { enum keeper_what what; int error; };

/* Between vfork and exec: system calls only. */
static void
run_command(const struct keeper_job *job, pid_t keeper, int report)
{
	struct failure	f = { KEEPER_NO_EXEC, 0 };
	sigset_t	none;

	setsid();
	dup2(job->in, STDIN_FILENO);
	dup2(job->out, STDOUT_FILENO);
	dup2(job->err, STDERR_FILENO);
#ifdef PR_SET_PDEATHSIG
	/* Should the keeper be killed, at least the command goes with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != keeper)
		_exit(1);
#else
	(void)keeper;
#endif
	sigemptyset(&none);
	if (job->dir != NULL && chdir(job->dir) == -1)
		f.what = KEEPER_NO_CHDIR;
	else {
		sigprocmask(SIG_SETMASK, &none, NULL);
		execve(job->path, job->argv, job->env);
	}
	f.error = errno;
	if (write(report, &f, sizeof f) != sizeof f)
		_exit(2);
	_exit(1);
}

#ifdef __linux__
#define fork_for_exec vfork	/* our memory is not copied, and is not touched */
#else
#define fork_for_exec fork
#endif

/* KEEPER_STARTED, or why not and *error. */
static enum keeper_what
start(struct keeper *k, const struct keeper_job *job, int *error)
{
	struct failure	f;
	pid_t		self = getpid(), pid;
	int		report[2];

	if (pipe(report) == -1) {
		*error = errno;
		return KEEPER_NO_FORK;
	}
	file_cloexec(report[0]);
	file_cloexec(report[1]);
	pid = fork_for_exec();
	if (pid == 0)
		run_command(job, self, report[1]);
	*error = errno;
	close(report[1]);
	if (pid == -1) {
		close(report[0]);
		return KEEPER_NO_FORK;
	}
	k->leader = k->group = pid;
	if (file_read_full(report[0], &f, sizeof f) != sizeof f)
		f.what = KEEPER_STARTED;
	close(report[0]);
	if (f.what != KEEPER_STARTED)
		*error = f.error;
	return f.what;
}

/* ---- keeping ---- */

/* Reaps what has ended; false once there is no child left. */
static bool
reap(struct keeper *k)
{
	pid_t	pid;
	int	status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->leader)
			continue;
		k->leader = 0;
		say(k, KEEPER_ENDED, status);
	}
	return pid == 0;
}

/* Once the command is reaped its number may be used again, unless one of our
 * own is still in the group. */
static bool
group_is_ours(const struct keeper *k)
{
	struct procs	all = PROCS_INIT;
	bool		ours = k->leader != 0;
	size_t		i;

	if (!ours) {
		procs_below(&all, NULL);
		for (i = 0; i < all.n && !ours; i++)
			ours = getpgid(all.pid[i]) == k->group;
		procs_release(&all);
	}
	return ours;
}

/* Waits for a child to end, or for talk; whether talk has something. */
static bool
wait_for_news(const struct keeper *k, bool listen, int ms)
{
	const struct timespec	limit = { ms / 1000, (long)(ms % 1000) * 1000000 };
	sigset_t		but_child;
	fd_set			in;

	sigfillset(&but_child);
	sigdelset(&but_child, SIGCHLD);
	FD_ZERO(&in);
	if (listen)
		FD_SET(k->talk, &in);
	return pselect(listen ? k->talk + 1 : 0, &in, NULL, NULL,
	    ms < 0 ? NULL : &limit, &but_child) > 0;
}

/* False at the end of file. */
static bool
obey(const struct keeper *k)
{
	unsigned char	signals[64];
	ssize_t		n = read(k->talk, signals, sizeof signals), i;

	if (n == -1)
		return errno == EINTR || errno == EAGAIN;
	for (i = 0; i < n; i++)
		if (group_is_ours(k))
			kill(-k->group, signals[i]);
	return n > 0;
}

/* Stops every process below us, so that nothing multiplies while it is killed.
 * A stopped parent cannot reap its children, so their numbers stay theirs. */
static void
freeze(void)
{
	struct procs	now = PROCS_INIT, before = PROCS_INIT, t;
	int64_t		until = now_ms() + FREEZE_MS;
	bool		same;

	do {
		procs_below(&now, procs_stop);
		procs_sort(&now);
		same = procs_same(&now, &before);
		t = before;
		before = now;
		now = t;
	} while (!same && now_ms() < until);
	procs_release(&now);
	procs_release(&before);
}

/* How many were left when time was up. */
static int
kill_all(struct keeper *k)
{
	struct procs	all = PROCS_INIT;
	int64_t		begin = now_ms(), passed;
	size_t		left = 0;

	if (k->leader != 0)
		kill(-k->group, SIGKILL);
	freeze();
	for (;;) {
		procs_below(&all, procs_kill);
		left = all.n;
		if (!reap(k)) {
			left = 0;
			break;
		}
		passed = now_ms() - begin;
		if (passed > KILL_MS || (passed > REFUSED_MS &&
		    all.n > 0 && all.refused == all.n))
			break;
		wait_for_news(k, false, REAP_WAIT_MS);
	}
	procs_release(&all);
	return (int)left;
}

/* The last word after the line was shut. Our end costs time that others need
 * now, to tell what has ended: so it is left until they close the line. */
static void NORETURN
end_killed(const struct keeper *k, int left)
{
	char	signals[64];
	ssize_t	n;

	say(k, KEEPER_GONE, left);
	do
		n = read(k->talk, signals, sizeof signals);
	while (n > 0 || (n == -1 && errno == EINTR));
	_exit(0);
}

/* Returns when the whole tree is gone by itself, and said so. */
static void
keep_one(struct keeper *k, const struct keeper_job *job)
{
	enum keeper_what	what;
	int			error = 0;

	what = start(k, job, &error);
	if (what != KEEPER_STARTED) {
		say(k, what, error);
		_exit(0);
	}
	say(k, what, (int)k->leader);
	close(job->in);		/* ours would keep the pipes open */
	close(job->out);
	if (job->err != job->out)
		close(job->err);
	while (reap(k))
		if (wait_for_news(k, true, -1) && !obey(k))
			end_killed(k, kill_all(k));
	say(k, KEEPER_GONE, 0);
}

static bool receive_job(int talk, struct keeper_job *job, char **text);

/* One job after another: nothing of one is left when the next comes. */
static void NORETURN
keep(struct keeper *k, const struct keeper_job *first)
{
	struct keeper_job	 job = *first;
	char			*text = NULL;

	for (;;) {
		keep_one(k, &job);
		if (text != NULL) {
			free(text);
			free((void *)job.argv);
			free((void *)job.env);
		}
		if (!receive_job(k->talk, &job, &text))
			_exit(0);
	}
}

void
keeper_run(const struct keeper_job *job)
{
	const int	kept[] = { job->in, job->out, job->err, job->talk };
	struct keeper	k = { .talk = -1 };

	become(&k, job->talk, kept, nitems(kept));
	keep(&k, job);
}

/* ---- a job that comes later ---- */

/* The head and the descriptors. */
static bool
receive_head(int talk, struct keeper_head *h, int fds[KEEPER_FDS])
{
	union {
		struct cmsghdr	 head;
		char		 room[CMSG_SPACE(KEEPER_FDS * sizeof(int))];
	}		 control;
	struct iovec	 v = { h, sizeof *h };
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t		 n;

	do
		n = recvmsg(talk, &m, MSG_WAITALL);
	while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof *h || m.msg_controllen < sizeof control.head ||
	    control.head.cmsg_type != SCM_RIGHTS ||
	    control.head.cmsg_len != CMSG_LEN(KEEPER_FDS * sizeof(int)))
		return false;
	memcpy(fds, CMSG_DATA(&control.head), KEEPER_FDS * sizeof(int));
	return true;
}

/* The next n texts as a list; *at moves behind them. */
static char **
take_texts(char **at, uint32_t n)
{
	char		**v = calloc((size_t)n + 1, sizeof *v);
	uint32_t	  i;

	for (i = 0; v != NULL && i < n; i++) {
		v[i] = *at;
		*at += strlen(*at) + 1;
	}
	return v;
}

/* text, job->argv and job->env are malloc'ed; the rest of job points there. */
static bool
receive_job(int talk, struct keeper_job *job, char **text)
{
	struct keeper_head	h;
	int			fds[KEEPER_FDS], i;
	char			*at;

	if (!receive_head(talk, &h, fds) || (at = *text = malloc(h.len)) == NULL ||
	    file_read_full(talk, at, h.len) != (ssize_t)h.len)
		return false;
	for (i = 0; i < KEEPER_FDS; i++)
		file_cloexec(fds[i]);
	job->in = fds[0];
	job->out = fds[1];
	job->err = fds[2];
	job->path = at;
	at += strlen(at) + 1;
	job->dir = h.dir ? at : NULL;
	if (h.dir)
		at += strlen(at) + 1;
	job->argv = take_texts(&at, h.argc);
	job->env = take_texts(&at, h.envc);
	return job->argv != NULL && job->env != NULL;
}
