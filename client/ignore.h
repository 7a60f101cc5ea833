/*
 * ignore.h - what push leaves out of a tree: git's own files, what rules
 * exclude (rules.h), and what git ignores where no rule says otherwise.
 * Paths are relative to the tree, without a '/' at the end.
 */
#ifndef CLIENT_IGNORE_H
#define CLIENT_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "client/rules.h"

#define IGNORE_SUM	32

struct ignore;

struct ignore *ignore_new(const struct rules *) MUST;	/* borrowed */
void ignore_free(struct ignore *);		/* NULL is fine */
/* What git told: a path below the tree; a directory stands for all in it, unless
 * something in it is told afterwards. */
void ignore_add(struct ignore *, const char *path, size_t len);
/* What tells apart all that git told, in that order. */
void ignore_told(const struct ignore *, unsigned char sum[IGNORE_SUM]);
/* Is it left out? out: the directory that it is in is. */
bool ignore_match(const struct ignore *, const char *path, bool dir, bool out);
/* May something below the directory path be in, although path is left out? */
bool ignore_reach(const struct ignore *, const char *path);

#endif
