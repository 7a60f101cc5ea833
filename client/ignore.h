/*
 * ignore.h - what push leaves out of a tree: git's own files, backups of
 * editors, in a Go tree what its tools generate, and what git ignores.
 * Paths are relative to the tree, without a '/' at the end.
 */
#ifndef CLIENT_IGNORE_H
#define CLIENT_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct ignore;

struct ignore *ignore_new(bool goroot) MUST;
void ignore_free(struct ignore *);		/* NULL is fine */
/* What git told: a path below the tree; a directory stands for all in it. */
void ignore_add(struct ignore *, const char *path, size_t len);
/* Is it left out? Of a directory: with all that is in it. */
bool ignore_match(const struct ignore *, const char *path, bool dir);

/* In a Go tree: made by its tools on either side, so neither sent nor removed. */
bool ignore_is_generated(const char *path);
/* "x~", "#x#", ".#x", "x.swp" (the last element counts). */
bool ignore_is_backup(const char *path);

#endif
