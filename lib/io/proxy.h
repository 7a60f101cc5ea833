/*
 * proxy.h - the HTTP proxy through which net_dial goes where it is asked to
 * (CONNECT, RFC 9110 section 9.3.6): what the environment says, and the words
 * that are exchanged. No I/O.
 *
 * As curl reads them: https_proxy, or else HTTPS_PROXY, is the proxy's URL,
 * http://[USER[:PASSWORD]@]HOST[:PORT], with port 1080 and http where it says none.
 * Unlike there the small one, set but empty, means none, whatever the other says.
 * no_proxy, or else NO_PROXY, lists who is reached without it: "*" alone is
 * everybody; otherwise words between commas or blanks, each a name (itself and
 * all below it; a dot before it changes nothing), an address or a network in
 * CIDR notation. Here a word may end in :PORT, and means that port alone then.
 * Loopback is no exception unless it is listed.
 */
#ifndef IO_PROXY_H
#define IO_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PROXY_HEAD_MAX	8192	/* bytes of the proxy's answer */

struct proxy {
	char	*address;	/* HOST:PORT */
	char	*credentials;	/* Base64, for Basic; NULL: none */
};

/* 1 and p filled: the TLS connection to address goes by p; 0: straight; -1 and
 * e: what the environment says cannot be done. */
int  proxy_find(const char *address, struct proxy *p, struct err *e) MUST;
void proxy_release(struct proxy *);

/* The parts. Takes a URL as above. -1 and e, which does not show a password. */
int  proxy_parse(const char *url, struct proxy *p, struct err *e) MUST;
/* Is host, on that port, in the list? */
bool proxy_spared(const char *list, const char *host, int port) MUST;

/* What is said to it, malloc'ed; target is HOST:PORT. NULL and e where that
 * cannot stand in a request. */
char *proxy_request(const struct proxy *, const char *target, struct err *e) MUST;
/* What it answered so far: 0: more is needed; > 0: the length of the head, the
 * tunnel stands; -1 and e ("proxy P refused CONNECT to T: 403 Forbidden"). */
int  proxy_answer(const struct proxy *, const char *target, const char *text,
    size_t len, struct err *e) MUST;

#endif
