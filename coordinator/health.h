/*
 * health.h - is the coordinator itself well? Measured, not assumed: how late
 * the event loop runs, whether the store takes writes, how full the disk is.
 */
#ifndef COORDINATOR_HEALTH_H
#define COORDINATOR_HEALTH_H

#include <stdbool.h>

#include "coordinator/core.h"

struct health;

struct health *health_new(struct core *) MUST;
void health_free(struct health *);		/* NULL is fine */
/* 0, or -1 and e with all that is wrong. Looks at the store at most every few
 * seconds. */
int  health_check(struct health *, struct err *e) MUST;
/* The longest that the loop kept something waiting in the last minute or so. */
int64_t health_lag_ms(const struct health *);

#endif
