/*
 * workdir.h - the work directory: ours alone, private, and never somebody
 * else's files.
 *
 * A buildlet empties its work directory at start, at the end and between
 * leases. So it takes a directory only if that is empty or was made by a
 * buildlet before: beside DIR stands DIR.gomote, a private directory with the
 * mark that says so (it also holds the ssh host key). The directory itself is
 * locked with flock(2), so that two buildlets never share one.
 */
#ifndef BUILDLET_WORKDIR_H
#define BUILDLET_WORKDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct workdir;

/* The directories that are always there (PROTOCOL 1, /exec), NULL-terminated. */
extern const char *const workdir_furniture[];

/* Makes it if missing, checks, locks (waiting for at most lock_ms) and marks
 * it. Blocks. NULL and e where it is not for us. */
struct workdir *workdir_open(const char *path, int64_t lock_ms, struct err *e) MUST;
const char *workdir_path(const struct workdir *);	/* absolute, no links */
int workdir_fd(const struct workdir *);
/* DIR.gomote, mode 0711; NULL if none could be made. */
const char *workdir_state(const struct workdir *);
void workdir_close(struct workdir *);			/* NULL is fine */

/* Makes what is missing of the furniture below the open directory. */
int workdir_furnish(int dir, struct err *e) MUST;
/* In a helper: removes everything, then furnishes if wanted. */
int workdir_empty(int dir, bool furnish, struct err *e) MUST;

#endif
