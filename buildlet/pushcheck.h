/*
 * pushcheck.h - compares a directory with the record of the last push to it, by
 * a look at each thing that the record tells of. Only files whose size, times
 * or inode are not those of the record, or that were too young then, are read.
 */
#ifndef BUILDLET_PUSHCHECK_H
#define BUILDLET_PUSHCHECK_H

#include <stdbool.h>

#include "api/inventory.h"
#include "base/err.h"
#include "base/str.h"

/* Takes items (api/pushwire.h), and leaves the string empty or not. */
typedef int (*pushcheck_fn)(struct str *, void *arg, struct err *e);

struct pushcheck {
	bool		 all;		/* first tell the record itself */
	pushcheck_fn	 out;
	void		*arg;
	bool		 fine;		/* the file system's times (api/finetime.h) */
	bool		 learned;	/* set: the record was brought up to date */
};

/* dir: the directory; -1 where there is none. What is still as the record says,
 * or can be believed again, is noted in the record. */
int  pushcheck(struct pushcheck *, struct inventory *record, int dir,
    struct str *items, struct err *e) MUST;

#endif
