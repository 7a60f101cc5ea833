/*
 * present.h - things of the core as the outside sees them: JSON, and lines of
 * text for the operator.
 */
#ifndef COORDINATOR_PRESENT_H
#define COORDINATOR_PRESENT_H

#include "coordinator/core.h"
#include "data/json.h"

/* The buildlet object of PROTOCOL 3. */
struct json *present_instance_row(const struct instance_row *) MUST;
struct json *present_instance(struct instance *) MUST;

/* The objects of /api/v1: an instance that lives (NULL and e: the store failed), one
 * that has ended, an exec, a group. */
struct json *present_live(struct core *, const struct instance_row *, struct err *e) MUST;
struct json *present_ended(const struct store_lease *) MUST;
struct json *present_exec(const struct store_exec *) MUST;
struct json *present_group(const struct group_row *) MUST;

/* Why an instance ended, for those who may not know whose it was. */
const char *present_reason(const char *reason);

#endif
