/*
 * lib_link.h - for rdpeer.c and test/bench/revdial.c: the one connection that
 * a session stands on, over TCP or TLS, for which one end waits and which the
 * other makes, and the options that say so. What fails ends the program.
 */
#ifndef LIB_LINK_H
#define LIB_LINK_H

#include <stdbool.h>

#include "base/opt.h"
#include "io/stream.h"

struct link {
	char		*listen, *connect, *port_file, *cert, *key;	/* borrowed */
	bool		 dial_tls;
	struct loop	*loop;		/* as long as link_run goes on */
	/* The rest is its own. */
	struct listener	*listener;
	struct tls_ctx	*tls;
	void		(*open)(struct stream *);
};

#define LINK_OPTIONS(c) \
	{ "listen", OPT_STRING, &(c)->listen, "ADDR", "wait for a connection" }, \
	{ "connect", OPT_STRING, &(c)->connect, "ADDR", "make one" }, \
	{ "port", OPT_STRING, &(c)->port_file, "FILE", "write the port there" }, \
	{ "cert", OPT_STRING, &(c)->cert, "FILE", "TLS certificate" }, \
	{ "key", OPT_STRING, &(c)->key, "FILE", "TLS key" }, \
	{ "tls", OPT_BOOL, &(c)->dial_tls, NULL, "connect with TLS, unchecked" }

/* Calls open once, with the connection, which is the caller's then; returns when
 * nothing is left to be done. */
void link_run(struct link *, void (*open)(struct stream *));
/* Nobody else is waited for: then the loop ends with the connection. */
void link_no_more(struct link *);

#endif
