/*
 * present.h - things of the core as the outside sees them: JSON, and lines of
 * text for the operator.
 */
#ifndef COORDINATOR_PRESENT_H
#define COORDINATOR_PRESENT_H

#include "coordinator/core.h"
#include "data/json.h"

/* The buildlet object of PROTOCOL 3. */
struct json *present_instance(struct instance *) MUST;
struct json *present_instance_row(const struct instance_row *) MUST;

#endif
