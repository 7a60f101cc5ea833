/*
 * reverse.h - reverse mode: dials the coordinator, registers, and serves the
 * buildlet API on the streams that the coordinator then opens (PROTOCOL 2).
 *
 * A connection that is lost or refused is tried again for ever: at once, then
 * with growing pauses. Commands go on meanwhile unless their own stream broke.
 * Where the coordinator takes leave of a connection, another one is made beside
 * it, and what runs over the older one goes on there to its end.
 */
#ifndef BUILDLET_REVERSE_H
#define BUILDLET_REVERSE_H

#include "base/err.h"

struct buildlet;
struct http_server;
struct reverse;

/* NULL and e where the certificate authority cannot be read. */
struct reverse *reverse_start(struct buildlet *, struct http_server *,
    struct err *e) MUST;
/* Dials no more; what is connected stays. */
void reverse_stop(struct reverse *);		/* NULL is fine */
/* The key that it registers with now; borrowed. */
const char *reverse_key(const struct reverse *);
void reverse_free(struct reverse *);		/* NULL is fine */

#endif
