/*
 * helper.c - this program once more, in a role (helper.h).
 *
 * The pipe on the helper's stderr tells that it ended: it is closed with the
 * process, so no SIGCHLD is needed. Then the process is reaped, then the user
 * may still have to read what is left of its output; only then `ended`.
 */
#include "io/helper.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/bottom.h"
#include "io/buf.h"
#include "io/inside.h"
#include "io/loop.h"
#include "io/pipes.h"
#include "io/proc.h"
#include "io/ring.h"

#define SAYS_MAX	ERR_MAX		/* of stderr we keep so much of the last line */
#define POLL_MIN_MS	1		/* for what no event tells */
#define POLL_MAX_MS	20
#define IDLE_CHECKS	4		/* looks at the inactivity this often a period */

struct helper {
	struct loop	*loop;
	char		*role;
	pid_t		 pid;
	struct stream	*in, *out;
	int		 says;		/* its stderr */
	struct watch	*watch;		/* of says, until its end */
	struct timer	*timer;

	helper_end_fn	 on_end;
	void		*arg;

	int64_t		 ms;		/* limit of inactivity, or 0 */
	int64_t		 active;	/* loop_now when it last did something */
	uint64_t	 moved;		/* bytes in and out by then */
	int64_t		 poll_ms;

	bool		 reaped;
	bool		 idled;		/* killed for doing nothing */
	bool		 ended;
	bool		 freed;
	int		 status;	/* from waitpid */

	char		 line[SAYS_MAX];	/* being read */
	size_t		 line_len;
	char		 last[SAYS_MAX];	/* the last whole one that is not empty */
};

/* ---- the child's side ---- */

#ifdef __linux__
/* Names the running program even after its file was replaced. */
const char *
helper_program(void)
{
	return "/proc/self/exe";
}

static void
self_remember(const char *argv0)
{
	(void)argv0;
}
#else
static char self[4096];

const char *
helper_program(void)
{
	return self;
}

static void
self_remember(const char *argv0)
{
	char		 try[sizeof self], *full;
	const char	*path = getenv("PATH");
	struct strs	 dirs = STRS_INIT;
	size_t		 i;

	full = strchr(argv0, '/') != NULL ? realpath(argv0, NULL) : NULL;
	strs_split(&dirs, path != NULL ? path : "", ':', true);
	for (i = 0; full == NULL && i < dirs.n; i++) {
		snprintf(try, sizeof try, "%s/%s", dirs.v[i], argv0);
		if (access(try, X_OK) == 0)
			full = realpath(try, NULL);
	}
	strs_release(&dirs);
	snprintf(self, sizeof self, "%s", full != NULL ? full : argv0);
	free(full);
}
#endif

/* A helper must not outlive the program that started it. */
static void
die_with_parent(void)
{
#ifdef PR_SET_PDEATHSIG
	struct pollfd	says = { .fd = STDERR_FILENO };

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* It may have died before: then nobody reads what we say. */
	if (poll(&says, 1, 0) == 1 && says.revents & POLLERR)
		_exit(HELPER_FAILED);
#endif
}

void
helper_main(const struct helper_role *roles, int argc, char **argv)
{
	const struct helper_role	*r;

	self_remember(argv[0]);
	if (argc < 3 || !str_eq(argv[1], "-x"))
		return;
	die_with_parent();
	for (r = roles; r->name != NULL; r++)
		if (str_eq(r->name, argv[2]))
			exit(r->run(argc - 2, argv + 2));
	fprintf(stderr, "there is no role %s\n", argv[2]);
	exit(HELPER_FAILED);
}

/* ---- starting it ---- */

static void
set_signals(posix_spawnattr_t *attr)
{
	static const int	ours[] = { SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD };
	sigset_t		set;
	size_t			i;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attr, &set);
	for (i = 0; i < nitems(ours); i++)
		sigaddset(&set, ours[i]);
	posix_spawnattr_setsigdefault(attr, &set);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* PROGRAM -x ROLE ARG..., borrowed from spec but for the first. */
static char **
make_argv(const struct helper_spec *spec)
{
	char	**v, name[1024];
	ssize_t	 len = readlink(helper_program(), name, sizeof name - 1);
	size_t	 n = 0, i;

	while (spec->argv[n] != NULL)
		n++;
	name[len > 0 ? len : 0] = '\0';
	v = xcalloc(n + 3, sizeof *v);
	v[0] = xstrdup(len > 0 ? name : helper_program());
	v[1] = xstrdup("-x");
	for (i = 0; i < n; i++)
		v[i + 2] = xstrdup(spec->argv[i]);
	return v;
}

static void
free_argv(char **v)
{
	size_t	i;

	for (i = 0; v[i] != NULL; i++)
		free(v[i]);
	free(v);
}

/* Ours are close-on-exec; this is for what libraries have opened. */
static void
close_others(posix_spawn_file_actions_t *files)
{
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(files, 3);
#endif
#endif
	(void)files;
}

/* An errno. */
static int
spawn(pid_t *pid, const struct helper_spec *spec, int in, int out, int says)
{
	extern char			**environ;
	posix_spawn_file_actions_t	 files;
	posix_spawnattr_t		 attr;
	char				**argv = make_argv(spec);
	int				 error;

	error = posix_spawn_file_actions_init(&files);
	if (error == 0) {
		error = posix_spawnattr_init(&attr);
		if (error == 0) {
			set_signals(&attr);
			posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
			posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
			posix_spawn_file_actions_adddup2(&files, says, STDERR_FILENO);
			close_others(&files);
			error = posix_spawn(pid, helper_program(), &files, &attr,
			    argv, environ);
			posix_spawnattr_destroy(&attr);
		}
		posix_spawn_file_actions_destroy(&files);
	}
	free_argv(argv);
	return error;
}

/* ---- its end ---- */

static void
helper_destroy(void *arg)
{
	struct helper	*h = arg;

	loop_paid(h->loop);
	timer_free(h->timer);
	free(h->role);
	free(h);
}

static void
tell_end(struct helper *h)
{
	struct proc_end	end = { .phase = PROC_SIGNALED };
	char		why[ERR_MAX], text[SAYS_MAX + ERR_MAX];
	int		status = HELPER_FAILED;

	h->ended = true;
	snprintf(text, sizeof text, "%s", h->last);
	if (h->idled)
		snprintf(text, sizeof text, "%s: did nothing for %lld s", h->role,
		    (long long)(h->ms + 999) / 1000);
	else if (WIFSIGNALED(h->status)) {
		end.status = WTERMSIG(h->status);
		snprintf(text, sizeof text, "%s: %s%s%s", h->role,
		    proc_end_text(&end, why), h->last[0] != '\0' ? ": " : "", h->last);
	} else
		status = WEXITSTATUS(h->status);
	h->on_end(h, status, text, h->arg);
}

static void
kill_group(struct helper *h)
{
	if (!h->reaped)
		kill(-h->pid, SIGKILL);
}

static bool
try_reap(struct helper *h)
{
	pid_t	pid;

	if (h->reaped)
		return true;
	pid = waitpid(h->pid, &h->status, WNOHANG);
	if (pid == -1 && errno != EINTR) {
		h->status = SIGKILL;	/* somebody else has reaped it */
		pid = h->pid;
	}
	h->reaped = pid == h->pid;
	return h->reaped;
}

/* A helper that waits for us, for input or for room, is not idle. */
static bool
waits_for_us(const struct helper *h)
{
	if (h->out != NULL && stream_is_open(h->out) &&
	    buf_len(stream_in(h->out)) >= h->out->in_high)
		return true;
	return h->in != NULL && stream_is_open(h->in) && !h->in->shut_wanted &&
	    stream_unsent(h->in) == 0;
}

static void
check_idle(struct helper *h)
{
	uint64_t	moved = 0;

	if (h->ms == 0 || h->reaped || h->idled)
		return;
	if (h->in != NULL)
		moved += stream_bytes_out(h->in);
	if (h->out != NULL)
		moved += stream_bytes_in(h->out);
	if (moved != h->moved || waits_for_us(h)) {
		h->moved = moved;
		h->active = loop_now(h->loop);
	} else if (loop_now(h->loop) - h->active >= h->ms) {
		h->idled = true;
		log_debug("helper %s: idle, killed", h->role);
		kill_group(h);
	}
}

/* Its stderr ended. The rest shows only by looking. */
static void
check_end(struct helper *h)
{
	bool	read_all;

	if (!try_reap(h))
		return;
	if (h->freed) {
		loop_defer(h->loop, helper_destroy, h);
		h->ended = true;
		return;
	}
	read_all = h->out == NULL || stream_at_eof(h->out) ||
	    !stream_is_open(h->out);
	if (read_all)
		tell_end(h);
}

static void
on_timer(void *arg)
{
	struct helper	*h = arg;

	if (h->ended)
		return;
	check_idle(h);
	if (h->watch == NULL)
		check_end(h);
	if (h->ended)
		return;
	if (h->watch == NULL) {
		h->poll_ms = h->poll_ms * 2 < POLL_MAX_MS ? h->poll_ms * 2 : POLL_MAX_MS;
		timer_set(h->timer, h->poll_ms);
	} else if (h->ms > 0)
		timer_set(h->timer, h->ms / IDLE_CHECKS + 1);
}

/* ---- what it says ---- */

/* Only the last line counts, and of it the beginning. */
static void
take_text(struct helper *h, const char *p, size_t len)
{
	size_t	i;

	for (i = 0; i < len; i++) {
		if (p[i] != '\n') {
			if (h->line_len < sizeof h->line - 1 && p[i] != '\0')
				h->line[h->line_len++] = p[i];
			continue;
		}
		h->line[h->line_len] = '\0';
		if (h->line_len > 0)
			memcpy(h->last, h->line, h->line_len + 1);
		h->line_len = 0;
	}
}

static void
on_says(void *arg)
{
	struct helper	*h = arg;
	char		 text[4096];
	ssize_t		 n = read(h->says, text, sizeof text);

	if (n > 0) {
		take_text(h, text, (size_t)n);
		return;
	}
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	take_text(h, "\n", 1);
	watch_free(h->watch);
	h->watch = NULL;
	pipes_close(&h->says);
	h->poll_ms = POLL_MIN_MS;
	timer_set(h->timer, h->poll_ms);
	check_end(h);
}

/* ---- what the user does with it ---- */

static void
close_all(int fds[6])
{
	size_t	i;

	for (i = 0; i < 6; i++)
		pipes_close(&fds[i]);
}

/* fds: in, out, says; of each what is read from, what is written to. *ring is
 * what is written to instead of in, if it is one. */
static int
open_all(struct loop *loop, int fds[6], struct stream **ring,
    const struct helper_spec *spec)
{
	int	r = 0;

	if (spec->ring) {
		*ring = ring_stream(loop, spec->argv[0], &fds[0]);
		r = *ring != NULL ? 0 : -1;
	} else if (spec->input)
		r = pipes_open(&fds[0]);
	else
		r = fds[0] = pipes_null(O_RDONLY);
	if (r == -1)
		return -1;
	if (spec->output)
		r = pipes_open(&fds[2]);
	else
		r = fds[3] = pipes_null(O_WRONLY);
	/* Not by the helper: who waits for room in a pipe while that is made wider
	 * may never hear of it. */
	if (r == 0 && spec->output && spec->wide)
		pipes_widen(fds[2]);
	return r == -1 ? -1 : pipes_open(&fds[4]);
}

static struct stream *
take_end(struct helper *h, int *rfd, int *wfd)
{
	struct stream	*s;

	if (*rfd == -1 && *wfd == -1)
		return NULL;
	file_nonblock(*rfd != -1 ? *rfd : *wfd, true);
	s = stream_from_fd(h->loop, *rfd, *wfd, h->role);
	*rfd = *wfd = -1;
	return s;
}

struct helper *
helper_start(struct loop *loop, const struct helper_spec *spec,
    helper_end_fn on_end, void *arg, struct err *e)
{
	int		 fds[6] = { -1, -1, -1, -1, -1, -1 }, none = -1;
	struct stream	*ring = NULL;
	struct helper	*h;
	pid_t		 pid;

	if (open_all(loop, fds, &ring, spec) == -1)
		goto fail;
	errno = spawn(&pid, spec, fds[0], fds[3], fds[5]);
	if (errno != 0)
		goto fail;
	h = xcalloc(1, sizeof *h);
	h->loop = loop;
	h->role = xstrdup(spec->argv[0]);
	h->pid = pid;
	h->on_end = on_end;
	h->arg = arg;
	h->ms = spec->ms;
	h->active = loop_now(loop);
	h->in = ring != NULL ? ring : take_end(h, &none, &fds[1]);
	h->out = take_end(h, &fds[2], &none);
	h->says = fds[4];
	fds[4] = -1;
	close_all(fds);
	file_nonblock(h->says, true);
	h->watch = watch_readable(loop, h->says, on_says, h);
	h->timer = timer_new(loop, on_timer, h);
	if (h->ms > 0)
		timer_set(h->timer, h->ms / IDLE_CHECKS + 1);
	return h;
fail:
	err_errno(e, "start helper %s", spec->argv[0]);
	close_all(fds);
	if (ring != NULL)
		stream_close(ring);
	return NULL;
}

struct stream *
helper_in(struct helper *h)
{
	return h->in;
}

struct stream *
helper_out(struct helper *h)
{
	return h->out;
}

static void
close_stream(struct stream **s)
{
	if (*s != NULL)
		stream_close(*s);
	*s = NULL;
}

void
helper_free(struct helper *h)
{
	if (h == NULL || h->freed)
		return;
	h->freed = true;
	loop_owe(h->loop);
	close_stream(&h->in);
	close_stream(&h->out);
	kill_group(h);
	if (h->ended)
		loop_defer(h->loop, helper_destroy, h);
}
