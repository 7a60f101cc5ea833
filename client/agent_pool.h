/*
 * agent_pool.h - the connections of an agent to its server: verified, ready,
 * lent to one client after another.
 *
 * One that the server has closed, or that was not used for POOL_IDLE_MS, is
 * never given out: a middle-box may have forgotten it, and a machine that
 * slept does not know what it missed. As long as the pool lives and the server
 * answers, one is kept ready.
 */
#ifndef CLIENT_AGENT_POOL_H
#define CLIENT_AGENT_POOL_H

#include <stddef.h>

#include "base/err.h"
#include "io/stream.h"

#define POOL_IDLE_MS	60000	/* the coordinator closes after twice that */
#define POOL_IDLE_MAX	8	/* as many are kept when nobody uses them */

struct agent_pool;
struct pool_want;

/* NULL and e: the CA is of no use. ca NULL: the system's. */
struct agent_pool *agent_pool_new(struct loop *, const char *address,
    const char *ca, struct err *e) MUST;
void agent_pool_free(struct agent_pool *);	/* what is lent stays lent */

/* None is ready, and the last attempt to make one failed. One more is made, but
 * whoever wants a line had better go himself, and see why. */
bool agent_pool_is_down(struct agent_pool *);
/* Exactly one call of fn, from the loop, unless cancelled: with a stream, then
 * the callee's; or NULL and why. *waits: none is ready, one is being made. */
typedef void (*pool_fn)(struct stream *, const struct err *why, void *arg);
struct pool_want *agent_pool_take(struct agent_pool *, pool_fn, void *arg,
    bool *waits) MUST;
void agent_pool_cancel(struct agent_pool *, struct pool_want *);
/* A stream that can take another request; it may be from elsewhere. */
void agent_pool_add(struct agent_pool *, struct stream *);
size_t agent_pool_ready(const struct agent_pool *);
/* From now on none is kept, and made only for those who wait already. */
void agent_pool_close(struct agent_pool *);

#endif
