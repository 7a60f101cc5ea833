/*
 * vigil.h - an eye on the instance while a command runs there: asks the
 * coordinator once a minute and warns when the end of the instance is near.
 * Where there is no coordinator, or one that knows no such answers, silent.
 */
#ifndef CLIENT_VIGIL_H
#define CLIENT_VIGIL_H

#include <stdint.h>

#include "client/side.h"

struct loop;
struct vigil;

#define VIGIL_NEAR_MS	(5 * 60 * 1000)

/* What has been seen and said of an instance. */
struct vigil_view {
	int64_t	 expires, limit;	/* wall ms, as last seen; 0: not known, none */
	int64_t	 warned_expires, warned_limit;	/* those that were warned of; 0: none */
};
/* Looks at the new values; returns what to say ("NAME ends in 4m50s: ..."),
 * malloc'ed, or NULL. The end for want of use counts only where use does not
 * put it off: when it is what it was. */
char *vigil_look(struct vigil_view *, const char *name, int64_t expires,
    int64_t limit, int64_t now) MUST;

/* side: to the instance or the coordinator, borrowed. */
struct vigil *vigil_new(struct loop *, struct side *, const char *instance) MUST;
/* Begins; begins again after a side_reset. */
void vigil_go(struct vigil *);
void vigil_free(struct vigil *);	/* NULL is fine */

#endif
