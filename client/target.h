/*
 * target.h - where a command goes: to the coordinator itself, to an instance
 * through the coordinator, or straight to a buildlet (PROTOCOL 4):
 *
 *	alice-linux-amd64-0		an instance
 *	linux-amd64@10.1.5.3		direct; port 80, plain HTTP
 *	linux-amd64@10.1.5.3:443	direct, TLS
 */
#ifndef CLIENT_TARGET_H
#define CLIENT_TARGET_H

#include <stdbool.h>

#include "base/err.h"

struct target {
	bool	 direct;
	bool	 tls;
	char	*address;	/* for net_dial: "HOST:PORT" */
	char	*host;		/* for the Host field: port left out where usual */
	char	*instance;	/* as the user wrote it; NULL: the coordinator itself */
};

/* instance NULL: the coordinator itself. server may be NULL, which is an error
 * unless the target is direct. */
int  target_init(struct target *, const char *server, const char *instance,
    struct err *e) MUST;
void target_release(struct target *);
/* instance as the beginning of a file's name, malloc'ed: what would be a
 * directory, or a host to tar, becomes '-'. */
char *target_file_name(const char *instance) MUST;
/* Is it the name of a direct buildlet? */
bool target_is_direct(const char *instance);
/* Who answers, for error texts: "coordinator" or "buildlet". */
const char *target_hop(const struct target *);

#endif
