/*
 * builders.h - what the coordinator offers: GET /builders?mode=json (PROTOCOL 3).
 */
#ifndef CLIENT_BUILDERS_H
#define CLIENT_BUILDERS_H

#include <stddef.h>

#include "base/err.h"
#include "client/call.h"

struct builder {
	char	*name;		/* "linux-amd64" */
	char	*host_type;
	char	*bootstrap;	/* URL of a toolchain's .tar.gz; "": none */
};

struct builders {		/* sorted by name */
	struct builder	*v;
	size_t		 n;
};

/* c: the coordinator itself. */
int  builders_get(struct builders *, struct call *c, struct err *e) MUST;
void builders_release(struct builders *);
const struct builder *builders_find(const struct builders *, const char *name); /* NULL */

/* The builder type of the caller's instance, malloc'ed; asks the coordinator. */
char *builders_type_of(struct call *c, const char *instance, struct err *e) MUST;

#endif
