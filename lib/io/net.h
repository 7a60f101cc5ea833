/*
 * net.h - addresses, dialing and listening: how streams to elsewhere begin.
 *
 * An address is "HOST:PORT", "[V6]:PORT" or "unix:/path"; an empty host is any
 * address of this machine, to listen on. Names are resolved
 * without blocking the loop.
 */
#ifndef IO_NET_H
#define IO_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "io/stream.h"

struct tls_ctx;
struct listener;

struct net_dial {
	const char	*address;	/* where to */
	struct tls_ctx	*tls;		/* NULL: plain. Borrowed until the stream is closed */
	const char	*server_name;	/* SNI and the name checked; NULL: the host */
	int64_t		 ms;		/* for resolving, connecting and handshake together */
	bool		 proxied;	/* by the proxy of the environment, if any (proxy.h);
					 * the error then begins "dial HOST:PORT by proxy P: " */
};

/* Always gives a stream; how it went comes by open or error, whose text is
 * "dial HOST:PORT: why". TCP_NODELAY is set. All of d is copied but tls. */
struct stream *net_dial(struct loop *, const struct net_dial *d) MUST;

/* A new connection; for TLS it is in its handshake and `open` comes later.
 * The callee owns s. */
typedef void (*net_accept_fn)(struct stream *s, void *arg);

struct net_listen {
	const char	*address;	/* port 0: any free one; "unix:/path" replaces a dead socket file */
	struct tls_ctx	*tls;		/* NULL: plain */
	int64_t		 handshake_ms;	/* TLS handshake deadline */
	int		 handshakes_max; /* at once; 0: 256; more wait in the backlog */
	mode_t		 unix_mode;	/* of a Unix socket; 0: 0600 */
};

/* NULL and e ("listen on 127.0.0.1:80: Permission denied"). Running out of
 * descriptors pauses accepting for a moment instead of spinning. */
struct listener *net_listen(struct loop *, const struct net_listen *,
    net_accept_fn, void *arg, struct err *e) MUST;
int  listener_port(const struct listener *);	/* 0 for Unix */
const char *listener_address(const struct listener *);	/* with the real port */
void listener_pause(struct listener *, bool paused);
void listener_free(struct listener *);

/* "HOST:PORT" -> parts; host malloc'ed and without brackets. default_port
 * when there is none, -1 where a port is required. */
int  net_split(const char *address, int default_port, char **host, int *port,
    struct err *e) MUST;
/* Is it 127/8, ::1, "localhost" or a Unix socket? */
bool net_is_loopback(const char *address);

#endif
