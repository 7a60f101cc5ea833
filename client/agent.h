/*
 * agent.h - the way to the server by an agent: a process of the same user that
 * keeps verified connections to it (agent_serve.h). A command that goes by it
 * needs no handshake and does not load OpenSSL.
 *
 * Nothing depends on it. Where none runs, or it is of another version, or for
 * another CA, or does not answer, nothing was sent yet, and the caller connects
 * itself; so does the agent's refusal leave it to the caller to find out, and to
 * tell, what is wrong with the server.
 */
#ifndef CLIENT_AGENT_H
#define CLIENT_AGENT_H

#include <stdint.h>

#include "base/err.h"
#include "io/stream.h"

struct agent_line;
struct strs;

/* A connection to the server at address ("HOST:PORT"; ca: see
 * agent_place_init) that an agent lends; NULL: there is none to be had. Does
 * not wait for long. *there: an agent is, even where it lends nothing. */
struct agent_line *agent_borrow(const char *address, const char *ca,
    bool *there) MUST;
/* The line as a stream, the caller's, to be closed before the line is given
 * back. To be called once. */
struct stream *agent_stream(struct agent_line *, struct loop *, const char *peer) MUST;
/* whole: every byte that went over s, which is not closed yet, was part of a
 * request that is over, and so the connection is good for another one. Else
 * the agent cuts it. NULL is fine. */
void agent_give_back(struct agent_line *, const struct stream *s, bool whole);

/* Starts an agent in the background, for the commands after this one; it ends
 * when it was not used for idle_ms. That it cannot be is no error. */
void agent_start(const char *address, const char *ca, int64_t idle_ms);

#endif
