/*
 * agent_place.h - where an agent (agent.h) listens, and what it is for: one
 * for each server, CA and program, on a socket of its own in a directory that
 * is nobody's but ours.
 *
 * The directory is $XDG_RUNTIME_DIR/gomote, or else gomote-agent-UID in
 * $TMPDIR or /tmp. One that is another user's, or that others may enter, or
 * whose name is too long for a socket, is not used.
 */
#ifndef CLIENT_AGENT_PLACE_H
#define CLIENT_AGENT_PLACE_H

#include <stdbool.h>

#include "base/err.h"

#define AGENT_KEY_MAX	2048	/* with its NUL */
#define AGENT_SUFFIX	".agent"

struct agent_place {
	char	*key;	/* all by which agents differ: of another one nothing is taken */
	char	*path;	/* the socket, named after the key */
};

/* The directory, malloc'ed; make: it is made if it is not there. NULL and e:
 * there is none that may be used. */
char *agent_dir(bool make, struct err *e) MUST;

/* For the server at address ("HOST:PORT") whose certificate must come from the
 * file ca, NULL: from an authority of the system. A CA or a program that was
 * replaced makes another place. -1 and e: there can be no agent for it. */
int  agent_place_init(struct agent_place *, const char *address, const char *ca,
    bool make, struct err *e) MUST;
void agent_place_release(struct agent_place *);

#endif
