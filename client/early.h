/*
 * early.h - an upload to the coordinator that others name to their instances while
 * it still comes in: with a name of ours, since its digest is known only in the
 * end. It goes on while this program waits for something else.
 */
#ifndef CLIENT_EARLY_H
#define CLIENT_EARLY_H

#include "client/pushput.h"

struct early;

/* Starts packing and sending. NULL and e: it could not be packed. p and u must
 * outlive it. */
struct early *early_start(struct push *p, const struct pushput *u, struct err *e) MUST;
/* Runs the loop until the coordinator, which c is to, knows it. Its name, which is the
 * early's own; NULL: that is over before it was seen. */
const char *early_name(struct early *, struct call *c) MUST;
/* Runs the loop until it is over. Its digest, malloc'ed; NULL and e. *broke: it could
 * not be packed. */
char *early_digest(struct early *, bool *broke, struct err *e) MUST;
void early_free(struct early *);	/* breaks it off; NULL is fine */

#endif
