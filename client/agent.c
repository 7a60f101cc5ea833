/* agent.c - see agent.h. */
#include "client/agent.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/agent_place.h"
#include "client/agent_wire.h"
#include "io/helper.h"

/* A live agent says at once what it will do; one that is stopped says nothing.
 * Where connecting takes long, we do it ourselves and see why. */
#define WORD_MS		1000
#define WAIT_MS		2000
#define FD_MAX		1024	/* where they cannot be closed all at once */

struct agent_line {
	int	 talk;	/* to the agent */
	int	 data;	/* -1: it is a stream now */
};

/* --- borrowing ---------------------------------------------------------------- */

/* The end of the socket pair, or -1; *silent: it lets us wait for an answer. */
static int
ask(int talk, const char *key, bool *silent)
{
	char	 text[AGENT_WIRE_MAX];
	char	*asked = xasprintf("dial %s", key);
	int	 fd = -1, ms = WORD_MS, r = agent_wire_send(talk, asked, -1);
	ssize_t	 n;

	free(asked);
	*silent = false;
	if (r == -1)
		return -1;
	while ((n = agent_wire_wait(talk, ms, text, &fd)) > 0) {
		if (fd != -1 && str_eq(text, "ok"))
			return fd;
		if (fd != -1)
			close(fd);
		if (!str_eq(text, "wait"))
			break;
		ms = WAIT_MS;
	}
	*silent = ms == WORD_MS && n == -1 && errno == ETIMEDOUT;
	return -1;
}

struct agent_line *
agent_borrow(const char *address, const char *ca, bool *there)
{
	struct agent_place	 place;
	struct agent_line	*l;
	int			 talk, data = -1;
	bool			 silent = false;

	*there = false;
	if (agent_place_init(&place, address, ca, false, NULL) == -1)
		return NULL;
	talk = agent_wire_connect(place.path, NULL);
	if (talk != -1)
		data = ask(talk, place.key, &silent);
	*there = talk != -1 && !silent;
	if (silent)	/* the next command shall not meet it */
		(void)unlink(place.path);
	agent_place_release(&place);
	if (data == -1) {
		if (talk != -1)
			close(talk);
		return NULL;
	}
	l = xmalloc(sizeof *l);
	l->talk = talk;
	l->data = data;
	return l;
}

struct stream *
agent_stream(struct agent_line *l, struct loop *loop, const char *peer)
{
	int	fd = l->data;

	l->data = -1;
	return stream_from_fd(loop, fd, fd, peer);
}

void
agent_give_back(struct agent_line *l, const struct stream *s, bool whole)
{
	char	*text;
	int	 r = 0;

	if (l == NULL)
		return;
	if (whole && stream_unsent(s) == 0) {
		text = xasprintf("keep %" PRIu64 " %" PRIu64, stream_bytes_out(s),
		    stream_bytes_in(s));
		r = agent_wire_send(l->talk, text, -1);
		free(text);
	}
	(void)r;	/* it may have ended: then there is nothing to keep */
	close(l->talk);
	if (l->data != -1)
		close(l->data);
	free(l);
}

/* --- starting one -------------------------------------------------------------- */

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#define HAVE_CLOSEFROM
#endif
#endif

static void
close_others(void)
{
#ifdef HAVE_CLOSEFROM
	closefrom(STDERR_FILENO + 1);
#else
	int	fd;

	for (fd = STDERR_FILENO + 1; fd < FD_MAX; fd++)
		close(fd);
#endif
}

/* In the child: of no terminal, in nobody's way, with nothing of ours but what
 * it must know. */
static void
detach(void)
{
	sigset_t	none;
	int		fd = open("/dev/null", O_RDWR);

	if (fd == -1 || setsid() == -1 || chdir("/") == -1)
		_exit(1);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close_others();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("GOMOTE_TOKEN");
}

void
agent_start(const char *address, const char *ca, int64_t idle_ms)
{
	char		 idle[CLOCK_TEXT_MAX];
	char		*file = ca != NULL ? realpath(ca, NULL) : NULL;
	struct agent_place	 place;
	const char	*argv[] = { "gomote", "agent", "-idle",
			    clock_duration(idle_ms, idle), "-serve", address,
			    file, NULL };

	if ((ca != NULL && file == NULL) ||
	    agent_place_init(&place, address, file, true, NULL) == -1) {
		free(file);
		return;
	}
	agent_place_release(&place);
	if (fork() == 0) {
		detach();
		execv(helper_program(), (char **)(uintptr_t)argv);
		_exit(1);
	}
	free(file);
}
