/*
 * listen.c - listening sockets; see net.h.
 *
 * Accepts in batches, so that a storm of connections leaves time for those
 * that are there; with TLS it stops while too many are in their handshake,
 * because a handshake costs the time of a thousand small requests. For the same
 * reason who gave up while it waited for its turn gets none.
 */
#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/inside.h"
#include "io/net.h"

#define ACCEPT_BATCH		64
#define BACKLOG			4096	/* the system has its own limit */
#define HANDSHAKES_MAX		256
#define HANDSHAKE_MS		10000
#define PAUSE_MS		200	/* out of descriptors */

struct listener {
	struct loop	*loop;
	struct tls_ctx	*tls;
	net_accept_fn	 fn;
	void		*arg;
	int		 fd;
	struct event	*ev;
	struct timer	*pause;		/* out of descriptors */
	char		*address;
	char		*path;		/* of a Unix socket; NULL else */
	dev_t		 dev;		/* which file it was */
	ino_t		 ino;
	int		 port;
	int64_t		 handshake_ms;
	int		 handshakes, handshakes_max;
	unsigned	 refs;		/* one, and one for each handshake */
	bool		 paused;	/* by the user */
	bool		 starved;	/* out of descriptors */
	bool		 closed;
};

/* --- accepting ---------------------------------------------------------------- */

static void
rearm(struct listener *l)
{
	bool on = !l->closed && !l->paused && !l->starved &&
	    l->handshakes < l->handshakes_max;

	if (l->ev == NULL)
		return;
	if (on && event_add(l->ev, NULL) == -1)
		fatalx("listen on %s: out of memory", l->address);
	if (!on)
		event_del(l->ev);
}

static void
listener_unref(struct listener *l)
{
	if (--l->refs > 0)
		return;
	timer_free(l->pause);
	free(l->address);
	free(l->path);
	free(l);
}

/* A handshake ended, one way or the other. */
static void
on_settled(void *arg)
{
	struct listener *l = arg;

	if (l->handshakes-- == l->handshakes_max)
		rearm(l);
	listener_unref(l);
}

static void
on_pause_over(void *arg)
{
	struct listener *l = arg;

	l->starved = false;
	rearm(l);
}

static void
starve(struct listener *l)
{
	log_warn("listen on %s: accept: %s; pausing", l->address, strerror(errno));
	l->starved = true;
	timer_set(l->pause, PAUSE_MS);
	rearm(l);
}

/* Has the peer closed? What it had sent before hides that from a read. */
static bool
gave_up(int fd)
{
#ifdef POLLRDHUP
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
#else
	(void)fd;
	return false;
#endif
}

static struct stream *
accept_tls(struct listener *l, int fd, const char *peer)
{
	struct stream	*s = tls_new(l->loop, l->tls, true, NULL, peer);
	char		*doing = xasprintf("TLS handshake with %s", peer);

	stream_open_by(s, l->handshake_ms, doing);
	free(doing);
	l->refs++;
	if (++l->handshakes >= l->handshakes_max)
		rearm(l);
	stream_on_settled(s, on_settled, l);
	tls_attach(s, fd);
	return s;
}

static void
accepted(struct listener *l, int fd, const struct sockaddr *from)
{
	struct stream	*s;
	char		*peer;

	if (l->tls != NULL && gave_up(fd)) {
		close(fd);
		return;
	}
	peer = l->path != NULL ? xstrdup("unix") : addr_text(from);
	if (l->path == NULL)
		addr_tune(fd);
	if (l->tls != NULL)
		s = accept_tls(l, fd, peer);
	else {
		s = tcp_new(l->loop, peer);
		tcp_open(s, fd);
	}
	free(peer);
	l->fn(s, l->arg);
}

/* False: no more for now. */
static bool
accept_one(struct listener *l)
{
	struct sockaddr_storage	 from;
	socklen_t		 len = sizeof from;
	int			 fd;

	memset(&from, 0, sizeof from);
	fd = accept4(l->fd, (struct sockaddr *)&from, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd != -1) {
		accepted(l, fd, (struct sockaddr *)&from);
		return true;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		starve(l);
		return false;
	case EAGAIN:
		return false;
	default:
		/* The connection was gone before we came to it. */
		return errno == EINTR || errno == ECONNABORTED;
	}
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listener	*l = arg;
	int		 n;

	(void)fd;
	(void)what;
	l->refs++;			/* the callee may free it */
	for (n = 0; n < ACCEPT_BATCH && !l->closed && !l->paused &&
	    l->handshakes < l->handshakes_max; n++)
		if (!accept_one(l))
			break;
	listener_unref(l);
}

/* --- opening ------------------------------------------------------------------ */

static int
bind_unix(struct listener *l, const char *path, mode_t mode, struct err *e)
{
	struct sockaddr_storage	 ss;
	struct stat		 st;
	socklen_t		 len;
	mode_t			 old;
	int			 probe, r;

	if (addr_unix(path, &ss, &len, e) == -1)
		return -1;
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return err_code(e, EEXIST, "%s exists and is no socket", path);
		probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		r = connect(probe, (struct sockaddr *)&ss, len);
		if (r == 0 || errno != ECONNREFUSED) {
			close(probe);
			return err_code(e, EADDRINUSE, "somebody serves there");
		}
		close(probe);
		if (unlink(path) == -1)
			return err_errno(e, "remove the dead socket");
	}
	old = umask(~mode & 0777);
	r = bind(l->fd, (struct sockaddr *)&ss, len);
	umask(old);
	if (r == -1)
		return err_errno(e, "bind");
	if (lstat(path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	return 0;
}

static int
open_unix(struct listener *l, const char *path, mode_t mode, struct err *e)
{
	l->path = xstrdup(path);
	if ((l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return err_errno(e, "socket");
	return bind_unix(l, path, mode != 0 ? mode : 0600, e);
}

/* Names are allowed here: this is start-up. */
static int
find_address(const char *host, int port, struct sockaddr_storage *ss,
    socklen_t *len, struct err *e)
{
	struct addrinfo	 hints, *list;
	int		 r;

	if (host[0] == '\0' || str_eq(host, "*"))
		host = "::";
	else if (str_ieq(host, "localhost"))
		host = "127.0.0.1";
	if (addr_numeric(host, port, ss, len))
		return 0;
	memset(&hints, 0, sizeof hints);
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE;
	if ((r = getaddrinfo(host, NULL, &hints, &list)) != 0)
		return err_set(e, "cannot resolve %s: %s", host, gai_strerror(r));
	memcpy(ss, list->ai_addr, list->ai_addrlen);
	*len = list->ai_addrlen;
	freeaddrinfo(list);
	if (ss->ss_family == AF_INET6)
		((struct sockaddr_in6 *)ss)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)ss)->sin_port = htons((uint16_t)port);
	return 0;
}

static int
open_tcp(struct listener *l, const char *address, struct err *e)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	char			*host;
	int			 port, on = 1, off = 0, r;

	if (net_split(address, -1, &host, &port, e) == -1)
		return -1;
	r = find_address(host, port, &ss, &len, e);
	/* "any" is both families; without IPv6 it is the other one. */
	if (r == 0 && (l->fd = socket(ss.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1 &&
	    errno == EAFNOSUPPORT && (host[0] == '\0' || host[0] == '*') &&
	    addr_numeric("0.0.0.0", port, &ss, &len))
		l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	free(host);
	if (r == -1)
		return -1;
	if (l->fd == -1)
		return err_errno(e, "socket");
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (ss.ss_family == AF_INET6)
		(void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(l->fd, (struct sockaddr *)&ss, len) == -1)
		return err_code(e, errno, "%s", strerror(errno));
	addr_tune_local(l->fd, (struct sockaddr *)&ss);	/* those accepted inherit it */
	return 0;
}

static int
begin(struct listener *l, const char *address, struct err *e)
{
	struct sockaddr_storage	ss;
	socklen_t		len = sizeof ss;

	if (listen(l->fd, BACKLOG) == -1)
		return err_code(e, errno, "%s", strerror(errno));
	if (l->path != NULL) {
		l->address = xstrdup(address);
	} else {
		if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == -1)
			return err_errno(e, "getsockname");
		l->address = addr_text((struct sockaddr *)&ss);
		l->port = ntohs(ss.ss_family == AF_INET6 ?
		    ((struct sockaddr_in6 *)&ss)->sin6_port :
		    ((struct sockaddr_in *)&ss)->sin_port);
	}
	l->ev = event_new(loop_base(l->loop), l->fd, EV_READ | EV_PERSIST,
	    on_accept, l);
	if (l->ev == NULL)
		fatalx("listen on %s: out of memory", address);
	rearm(l);
	return 0;
}

struct listener *
net_listen(struct loop *loop, const struct net_listen *how, net_accept_fn fn,
    void *arg, struct err *e)
{
	struct listener	*l = xcalloc(1, sizeof *l);
	int		 r;

	l->loop = loop;
	l->tls = how->tls;
	l->fn = fn;
	l->arg = arg;
	l->fd = -1;
	l->refs = 1;
	l->handshake_ms = how->handshake_ms > 0 ? how->handshake_ms : HANDSHAKE_MS;
	l->handshakes_max = how->handshakes_max > 0 ? how->handshakes_max :
	    HANDSHAKES_MAX;
	l->pause = timer_new(loop, on_pause_over, l);
	if (str_starts(how->address, UNIX_PREFIX))
		r = open_unix(l, how->address + strlen(UNIX_PREFIX),
		    how->unix_mode, e);
	else
		r = open_tcp(l, how->address, e);
	if (r == -1 || begin(l, how->address, e) == -1) {
		err_wrap(e, "listen on %s", how->address);
		listener_free(l);
		return NULL;
	}
	return l;
}

int
listener_port(const struct listener *l)
{
	return l->port;
}

const char *
listener_address(const struct listener *l)
{
	return l->address;
}

void
listener_pause(struct listener *l, bool paused)
{
	l->paused = paused;
	rearm(l);
}

/* Only if it is still the file that we made. */
static void
remove_path(const struct listener *l)
{
	struct stat st;

	if (l->path != NULL && l->ino != 0 && lstat(l->path, &st) == 0 &&
	    st.st_dev == l->dev && st.st_ino == l->ino)
		(void)unlink(l->path);
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	l->closed = true;
	if (l->ev != NULL)
		event_free(l->ev);
	l->ev = NULL;
	remove_path(l);
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	timer_stop(l->pause);
	listener_unref(l);
}
