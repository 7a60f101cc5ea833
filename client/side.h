/*
 * side.h - small requests beside a call that is being read: signals, stdin, a
 * look at the instance. Asynchronous, one at a time and in their order, over a
 * connection of their own, which is made when it is first needed and kept.
 */
#ifndef CLIENT_SIDE_H
#define CLIENT_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "client/call.h"

struct side;

struct side_request {
	const char		*method;
	const char		*path;	/* "/execs/ID/signal" */
	const struct form	*query;	/* NULL: none */
	const struct form	*form;	/* the body; NULL: none */
	const void		*data;	/* the body; must stay until the answer. Not with form */
	size_t			 len;
	struct body		*body;	/* taken; not with form or data. NULL: none. It goes
					 * only once, so not over a connection that may be
					 * stale: a side of its own, without an agent */
	int64_t			 head_ms;	/* 0: 30 s; -1: for ever */
	bool			 coordinator;	/* to it itself, not to the instance */
};

struct side_answer {
	int			 status;	/* 0: none came */
	const char		*text;	/* of the answer, what fits into 64 KiB */
	size_t			 len;
	const struct err	*why;	/* where none came */
};
/* From the loop. May ask again, and may side_free. */
typedef void (*side_fn)(const struct side_answer *, void *arg);

/* instance: as of call_new. */
struct side *side_new(struct loop *, const struct cred *, const char *instance,
    struct err *e) MUST;
/* All of q is copied but data and body. */
void side_ask(struct side *, const struct side_request *q, side_fn, void *arg);
bool side_busy(const struct side *);
/* Breaks off what is under way, and forgets it and all that waits: no fn comes
 * of these. The next request gets a new connection. */
void side_reset(struct side *);
void side_free(struct side *);		/* NULL is fine */

#endif
