/* child.c - gomote as a child of gomote (child.h). */
#include "client/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/helper.h"
#include "io/pipes.h"

#define MARK "GOMOTE_PARENT"	/* the process that started us */

void
child_of(pid_t parent)
{
#ifdef PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != parent)
		_exit(128 + SIGTERM);
#else
	(void)parent;
#endif
}

void
child_main(void)
{
	const char	*mark = getenv(MARK);
	int64_t		 pid;

	if (mark == NULL || str_int64(mark, 1, INT64_MAX, &pid) == -1)
		return;
	unsetenv(MARK);
	child_of((pid_t)pid);
}

char *
child_mark(void)
{
	return xasprintf(MARK "=%ld", (long)getpid());
}

/* SIGPIPE is ignored in here; nobody who reads our output shall hear of that. */
static void
set_signals(posix_spawnattr_t *attr)
{
	sigset_t	set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(attr, &set);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* An errno. */
static int
spawn(pid_t *pid, char *const *argv, char *const *env, int in, int out, int err)
{
	posix_spawn_file_actions_t	files;
	posix_spawnattr_t		attr;
	int				error;

	if ((error = posix_spawn_file_actions_init(&files)) != 0)
		return error;
	if ((error = posix_spawnattr_init(&attr)) == 0) {
		set_signals(&attr);
		posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
		posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
		error = posix_spawn(pid, helper_program(), &files, &attr, argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return error;
}

int
child_start(struct child *c, char *const *argv, char *const *env, int in,
    struct err *e)
{
	int	out[2] = { -1, -1 }, err[2] = { -1, -1 }, null = -1;

	if (in == -1)
		in = null = pipes_null(O_RDONLY);
	if (in == -1 || pipes_open(out) == -1 || pipes_open(err) == -1)
		goto fail;
	errno = spawn(&c->pid, argv, env, in, out[1], err[1]);
	if (errno != 0)
		goto fail;
	c->out = out[0];
	c->err = err[0];
	file_nonblock(c->out, true);
	file_nonblock(c->err, true);
	pipes_close(&out[1]);
	pipes_close(&err[1]);
	pipes_close(&null);
	return 0;
fail:
	err_errno(e, "start gomote once more");
	pipes_close(&out[0]);
	pipes_close(&out[1]);
	pipes_close(&err[0]);
	pipes_close(&err[1]);
	pipes_close(&null);
	return -1;
}
