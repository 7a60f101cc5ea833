/*
 * tunnel.c - on a socket that is connected to a proxy: asks it for the way to
 * the target, and reads exactly its answer, so that what follows belongs to
 * whoever gets the socket then. Deadlines are the dial's.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "io/inside.h"

struct tunnel {
	const struct proxy	*proxy;
	const char		*target;
	int			 fd;
	char			*request;
	size_t			 len, sent;
	struct event		*ev;
	char			 head[PROXY_HEAD_MAX];
	size_t			 got;
	tunnel_fn		 fn;
	void			*arg;
};

static void	tunnel_go(evutil_socket_t fd, short what, void *arg);

static void
watch(struct tunnel *t, struct event_base *base, short what)
{
	if (t->ev != NULL)
		event_free(t->ev);
	t->ev = event_new(base, t->fd, what | EV_PERSIST, tunnel_go, t);
	if (t->ev == NULL || event_add(t->ev, NULL) == -1)
		fatalx("tunnel: out of memory");
}

/* Whoever is told frees t. */
static void
fail(struct tunnel *t, enum stream_err code, const struct err *why)
{
	struct err	e = *why;

	e.code = (int)code;
	t->fn(&e, t->arg);
}

static void
fail_errno(struct tunnel *t, const char *doing)
{
	struct err	e = ERR_INIT;

	err_set(&e, "proxy %s: %s: %s", t->proxy->address, doing, strerror(errno));
	fail(t, STREAM_RESET, &e);
}

static void
tunnel_send(struct tunnel *t)
{
	ssize_t	n = send(t->fd, t->request + t->sent, t->len - t->sent, MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		fail_errno(t, "write");
		return;
	}
	t->sent += n > 0 ? (size_t)n : 0;
	if (t->sent == t->len)
		watch(t, event_get_base(t->ev), EV_READ);
}

/* Takes the bytes that were looked at, up to the end of the head. */
static bool
tunnel_take(struct tunnel *t, size_t n)
{
	ssize_t	r = recv(t->fd, t->head + t->got, n, 0);

	if (r != (ssize_t)n) {
		fail_errno(t, "read");
		return false;
	}
	t->got += n;
	return true;
}

static void
tunnel_read(struct tunnel *t)
{
	struct err	e = ERR_INIT;
	ssize_t		n = recv(t->fd, t->head + t->got, sizeof t->head - t->got, MSG_PEEK);
	int		r;

	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			fail_errno(t, "read");
		return;
	}
	if (n == 0) {
		err_set(&e, "proxy %s closed the connection instead of answering CONNECT to %s",
		    t->proxy->address, t->target);
		fail(t, STREAM_RESET, &e);
		return;
	}
	r = proxy_answer(t->proxy, t->target, t->head, t->got + (size_t)n, &e);
	if (r == -1)
		fail(t, STREAM_REFUSED, &e);
	else if (tunnel_take(t, r == 0 ? (size_t)n : (size_t)r - t->got) && r > 0)
		t->fn(NULL, t->arg);
}

static void
tunnel_go(evutil_socket_t fd, short what, void *arg)
{
	struct tunnel	*t = arg;

	(void)fd;
	(void)what;
	if (t->sent < t->len)
		tunnel_send(t);
	else
		tunnel_read(t);
}

struct tunnel *
tunnel_new(struct loop *l, int fd, const struct proxy *p, const char *target,
    tunnel_fn fn, void *arg, struct err *e)
{
	char		*request = proxy_request(p, target, e);
	struct tunnel	*t;

	if (request == NULL)
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->proxy = p;
	t->target = target;
	t->fd = fd;
	t->request = request;
	t->len = strlen(request);
	t->fn = fn;
	t->arg = arg;
	watch(t, loop_base(l), EV_WRITE);
	return t;
}

void
tunnel_free(struct tunnel *t)
{
	if (t == NULL)
		return;
	event_free(t->ev);
	free(t->request);
	free(t);
}
