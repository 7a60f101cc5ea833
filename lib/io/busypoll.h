/*
 * busypoll.h - whether a loop that has nothing to do sleeps at once, or first
 * looks for a moment whether something comes: where answers come within the time
 * that it takes to wake a sleeping processor up (some 30 us each way), waking it
 * up was most of what a small request took. Called by loop.c alone.
 *
 * Like the halt polling of a hypervisor: who looked in vain, though the wait before
 * was short, looks again only after 1, 3, 7, ... BUSYPOLL_DENY_MAX waits, so that
 * what it wastes is bounded; who moves bulk data sleeps, for the other programs
 * that move it need the processor. Others that wait for this one get it.
 */
#ifndef IO_BUSYPOLL_H
#define IO_BUSYPOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUSYPOLL_US		50	/* that are looked for at most */
#define BUSYPOLL_NEAR_US	100	/* a wait of so much was a short one */
#define BUSYPOLL_DENY_MAX	63
#define BUSYPOLL_BULK		16384	/* bytes at once */

struct busypoll {			/* all zero at first */
	int64_t		 since_us;	/* the wait that goes on began then */
	unsigned	 deny, next;	/* waits to sleep through, and after the next miss */
	bool		 waiting;
	bool		 looking;	/* the wait that goes on began so */
	bool		 missed;	/* and was in vain */
	bool		 near;		/* the last wait was short */
	bool		 bulk;		/* moved in this turn */
};

/* Before each turn that has nothing to do: shall it only look, not sleep? Times
 * are of any steady clock. */
bool busypoll_awake(struct busypoll *, int64_t now_us);
/* After a turn in which something came. */
void busypoll_came(struct busypoll *, int64_t now_us);
/* So many bytes were moved at once. */
void busypoll_moved(struct busypoll *, size_t n);

#endif
