/*
 * who.h - which instances a command means. In this order:
 *
 *	-instance NAME		that one; no operand is looked at
 *	the first operand	where it names an instance that is alive, or is
 *				TYPE@HOST; a group that is set does not matter then
 *	-group, GOMOTE_GROUP	all of the group; a GOMOTE_GROUP that is not there
 *				counts as not set
 *	GOMOTE_INSTANCE		that one
 *	the only one alive
 *
 * An operand names an instance by its whole name, or by a beginning that no
 * other name has. Where the operand could as well belong to the command, only
 * what holds a '-' is looked at. One that has the shape of a whole name
 * (user-...-NUMBER) is never anything else: if there is no such instance, the
 * command is refused and not run elsewhere.
 *
 * No request is made where a whole name is given and no group and no
 * GOMOTE_INSTANCE are set: that name is taken, and the server knows whether it
 * is right. Else as few as can be: at most one for the instances and one for
 * the group.
 */
#ifndef CLIENT_WHO_H
#define CLIENT_WHO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "client/cmd.h"

struct who_ask {
	char *const	*operands;
	int		 n;
	int		 min, max;	/* operands besides the instance; max -1: any */
	bool		 guess;		/* the only one alive will do */
};

struct who {		/* owned; who_release empties it */
	struct strs	 names;
	char		*group;		/* they are all of this group; NULL */
	int		 used;		/* operands that named one: 0 or 1 */
};

/* err.code of who_find: the command line is wrong; the group is empty, who->group
 * is its name. */
#define WHO_USAGE	10290
#define WHO_EMPTY	10291

int  who_find(struct who *, struct gomote *, const struct who_ask *, struct err *e) MUST;
void who_release(struct who *);
/* The instances that words mean, each a name or a beginning of one, added to
 * names. check: whole names are asked for, too. */
int  who_names(struct strs *names, struct gomote *, char *const *words, int n,
    bool check, struct err *e) MUST;

/* --- the decision, without I/O ------------------------------------------------ */

struct who_view {
	const char		*one;		/* -instance; NULL */
	const char		*group;		/* NULL: none is set */
	bool			 group_named;	/* by -group */
	const char		*usual;		/* GOMOTE_INSTANCE; NULL */
	bool			 check;		/* ask for whole names, too */
	const struct strs	*alive;		/* NULL: not asked yet */
	bool			 group_asked;
	const struct strs	*members;	/* NULL: there is no such group */
};

enum who_next { WHO_FAILED = -1, WHO_DONE, WHO_NEEDS_ALIVE, WHO_NEEDS_GROUP };

/* What to ask for next, or who is filled. */
enum who_next who_decide(struct who *, const struct who_ask *, const struct who_view *,
    struct err *e) MUST;

#endif
