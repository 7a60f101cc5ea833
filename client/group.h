/*
 * group.h - the coordinator's groups of the user's instances: named sets, over
 * which commands fan out (fan.h). c is the way to the coordinator itself.
 */
#ifndef CLIENT_GROUP_H
#define CLIENT_GROUP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "client/call.h"
#include "client/cmd.h"

struct group {		/* owned; group_release empties it */
	char		*name;
	struct strs	 instances;	/* that are alive, in the order of their creation */
};

/* err.code: there is no such group; that is no name of one. */
#define GROUP_NONE 10280
#define GROUP_ILL 10281

int  group_get(struct group *, struct call *c, const char *name, struct err *e) MUST;
void group_release(struct group *);
/* All of them, sorted by name. */
int  group_each(struct call *c, void (*fn)(const struct group *, void *arg), void *arg,
    struct err *e) MUST;
/* anew: that there is one already is an error. */
int  group_make(struct call *c, const char *name, bool anew, struct err *e) MUST;
int  group_destroy(struct call *c, const char *name, struct err *e) MUST;
int  group_add(struct call *c, const char *name, const char *instance, struct err *e) MUST;
int  group_remove(struct call *c, const char *name, const char *instance,
    struct err *e) MUST;

/* The group that is active: of -group, else of GOMOTE_GROUP (*named false, and
 * then perhaps not there), else NULL. Borrowed. */
const char *group_active(const struct gomote *, bool *named);
/* Where e says that this name is ill-formed and nobody named it in the command: whose
 * it is. */
void group_blame(struct err *e, bool named);
/* Of the active group, if it is there: 1. 0: there is none. -1 and e. */
int  group_get_active(struct group *, struct gomote *, struct call *c, struct err *e) MUST;
/* The group that an instance is created in, made where that has to be: the one
 * of -new-group (anew; NULL: not given), else the active one. *group is NULL
 * where there is none; malloc'ed. */
int  group_for_create(char **group, struct gomote *, const char *anew,
    struct err *e) MUST;

#endif
