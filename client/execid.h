/*
 * execid.h - which exec of which instance a word means:
 *
 *	ID		or a beginning of it that fits one alone; the coordinator knows
 *	INSTANCE/ID	asks nobody but that instance, and only for a beginning;
 *			a direct buildlet's (TYPE@HOST/ID) are named so
 */
#ifndef CLIENT_EXECID_H
#define CLIENT_EXECID_H

#include <stdint.h>

#include "base/err.h"
#include "client/cmd.h"

struct json;

struct execid {
	char	*instance, *id;
	char	*cmd;		/* what it runs, for texts; the id where that was not told */
};

int  execid_find(struct execid *, struct gomote *, const char *word, struct err *e) MUST;
void execid_release(struct execid *);

/* GET path of an instance, or of the coordinator (NULL), as JSON; NULL and e,
 * after 404 with code EXECID_NONE. query may be NULL. */
#define EXECID_NONE 10270
struct json *execid_get(struct gomote *, const char *instance, const char *path,
    const struct form *query, const char *doing, struct err *e) MUST;

#endif
