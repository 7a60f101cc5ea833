/*
 * net.c - dialing: resolve, connect to one address after the other, ask the
 * proxy for the way (tunnel.c) if it was one, then hand the descriptor to the
 * stream. Listening is in listen.c, addresses in addr.c.
 *
 * The stream exists from the start; a `struct dial` hangs below it until it
 * is connected. If the stream is closed or times out before, on_settled ends the dial.
 */
#include "io/net.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/dnslib.h"
#include "io/inside.h"

#define ADDRESSES_MAX	16
#define RETRY_MS	50	/* a Unix socket whose backlog is full */
#define ATTEMPT_MIN_MS	250

struct target {
	struct sockaddr_storage	ss;
	socklen_t		len;
};

struct dial {
	struct loop			*loop;
	struct stream			*s;	/* NULL: given up, wait for the resolver */
	bool				 tls;
	char				*host;
	int				 port;
	struct target			 to[ADDRESSES_MAX];
	size_t				 n, at;	/* at: the one being tried */
	int				 fd;
	struct event			*ev;	/* connected? */
	struct timer			*timer;	/* next address, or the start */
	struct evdns_getaddrinfo_request *lookup;
	bool				 resolving;
	int				 error;	/* errno of the last attempt */
	char				*target; /* where to, by proxy */
	struct proxy			 proxy;	/* address NULL: straight */
	struct tunnel			*tunnel;
};

static void dial_next(struct dial *);

/* --- life ------------------------------------------------------------------- */

static void
drop_fd(struct dial *d)
{
	tunnel_free(d->tunnel);
	d->tunnel = NULL;
	if (d->ev != NULL)
		event_free(d->ev);
	d->ev = NULL;
	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
}

static void
dial_free(struct dial *d)
{
	drop_fd(d);
	timer_free(d->timer);
	proxy_release(&d->proxy);
	free(d->target);
	free(d->host);
	free(d);
}

/* The stream is closed, failed or connected: the dial has nothing to do. */
static void
on_settled(void *arg)
{
	struct dial *d = arg;

	d->s = NULL;
	if (!d->resolving) {
		dial_free(d);
		return;
	}
	drop_fd(d);
	if (d->lookup != NULL)
		evdns_getaddrinfo_cancel(d->lookup);	/* calls back later */
}

/* --- connecting --------------------------------------------------------------- */

static enum stream_err
kind_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ECONNRESET:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case ENOENT:
	case EAGAIN:
		return STREAM_REFUSED;
	case ETIMEDOUT:
		return STREAM_TIMEOUT;
	default:
		return STREAM_SYSTEM;
	}
}

static void
hand_over(struct dial *d)
{
	struct stream	*s = d->s;
	int		 fd = d->fd;

	d->fd = -1;
	if (d->tls) {
		/* Its handshake has the deadline that is left. */
		stream_on_settled(s, NULL, NULL);
		dial_free(d);
		tls_attach(s, fd);
	} else
		tcp_open(s, fd);	/* settles, which frees d */
}

static void
on_tunnel(const struct err *why, void *arg)
{
	struct dial	*d = arg;

	if (why != NULL) {
		stream_bottom_error(d->s, (enum stream_err)why->code, "%s", why->msg);
		return;			/* d is gone */
	}
	tunnel_free(d->tunnel);
	d->tunnel = NULL;
	hand_over(d);
}

static void
connected(struct dial *d)
{
	struct err	e = ERR_INIT;

	timer_stop(d->timer);
	if (d->to[d->at].ss.ss_family != AF_UNIX)
		addr_tune(d->fd);
	if (d->proxy.address == NULL) {
		hand_over(d);
		return;
	}
	d->tunnel = tunnel_new(d->loop, d->fd, &d->proxy, d->target, on_tunnel, d, &e);
	if (d->tunnel == NULL)
		stream_bottom_error(d->s, STREAM_SYSTEM, "%s", e.msg);
}

static void
attempt_failed(struct dial *d, int error)
{
	drop_fd(d);
	d->error = error;
	d->at++;
	dial_next(d);
}

static void
on_connect(evutil_socket_t fd, short what, void *arg)
{
	struct dial	*d = arg;
	int		 error = 0;
	socklen_t	 len = sizeof error;

	(void)what;
	event_free(d->ev);
	d->ev = NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0)
		attempt_failed(d, error);
	else
		connected(d);
}

/* This address gets its share of the time that is left. */
static void
limit_attempt(struct dial *d)
{
	int64_t	left = d->s->open_by - clock_mono(loop_clock(d->loop));
	int64_t	share = left / (int64_t)(d->n - d->at);

	if (d->s->open_by == 0 || d->at + 1 == d->n)
		timer_stop(d->timer);
	else
		timer_set(d->timer, share > ATTEMPT_MIN_MS ? share : ATTEMPT_MIN_MS);
}

static void
dial_next(struct dial *d)
{
	struct target *to = &d->to[d->at];

	if (d->at >= d->n) {
		stream_bottom_error(d->s, kind_of(d->error), "%s",
		    strerror(d->error));
		return;			/* d is gone */
	}
	d->fd = socket(to->ss.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd == -1) {
		attempt_failed(d, errno);
		return;
	}
	if (to->ss.ss_family != AF_UNIX)
		addr_tune_local(d->fd, (struct sockaddr *)&to->ss);
	if (connect(d->fd, (struct sockaddr *)&to->ss, to->len) == 0) {
		connected(d);
		return;
	}
	if (errno == EAGAIN && to->ss.ss_family == AF_UNIX &&
	    d->s->open_by != 0) {
		drop_fd(d);
		timer_set(d->timer, RETRY_MS);
		return;
	}
	if (errno != EINPROGRESS) {
		attempt_failed(d, errno);
		return;
	}
	d->ev = event_new(loop_base(d->loop), d->fd, EV_WRITE, on_connect, d);
	if (d->ev == NULL || event_add(d->ev, NULL) == -1)
		fatalx("net: out of memory");
	limit_attempt(d);
}

/* The attempt took its share of the time, or it was too early to begin. */
static void
on_timer(void *arg)
{
	struct dial *d = arg;

	if (d->fd != -1)
		attempt_failed(d, ETIMEDOUT);
	else
		dial_next(d);
}

/* --- resolving ---------------------------------------------------------------- */

static void
add_target(struct dial *d, const char *ip)
{
	struct target *t = &d->to[d->n];

	if (addr_numeric(ip, d->port, &t->ss, &t->len))
		d->n++;
}

static void
on_resolved(int result, struct evutil_addrinfo *list, void *arg)
{
	struct dial		*d = arg;
	struct evutil_addrinfo	*a;

	d->resolving = false;
	d->lookup = NULL;
	loop_io(d->loop)->lookups--;
	if (result != 0 && d->s != NULL)
		loop_io(d->loop)->dns_stale = true;
	for (a = list; a != NULL && d->n < ADDRESSES_MAX; a = a->ai_next) {
		if (a->ai_addrlen > sizeof d->to[0].ss)
			continue;
		memcpy(&d->to[d->n].ss, a->ai_addr, a->ai_addrlen);
		d->to[d->n++].len = (socklen_t)a->ai_addrlen;
	}
	if (list != NULL)
		evutil_freeaddrinfo(list);
	if (d->s == NULL)
		dial_free(d);
	else if (result != 0 || d->n == 0)
		stream_bottom_error(d->s, STREAM_REFUSED, "cannot resolve %s: %s",
		    d->host, result == 0 ? "no address" :
		    evutil_gai_strerror(result));
	else
		timer_set(d->timer, 0);
}

/* Made anew after a failure: whoever starts without a network and gets one
 * later has another resolv.conf then. */
static struct evdns_base *
resolver(struct loop *l)
{
	struct loop_io *io = loop_io(l);

	if (io->dns != NULL && io->dns_stale && io->lookups == 0) {
		evdns_base_free(io->dns, 0);
		io->dns = NULL;
	}
	io->dns_stale = false;
	if (io->dns == NULL)
		io->dns = evdns_base_new(loop_base(l),
		    EVDNS_BASE_INITIALIZE_NAMESERVERS |
		    EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	return io->dns;
}

static void
resolve(struct dial *d)
{
	struct evutil_addrinfo			 hints;
	struct evdns_base			*dns = resolver(d->loop);
	struct evdns_getaddrinfo_request	*req;
	char					 port[16];

	if (dns == NULL) {
		stream_bottom_error(d->s, STREAM_SYSTEM,
		    "cannot resolve %s: no resolver", d->host);
		return;
	}
	memset(&hints, 0, sizeof hints);
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_protocol = IPPROTO_TCP;
	hints.ai_flags = EVUTIL_AI_ADDRCONFIG;
	evutil_snprintf(port, sizeof port, "%d", d->port);
	d->resolving = true;
	loop_io(d->loop)->lookups++;
	/* May call back at once, and then returns NULL. */
	req = evdns_getaddrinfo(dns, d->host, port, &hints, on_resolved, d);
	if (req != NULL)
		d->lookup = req;
}

/* --- the beginning -------------------------------------------------------------- */

static void
start_unix(struct dial *d, const char *path)
{
	struct err e = ERR_INIT;

	if (addr_unix(path, &d->to[0].ss, &d->to[0].len, &e) == -1) {
		stream_bottom_error(d->s, STREAM_SYSTEM, "%s", e.msg);
		return;
	}
	d->n = 1;
	timer_set(d->timer, 0);
}

static void
start(struct dial *d, const char *address)
{
	struct err e = ERR_INIT;

	if (str_starts(address, UNIX_PREFIX)) {
		start_unix(d, address + strlen(UNIX_PREFIX));
		return;
	}
	if (net_split(address, -1, &d->host, &d->port, &e) == -1) {
		stream_bottom_error(d->s, STREAM_SYSTEM, "%s", e.msg);
		return;
	}
	if (str_ieq(d->host, "localhost")) {
		add_target(d, "127.0.0.1");
		add_target(d, "::1");
	} else
		add_target(d, d->host);
	if (d->n > 0)
		timer_set(d->timer, 0);
	else
		resolve(d);
}

static struct stream *
new_stream(struct loop *l, const struct net_dial *how)
{
	struct stream	*s;
	char		*host = NULL;
	int		 port;

	if (how->tls == NULL)
		return tcp_new(l, how->address);
	if (how->server_name == NULL && !str_starts(how->address, UNIX_PREFIX) &&
	    net_split(how->address, -1, &host, &port, NULL) == -1)
		host = NULL;	/* start() tells */
	s = tls_new(l, how->tls, false,
	    how->server_name != NULL ? how->server_name : host, how->address);
	free(host);
	return s;
}

static char *
doing(const struct dial *d, const char *address)
{
	return d->proxy.address == NULL ? xasprintf("dial %s", address) :
	    xasprintf("dial %s by proxy %s", address, d->proxy.address);
}

struct stream *
net_dial(struct loop *l, const struct net_dial *how)
{
	struct dial	*d = xcalloc(1, sizeof *d);
	struct stream	*s = new_stream(l, how);
	struct err	 e = ERR_INIT;
	char		*text;
	int		 by = 0;

	d->loop = l;
	d->s = s;
	d->fd = -1;
	d->tls = how->tls != NULL;
	d->timer = timer_new(l, on_timer, d);
	if (how->proxied)
		by = proxy_find(how->address, &d->proxy, &e);
	if (by == 1)
		d->target = xstrdup(how->address);
	text = doing(d, how->address);
	stream_on_settled(s, on_settled, d);
	stream_open_by(s, how->ms, text);
	free(text);
	if (by == -1)
		stream_bottom_error(s, STREAM_SYSTEM, "%s", e.msg);
	else
		start(d, by == 1 ? d->proxy.address : how->address);
	return s;
}
