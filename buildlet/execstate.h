/*
 * execstate.h - the file "state" in an exec's directory: how it ended, as JSON. The
 * supervisor writes it, by rename, so that a reader finds all of it or nothing;
 * the buildlet reads it, and believes nothing of what a command may have laid
 * there.
 */
#ifndef BUILDLET_EXECSTATE_H
#define BUILDLET_EXECSTATE_H

#include "base/attr.h"
#include "base/err.h"
#include "buildlet/superlink.h"

#define EXECSTATE_TEXT_MAX	1024	/* of a text in it, NUL included */

/* Room on the disk for it, ahead of need, in a file of another name: so a disk
 * that is full does not keep an end from being told. A descriptor, or -1, with
 * which execstate_write tries all the same. */
int execstate_reserve(int dir);
/* Closes reserved in any case. Lengths in the super_end are not looked at. */
int execstate_write(int dir, int reserved, const struct super_end *, const char *state,
    const char *left, struct err *e) MUST;
/* state and left are malloc'ed. -1 and e; its code is ENOENT where there is none. */
int execstate_read(int dir, struct super_end *, char **state, char **left, struct err *e)
    MUST;

#endif
