/*
 * pushplace.h - moves single things from the staged tree into the real one, or
 * out of it. Read-only directories of ours are made writable for it and get
 * their mode back, or their new one, in the end.
 *
 * Each function can be done again after a crash (again): what was moved
 * already is then not missed. -1 and e: an errno, "put a/b into place: why".
 */
#ifndef BUILDLET_PUSHPLACE_H
#define BUILDLET_PUSHPLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "buildlet/pushdir.h"

struct place;

/* target, the directory that is pushed to, is borrowed. */
struct place *place_new(struct pushdir *, int target, bool again, struct err *e) MUST;
/* What is at path: 1, 0 if nothing is. */
int  place_look(struct place *, const char *path, struct stat *, struct err *e) MUST;
/* A directory, file or link. 1: it was a directory that came with all that is
 * staged below it. */
int  place_put(struct place *, const struct inv_entry *, struct err *e) MUST;
int  place_mode(struct place *, const struct inv_entry *, struct err *e) MUST;
/* Removes what old told of. 1: it is not there any more, or is something else
 * now; 0: it stays, a directory that holds something. */
int  place_remove(struct place *, const struct inv_entry *old, struct err *e) MUST;
/* Sets the modes of directories. Frees. */
int  place_finish(struct place *, struct err *e) MUST;

#endif
