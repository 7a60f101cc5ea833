/*
 * broadcast_env.h - what a gomote of a broadcast is started with: its command
 * line, its environment, the name of its copy. Only broadcast.c uses it.
 */
#ifndef CLIENT_BROADCAST_ENV_H
#define CLIENT_BROADCAST_ENV_H

#include "base/str.h"
#include "client/broadcast.h"

struct broadcast_env {
	struct strs	argv, env;
};

/* For the command on the instance name; copy: of its output, NULL: as usual. */
void  broadcast_env_init(struct broadcast_env *, const struct gomote *,
    const struct broadcast_how *, const char *name, const char *copy);
void  broadcast_env_release(struct broadcast_env *);

/* A new directory for copies, malloc'ed; NULL: none can be made, which is told. */
char *broadcast_copies_dir(void) MUST;
char *broadcast_copy(const char *dir, const char *name) MUST;	/* malloc'ed */

#endif
