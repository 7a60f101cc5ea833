/*
 * agent_sock.h - the socket on which an agent listens, and its file.
 */
#ifndef CLIENT_AGENT_SOCK_H
#define CLIENT_AGENT_SOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct agent_sock {
	int	 fd;		/* does not block; -1: closed */
	char	*path;
	dev_t	 dev;		/* which file it is */
	ino_t	 ino;
};

/* Takes the place of a socket that nobody serves. -1 and e: code EADDRINUSE
 * where somebody does, or is about to. */
int  agent_sock_open(struct agent_sock *, const char *path, struct err *e) MUST;
/* Removes a socket that nobody serves, as one that was killed leaves it; while an
 * agent is starting in that directory nothing is done. */
void agent_sock_tidy(const char *path);
/* A client of the same user, or -1. */
int  agent_sock_accept(const struct agent_sock *) MUST;
bool agent_sock_is_there(const struct agent_sock *);	/* the file is still ours */
void agent_sock_close(struct agent_sock *);	/* and removes the file */

#endif
