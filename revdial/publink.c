/*
 * publink.c - what a session of the public library stands on: a descriptor, or
 * a transport of the caller's. Blocking, waiting and SIGPIPE end here.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "revdial/public.h"

#define READ_SMALL	4096
#define READ_BULK	(64 * 1024 - 64)	/* with libevent's header one block of 64 KiB */
#define PIECES		32			/* blocks a write */
#define RECORD		(16 * 1024)		/* what TLS sends at once */

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL	0			/* then SO_NOSIGPIPE, below */
#endif

/* --- descriptors ------------------------------------------------------------ */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pub_ready(arg, REVDIAL_READ);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pub_ready(arg, REVDIAL_WRITE);
}

/* Helpful where fd is TCP, refused and no matter where it is not. */
static void
tune(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
	(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

int
pub_link_init_fd(struct revdial_session *s, struct event_base *base, int fd)
{
	struct pub_link	*l = &s->link;
	int		 flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	l->fd = fd;
	l->rev = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s);
	l->wev = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, s);
	if (l->rev == NULL || l->wev == NULL) {
		errno = ENOMEM;
		return -1;
	}
	tune(fd);
	return 0;
}

static ssize_t
fd_write(struct pub_link *l, struct evbuffer *from)
{
	struct evbuffer_iovec	v[PIECES];
	struct msghdr		msg = { .msg_iov = v };
	int			n = evbuffer_peek(from, -1, NULL, v, PIECES);
	ssize_t			done;

	n = n < PIECES ? n : PIECES;
	msg.msg_iovlen = (size_t)n;
	done = sendmsg(l->fd, &msg, MSG_NOSIGNAL);
	if (done == -1 && errno == ENOTSOCK)
		done = writev(l->fd, v, n);
	return done;
}

static int
fd_want(struct event *ev, bool on)
{
	return on ? event_add(ev, NULL) : event_del(ev);
}

/* --- transports ------------------------------------------------------------- */

/* Frames' headers lie in blocks of their own: a record for each of those would
 * be waste, so that small blocks go out together. */
static ssize_t
transport_write(struct pub_link *l, struct evbuffer *from)
{
	unsigned char		record[RECORD];
	struct evbuffer_iovec	v;
	ev_ssize_t		n;

	if (evbuffer_peek(from, -1, NULL, &v, 1) < 1)
		return 0;
	if (v.iov_len >= sizeof record || v.iov_len == evbuffer_get_length(from))
		return l->t->write(v.iov_base, v.iov_len, l->targ);
	n = evbuffer_copyout(from, record, sizeof record);
	return n < 1 ? 0 : l->t->write(record, (size_t)n, l->targ);
}

/* --- both ------------------------------------------------------------------- */

ssize_t
pub_link_read(struct pub_link *l, struct evbuffer *to)
{
	struct evbuffer_iovec	v;
	size_t			room = l->bulk ? READ_BULK : READ_SMALL;
	ssize_t			n;

	if (evbuffer_reserve_space(to, (ev_ssize_t)room, &v, 1) < 1) {
		errno = ENOMEM;
		return -1;
	}
	if (v.iov_len > READ_BULK)
		v.iov_len = READ_BULK;
	do
		n = l->t != NULL ? l->t->read(v.iov_base, v.iov_len, l->targ) :
		    read(l->fd, v.iov_base, v.iov_len);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		l->bulk = (size_t)n >= READ_SMALL;
		v.iov_len = (size_t)n;
		if (evbuffer_commit_space(to, &v, 1) == -1) {
			errno = ENOMEM;
			return -1;
		}
	}
	return n;
}

ssize_t
pub_link_write(struct pub_link *l, struct evbuffer *from)
{
	ssize_t n;

	do
		n = l->t != NULL ? transport_write(l, from) : fd_write(l, from);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		evbuffer_drain(from, (size_t)n);
	return n;
}

int
pub_link_want(struct pub_link *l, int what)
{
	int changed = what ^ l->wants;

	if (changed == 0)
		return 0;
	l->wants = what;
	if (l->t != NULL) {
		l->t->wants(what, l->targ);
		return 0;
	}
	if ((changed & REVDIAL_READ) && fd_want(l->rev, what & REVDIAL_READ) == -1)
		return -1;
	if ((changed & REVDIAL_WRITE) && fd_want(l->wev, what & REVDIAL_WRITE) == -1)
		return -1;
	return 0;
}

void
pub_link_release(struct pub_link *l)
{
	if (l->rev != NULL)
		event_free(l->rev);
	if (l->wev != NULL)
		event_free(l->wev);
	l->rev = l->wev = NULL;
}

void
pub_link_close(struct pub_link *l)
{
	pub_link_release(l);
	if (l->t != NULL)
		l->t->close(l->targ);
	else
		close(l->fd);
}
