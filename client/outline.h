/*
 * outline.h - what a push comes to, told by the first of a broadcast to the others
 * whose instances are in the same state: these need not load and compare the same
 * trees once more, they only name the upload to their instances.
 */
#ifndef CLIENT_OUTLINE_H
#define CLIENT_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "client/push_int.h"

struct outline {
	size_t		 sends, removals;	/* as in delta.h */
	size_t		 gone, ours;		/* what asking before a removal goes by */
	uint64_t	 bytes;
	char		*upload;		/* its digest or name; release */
};

/* state: what this push has found its instance to be in, with whatever else has a say
 * in what is to be done there. True: another push told o, and *t is NULL. False: find
 * out; others wait for outline_tell, or for share_task_free, which *t then needs.
 * NULL: find out for yourself alone. */
bool outline_join(struct push *, const struct str *state, struct outline *o,
    struct share_task **t);
/* o NULL: it is of no use to others. */
void outline_tell(struct share_task *, const struct outline *o);
void outline_release(struct outline *);

#endif
