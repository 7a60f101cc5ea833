/*
 * agent_serve.c - see agent_serve.h. A client is a socket of messages
 * (agent_wire.h), and while a connection is lent to it a splice between one end
 * of a socket pair, of which it has the other, and the connection.
 */
#include "client/agent_serve.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/queue.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "client/agent_place.h"
#include "client/agent_pool.h"
#include "client/agent_sock.h"
#include "client/agent_wire.h"
#include "io/buf.h"
#include "io/helper.h"
#include "io/loop.h"
#include "io/splice.h"

#define CLIENTS_MAX	256
#define LOOK_MS		2000	/* how soon it sees that it was replaced */

struct agent {
	struct loop		*loop;
	const char		*address, *ca;
	struct agent_place	 place;
	struct agent_sock	 sock;
	struct watch		*watch;		/* of the socket; NULL: stopping */
	struct agent_pool	*pool;
	TAILQ_HEAD(, client)	 clients;
	size_t			 n, busy;	/* clients; those who wait or have one */
	uint64_t		 served;
	int64_t			 idle_ms;
	struct timer		*idle, *look;
	char			*program;	/* NULL: its file cannot be told */
	struct stat		 program_was;
};

struct client {
	struct agent		*a;
	int			 fd;
	struct watch		*watch;		/* NULL: closed */
	struct pool_want	*want;
	struct stream		*down, *up;	/* the splice's: to it, to the server */
	struct splice		*splice;
	TAILQ_ENTRY(client)	 entry;
};

/* --- the end ------------------------------------------------------------------- */

/* Nobody finds it any more; it ends when the last command is over. */
static void
agent_stop(struct agent *a)
{
	if (a->watch == NULL)
		return;
	watch_free(a->watch);
	a->watch = NULL;
	agent_sock_close(&a->sock);
	agent_pool_close(a->pool);
	if (a->busy == 0)
		loop_stop(a->loop);
}

static void
on_idle(void *arg)
{
	agent_stop(arg);
}

static void
on_signal(void *arg)
{
	struct agent	*a = arg;

	loop_stop(a->loop);
}

static void
agent_busy(struct agent *a, bool more)
{
	if (more) {
		a->busy++;
		timer_stop(a->idle);
	} else if (--a->busy == 0) {
		timer_set(a->idle, a->idle_ms);
		if (a->watch == NULL)
			loop_stop(a->loop);
	}
}

/* --- clients --------------------------------------------------------------------- */

static void
client_free(struct client *c)
{
	TAILQ_REMOVE(&c->a->clients, c, entry);
	c->a->n--;
	free(c);
}

/* Its command is cut if it is not over. */
static void
client_close(struct client *c)
{
	if (c->watch == NULL)
		return;
	watch_free(c->watch);
	c->watch = NULL;
	close(c->fd);
	if (c->want != NULL) {
		agent_pool_cancel(c->a->pool, c->want);
		agent_busy(c->a, false);
	}
	if (c->splice != NULL)
		splice_cut(c->splice, "the client is gone");	/* then on_spliced */
	else
		client_free(c);
}

static void
on_spliced(uint64_t sent, uint64_t got, const struct err *why, void *arg)
{
	struct client	*c = arg;

	(void)sent;
	(void)got;
	(void)why;
	c->splice = NULL;
	agent_busy(c->a, false);
	if (c->watch == NULL)
		client_free(c);
	else
		client_close(c);
}

/* Whoever asked may be gone: then it does not get there. */
static void
client_refuse(struct client *c, const char *why)
{
	char	text[AGENT_WIRE_MAX];
	int	r;

	snprintf(text, sizeof text, "no %s", why);
	r = agent_wire_send(c->fd, text, -1);
	(void)r;
	client_close(c);
}

/* One end of a pair goes to the client. -1: it, or a descriptor, was not to be
 * had, and no byte has moved. */
static int
client_pair(struct client *c, int *ours)
{
	int	pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) == -1)
		return -1;
	if (agent_wire_send(c->fd, "ok", pair[1]) == -1) {
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	close(pair[1]);
	*ours = pair[0];
	return 0;
}

static void
on_line(struct stream *s, const struct err *why, void *arg)
{
	struct client	*c = arg;
	struct agent	*a = c->a;
	int		 fd;

	c->want = NULL;
	if (s != NULL && client_pair(c, &fd) == 0) {
		c->down = stream_from_fd(a->loop, fd, fd, "client");
		c->up = s;
		c->splice = stream_splice(c->down, s, 0, NULL, on_spliced, c);
		a->served++;
		return;
	}
	if (s != NULL)
		agent_pool_add(a->pool, s);
	agent_busy(a, false);
	client_refuse(c, why != NULL ? why->msg : "out of descriptors");
}

static void
client_dial(struct client *c, const char *key)
{
	struct agent	*a = c->a;
	bool		 waits;

	if (c->want != NULL || c->splice != NULL || a->watch == NULL ||
	    !str_eq(key, a->place.key)) {
		client_refuse(c, "another agent would have to do that");
		return;
	}
	if (agent_pool_is_down(a->pool)) {
		client_refuse(c, "the server is not there");
		return;
	}
	agent_busy(a, true);
	c->want = agent_pool_take(a->pool, on_line, c, &waits);
	if (waits && agent_wire_send(c->fd, "wait", -1) == -1)
		client_close(c);
}

/* Do both sides agree that so many bytes went there and back? */
static bool
client_agrees(const struct client *c, const char *text)
{
	uint64_t	 sent, got;
	char		*mine;
	bool		 same;

	splice_moved(c->splice, &sent, &got);
	mine = xasprintf("%" PRIu64 " %" PRIu64, sent, got);
	same = str_eq(mine, text);
	free(mine);
	return same;
}

/* Then none is under way any more, and the connection can be lent on. */
static void
client_keep(struct client *c, const char *text)
{
	if (c->splice != NULL && client_agrees(c, text) &&
	    stream_is_open(c->up) && !stream_at_eof(c->up) &&
	    buf_len(stream_in(c->up)) == 0 && splice_release(c->splice)) {
		c->splice = NULL;
		stream_close(c->down);
		agent_pool_add(c->a->pool, c->up);
		agent_busy(c->a, false);
	}
	client_close(c);
}

static void
client_status(struct client *c)
{
	struct agent	*a = c->a;
	char		*text;
	int		 r;

	text = xasprintf("%s\tpid %ld\t%zu ready\t%zu in use\t%" PRIu64 " served",
	    a->address, (long)getpid(), agent_pool_ready(a->pool), a->busy,
	    a->served);
	r = agent_wire_send(c->fd, text, -1);
	free(text);
	if (r == -1)
		client_close(c);
}

/* The answer first: with nothing to wait for we are gone at once. */
static void
client_stop(struct client *c)
{
	struct agent	*a = c->a;
	char		*text = xasprintf("%s%s", a->busy > 0 ? AGENT_IN_USE : "",
			    a->address);
	int		 r = agent_wire_send(c->fd, text, -1);

	free(text);
	(void)r;
	agent_stop(a);
}

static void
client_heard(struct client *c, const char *text)
{
	if (str_starts(text, "dial "))
		client_dial(c, text + 5);
	else if (str_starts(text, "keep "))
		client_keep(c, text + 5);
	else if (str_eq(text, "status"))
		client_status(c);
	else if (str_eq(text, "stop"))
		client_stop(c);
	else
		client_close(c);
}

static void
on_client(void *arg)
{
	struct client	*c = arg;
	char		 text[AGENT_WIRE_MAX];
	int		 fd;
	ssize_t		 n = agent_wire_recv(c->fd, text, &fd);

	if (fd != -1)
		close(fd);
	if (n > 0)
		client_heard(c, text);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		client_close(c);
}

static void
on_accept(void *arg)
{
	struct agent	*a = arg;
	struct client	*c;
	int		 fd = agent_sock_accept(&a->sock);

	if (fd == -1)
		return;
	if (a->n >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->a = a;
	c->fd = fd;
	TAILQ_INSERT_TAIL(&a->clients, c, entry);
	a->n++;
	c->watch = watch_readable(a->loop, fd, on_client, c);
}

/* --- is it still the right one? --------------------------------------------------- */

static bool
program_same(const struct agent *a)
{
	struct stat	st;

	return a->program == NULL || (stat(a->program, &st) == 0 &&
	    st.st_dev == a->program_was.st_dev &&
	    st.st_ino == a->program_was.st_ino &&
	    st.st_mtim.tv_sec == a->program_was.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == a->program_was.st_mtim.tv_nsec);
}

static bool
place_same(const struct agent *a)
{
	struct agent_place	now;
	bool			same;

	if (agent_place_init(&now, a->address, a->ca, false, NULL) == -1)
		return false;
	same = str_eq(now.key, a->place.key) && str_eq(now.path, a->place.path);
	agent_place_release(&now);
	return same && agent_sock_is_there(&a->sock);
}

static void
on_look(void *arg)
{
	struct agent	*a = arg;

	if (a->watch != NULL && !(program_same(a) && place_same(a)))
		agent_stop(a);
}

/* --- life ---------------------------------------------------------------------------- */

static int
agent_open(struct agent *a, struct err *e)
{
	if (agent_place_init(&a->place, a->address, a->ca, true, e) == -1 ||
	    agent_sock_open(&a->sock, a->place.path, e) == -1)
		return -1;
	/* Of what was replaced while we read it, on_look will know. */
	a->pool = agent_pool_new(a->loop, a->address, a->ca, e);
	if (a->pool == NULL)
		return -1;
	a->program = realpath(helper_program(), NULL);
	if (a->program != NULL && stat(a->program, &a->program_was) == -1) {
		free(a->program);
		a->program = NULL;
	}
	a->watch = watch_readable(a->loop, a->sock.fd, on_accept, a);
	a->idle = timer_new(a->loop, on_idle, a);
	timer_set(a->idle, a->idle_ms);
	a->look = loop_every(a->loop, LOOK_MS, on_look, a);
	loop_signal(a->loop, SIGTERM, on_signal, a);
	loop_signal(a->loop, SIGINT, on_signal, a);
	return 0;
}

static void
agent_release(struct agent *a)
{
	struct client	*c, *next;

	watch_free(a->watch);
	a->watch = NULL;
	TAILQ_FOREACH_SAFE(c, &a->clients, entry, next)
		client_close(c);
	loop_turn(a->loop, 0);		/* what was cut is told */
	timer_free(a->idle);
	timer_free(a->look);
	if (a->pool != NULL)
		agent_pool_free(a->pool);
	agent_sock_close(&a->sock);
	agent_place_release(&a->place);
	free(a->program);
	loop_turn(a->loop, 0);
	loop_free(a->loop);
}

int
agent_serve(const char *address, const char *ca, int64_t idle_ms, struct err *e)
{
	struct agent	a;
	int		r;

	memset(&a, 0, sizeof a);
	TAILQ_INIT(&a.clients);
	a.address = address;
	a.ca = ca;
	a.idle_ms = idle_ms;
	a.sock.fd = -1;
	if ((a.loop = loop_new(e)) == NULL)
		return -1;
	r = agent_open(&a, e);
	if (r == 0)
		loop_run(a.loop);
	agent_release(&a);
	return r;
}
