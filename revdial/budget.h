/*
 * budget.h - the memory that the sessions of one loop share, as their muxes
 * see it (muxmem.c keeps the accounts). Inside revdial only; its owner's side
 * is in carriers.h.
 */
#ifndef REVDIAL_BUDGET_H
#define REVDIAL_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct revdial_budget {
	size_t	max;
	size_t	held;		/* bytes unread in all sessions, and on their way */
	size_t	grown;		/* windows beyond the initial one, of all streams */
	size_t	sessions;	/* that use it */
	bool	freed;		/* by its owner; the last session takes it along */
};

void budget_join(struct revdial_budget *);	/* NULL is fine, here and below */
void budget_leave(struct revdial_budget *);

#endif
