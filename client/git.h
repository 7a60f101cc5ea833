/*
 * git.h - asks git itself what a work tree ignores.
 */
#ifndef CLIENT_GIT_H
#define CLIENT_GIT_H

#include "base/err.h"
#include "client/ignore.h"

struct loop;

/* Where git is, malloc'ed; NULL if it is not installed. */
char *git_find(void) MUST;
/* Adds to ig what git ignores in the work tree DIR/SUB (SUB "": DIR itself),
 * with paths relative to DIR. Runs the loop until git has ended, two minutes
 * at most. -1 and e: git's own words. */
int git_ignored(struct loop *, const char *git, const char *dir,
    const char *sub, struct ignore *ig, struct err *e) MUST;

#endif
