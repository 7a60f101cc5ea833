/*
 * near.h - "did you mean": names like one that does not exist, as the end of
 * an error that a person can act on.
 */
#ifndef COORDINATOR_NEAR_H
#define COORDINATOR_NEAR_H

#include "base/str.h"
#include "coordinator/catalog.h"

/* Adds "; did you mean linux-amd64?", or, where nothing is like it, what there
 * is. */
void near_builders(const struct catalog *, const char *name, struct str *out);
void near_hosts(const struct catalog *, const char *name, struct str *out);

#endif
