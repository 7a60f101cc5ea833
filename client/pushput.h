/*
 * pushput.h - the upload of a push: a body that a helper packs, sent to the
 * instance. Of several pushes of a broadcast (share.h) that would send the same one
 * packs it and uploads it to the coordinator (/api/v1/uploads), and all name that
 * to their instances, as soon as its first bytes are there. Where the coordinator
 * keeps no uploads, or has no room, each sends its own.
 */
#ifndef CLIENT_PUSHPUT_H
#define CLIENT_PUSHPUT_H

#include <stdint.h>

#include "base/err.h"
#include "client/call.h"
#include "client/made.h"
#include "client/push_int.h"

struct pushput {
	const char	*path;		/* of the PUT */
	const struct form *query;
	/* The same for two pushes of a broadcast: they send the same. */
	const void	*plan;
	size_t		 len;
	uint64_t	 most;		/* bytes that the contents may have, unpacked */
	/* Starts packing. NULL and e. May be called again. */
	struct made	*(*pack)(void *arg, struct body **, struct err *e);
	/* Others can name the upload by that from now on; NULL: there is none for them. */
	void		(*named)(const char *upload, void *arg);
	void		*arg;
};

/* call_status(p->c) tells what the instance said to it. */
int pushput(struct push *p, const struct pushput *, struct err *e) MUST;

/* The same by an upload that is there already; only path and query count. 1: it is
 * not held (any more). */
int pushput_named(struct push *p, const struct pushput *, const char *upload,
    struct err *e) MUST;

/* The digest in the coordinator's answer to an upload, malloc'ed; NULL: there is none. */
char *pushput_digest(const char *answer, size_t len) MUST;

#endif
