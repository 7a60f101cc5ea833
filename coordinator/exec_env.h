/*
 * exec_env.h - the environment that coordinator.conf sets for a host type and a
 * builder type, put before what the client asks for in the form of POST /exec and
 * /execs: of duplicates the last wins (PROTOCOL 1), so the client has the last word.
 */
#ifndef COORDINATOR_EXEC_ENV_H
#define COORDINATOR_EXEC_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "coordinator/core.h"
#include "http/body.h"

/* Is there anything to add to a request with that Content-Type (NULL: none)? */
bool exec_env_wanted(struct core *, const char *builder_type, const char *content_type);
/* The form with it, as a body; NULL and e if text is no form. */
struct body *exec_env_apply(struct core *, const char *builder_type, const char *text,
    size_t len, struct err *e) MUST;

#endif
