/* brood.c - see brood.h. */
#include "io/brood.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/file.h"
#include "io/pipes.h"
#include "io/procs.h"

#define KILL_MS		10000	/* then we give up on what is left */
#define REFUSED_MS	1000	/* as much if every one left is another user's */
#define FREEZE_MS	2000
#define NAMES		16	/* looked at, for a text */

int64_t
brood_now(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- becoming a mother ---- */

static void
on_child(int signo)
{
	(void)signo;		/* only there to end brood_wait */
}

/* What was ours is the command's not. All but SIGCHLD are blocked anyway. */
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

void
brood_mother(const char *name, const int *keep, size_t n)
{
#ifdef PR_SET_CHILD_SUBREAPER
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prctl(PR_SET_NAME, name, 0, 0, 0);
#else
	(void)name;
#endif
	setsid();		/* a terminal's signals are not for us */
	reset_signals();
	procs_close_but(keep, n);
	hold_standard();
}

int
brood_wait(struct pollfd *fds, nfds_t n, int ms)
{
	sigset_t	but_child;

	sigfillset(&but_child);
	sigdelset(&but_child, SIGCHLD);
#ifdef __APPLE__
	/* No ppoll: an end that came just before poll is seen a little later. */
	sigset_t	all;
	int		ready, saved;

	sigprocmask(SIG_SETMASK, &but_child, &all);
	ready = poll(fds, n, ms < 0 || ms > BROOD_KILL_WAIT_MS ? BROOD_KILL_WAIT_MS : ms);
	saved = errno;
	sigprocmask(SIG_SETMASK, &all, NULL);
	errno = ready == 0 ? EINTR : saved;
	return ready == 0 ? -1 : ready;
#else
	const struct timespec	limit = { ms / 1000, (long)(ms % 1000) * 1000000 };

	return ppoll(fds, n, ms < 0 ? NULL : &limit, &but_child);
#endif
}

/* ---- starting the command ---- */

struct failure { enum brood_failure what; int error; };

/* Between vfork and exec: system calls only. Returns only where one failed. */
static void
run_command(const struct brood_command *c, pid_t mother, volatile struct failure *f)
{
	enum brood_failure	what = BROOD_NO_EXEC;
	sigset_t		none;

	setsid();
	if (c->tty != -1)
		ioctl(c->tty, TIOCSCTTY, 0);
	dup2(c->in, STDIN_FILENO);
	dup2(c->out, STDOUT_FILENO);
	dup2(c->err, STDERR_FILENO);
#ifdef PR_SET_PDEATHSIG
	/* Should the mother be killed, at least the command goes with her. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != mother)
		_exit(1);
#else
	(void)mother;
#endif
	sigemptyset(&none);
	if (c->dir != NULL && chdir(c->dir) == -1)
		what = BROOD_NO_CHDIR;
	else {
		sigprocmask(SIG_SETMASK, &none, NULL);
		execve(c->path, c->argv, c->env);
	}
	f->error = errno;
	f->what = what;
}

#ifdef __linux__

/* The child has our memory, not a copy, until it execs or ends; so long we wait. */
static pid_t
start(const struct brood_command *c, volatile struct failure *f)
{
	pid_t	self = getpid(), pid = vfork();

	if (pid == 0) {
		run_command(c, self, f);
		_exit(1);
	}
	return pid;
}

#else

static pid_t
start(const struct brood_command *c, volatile struct failure *f)
{
	pid_t		self = getpid(), pid;
	struct failure	told;
	int		report[2];

	if (pipes_open(report) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		run_command(c, self, f);
		told = *f;
		_exit(write(report[1], &told, sizeof told) == sizeof told ? 1 : 2);
	}
	pipes_close(&report[1]);
	if (pid != -1 && file_read_full(report[0], &told, sizeof told) == sizeof told)
		*f = told;
	pipes_close(&report[0]);
	return pid;
}

#endif

enum brood_failure
brood_start(struct brood *b, const struct brood_command *c, int *error)
{
	volatile struct failure	f = { BROOD_STARTED, 0 };
	pid_t			pid = start(c, &f);

	*b = (struct brood)BROOD_INIT;
	if (pid == -1) {
		*error = errno;
		return BROOD_NO_FORK;
	}
	if (f.what == BROOD_STARTED) {
		b->leader = b->group = pid;
		return BROOD_STARTED;
	}
	*error = f.error;
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return f.what;
}

void
brood_failure_end(struct proc_end *end, enum brood_failure what, int error,
    const char *path, const char *dir)
{
	char	why[128];

	*end = (struct proc_end){ .phase = PROC_UNSTARTED };
	snprintf(why, sizeof why, "%s", strerror(error));
	why[0] = (char)tolower((unsigned char)why[0]);
	if (what == BROOD_NO_CHDIR)
		snprintf(end->why, sizeof end->why, "chdir %s: %s", dir, why);
	else
		snprintf(end->why, sizeof end->why, "fork/exec %s: %s", path, why);
}

void
brood_status_end(struct proc_end *end, int status)
{
	*end = (struct proc_end){ .phase = PROC_EXITED };
	if (WIFSIGNALED(status)) {
		end->phase = PROC_SIGNALED;
		end->status = WTERMSIG(status);
		end->core = WCOREDUMP(status);
	} else
		end->status = WEXITSTATUS(status);
}

/* ---- keeping ---- */

bool
brood_reap(struct brood *b)
{
	pid_t	pid;
	int	status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != b->leader)
			continue;
		b->leader = 0;
		b->status = status;
		b->ended = true;
	}
	return pid == 0;
}

/* Once the command is reaped its number may be used again, unless one of our
 * own is still in the group. */
static bool
group_is_ours(const struct brood *b)
{
	struct procs	all = PROCS_INIT;
	bool		ours = b->leader != 0;
	size_t		i;

	if (!ours && b->group != 0) {
		procs_below(&all, NULL);
		for (i = 0; i < all.n && !ours; i++)
			ours = getpgid(all.pid[i]) == b->group;
		procs_release(&all);
	}
	return ours;
}

void
brood_signal(const struct brood *b, int signo)
{
	if (group_is_ours(b))
		kill(-b->group, signo);
}

static void
add_name(char names[BROOD_NAMES_MAX], const char *name)
{
	size_t		len = strlen(names), room = BROOD_NAMES_MAX - len;
	const char	*at = names, *end;

	while (*at != '\0') {		/* once is enough */
		end = strstr(at, ", ");
		if (end == NULL)
			end = at + strlen(at);
		if (strncmp(at, name, (size_t)(end - at)) == 0 && name[end - at] == '\0')
			return;
		at = *end != '\0' ? end + 2 : end;
	}
	if (strlen(name) + 3 < room)
		snprintf(names + len, room, "%s%s", len > 0 ? ", " : "", name);
}

size_t
brood_count(char names[BROOD_NAMES_MAX])
{
	struct procs	all = PROCS_INIT;
	char		name[PROCS_NAME_MAX];
	size_t		i, n = 0;

	if (names != NULL)
		names[0] = '\0';
	procs_below(&all, NULL);
	for (i = 0; i < all.n; i++) {
		if (!procs_name(all.pid[i], name))
			continue;	/* ended */
		if (names != NULL && n < NAMES)
			add_name(names, name);
		n++;
	}
	procs_release(&all);
	return n;
}

/* ---- killing ---- */

/* Stops every process below us, so that nothing multiplies while it is killed.
 * A stopped parent cannot reap its children, so their numbers stay theirs. */
static void
freeze(void)
{
	struct procs	now = PROCS_INIT, before = PROCS_INIT, t;
	int64_t		until = brood_now() + FREEZE_MS;
	bool		same;

	do {
		procs_below(&now, procs_stop);
		procs_sort(&now);
		same = procs_same(&now, &before);
		t = before;
		before = now;
		now = t;
	} while (!same && brood_now() < until);
	procs_release(&now);
	procs_release(&before);
}

void
brood_kill_begin(struct brood *b)
{
	if (b->killing)
		return;
	b->killing = true;
	b->kill_began = brood_now();
	if (b->leader != 0)
		kill(-b->group, SIGKILL);
	freeze();
}

int
brood_kill_go_on(struct brood *b)
{
	struct procs	all = PROCS_INIT;
	int64_t		passed = brood_now() - b->kill_began;
	int		left;

	procs_below(&all, procs_kill);
	left = (int)all.n;
	if (!brood_reap(b))
		left = 0;
	else if (passed <= KILL_MS && (passed <= REFUSED_MS || all.n == 0 ||
	    all.refused != all.n))
		left = BROOD_KILLING;
	procs_release(&all);
	return left;
}
