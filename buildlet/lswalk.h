/*
 * lswalk.h - the walk behind GET /ls (PROTOCOL 1): every entry of a tree, in
 * lexical order of the names in each directory, parents before children.
 *
 * It blocks and reads whole files, so it runs in a helper (roles.c). Symbolic
 * links are told, never followed. Temporary files of a write under way
 * (tree_is_temp) are not part of the tree. What vanishes while the walk is
 * looking is left out; whatever else cannot be read is an error.
 */
#ifndef BUILDLET_LSWALK_H
#define BUILDLET_LSWALK_H

#include <stdbool.h>

#include "api/types.h"
#include "base/err.h"
#include "base/str.h"

struct lswalk {
	bool			 recursive;
	bool			 digest;	/* SHA-1 of regular files */
	bool			 links;		/* targets of symbolic links */
	const struct strs	*skip;		/* clean paths of directories; may be NULL */
};

/* entry is borrowed. -1 stops the walk; errno says why. */
typedef int (*lswalk_fn)(const struct api_ls *entry, void *arg);

/* Walks what lies below the directory root, paths relative to it. -1 and e:
 * "lstat a/b: permission denied". */
int lswalk(int root, const struct lswalk *, lswalk_fn fn, void *arg,
    struct err *e) MUST;

#endif
