/*
 * lock.h - one coordinator, or one verb, at a time has a state directory. The
 * lock goes with the process, however it ends.
 */
#ifndef COORDINATOR_LOCK_H
#define COORDINATOR_LOCK_H

#include <stdint.h>

#include "base/err.h"

struct lock;

#define LOCK_TAKEN	1	/* err.code: somebody else has it */

/* Tries for ms (blocks). NULL and e. Within a process take it once only. */
struct lock *lock_take(const char *state_dir, int64_t ms, struct err *e) MUST;
void lock_free(struct lock *);		/* NULL is fine */

#endif
