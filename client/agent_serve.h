/*
 * agent_serve.h - the agent itself: a process that keeps verified connections
 * to one server and lends them to gomotes of the same user, so that these need
 * no handshake, and not even OpenSSL. It passes bytes on, both ways, and knows
 * neither what they mean nor any token: those are in the requests.
 */
#ifndef CLIENT_AGENT_SERVE_H
#define CLIENT_AGENT_SERVE_H

#include <stdint.h>

#include "base/err.h"

/* Serves until nobody has used it for idle_ms, it is told to stop, or the CA or
 * this program was replaced; not before the last command is over. ca: see
 * agent_place_init. -1 and e: it cannot serve there; code EADDRINUSE: another
 * agent does. */
int  agent_serve(const char *address, const char *ca, int64_t idle_ms,
    struct err *e) MUST;

#endif
