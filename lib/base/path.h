/*
 * path.h - the paths that come over the wire.
 *
 * PROTOCOL 1: '/'-separated, relative to the work directory, never absolute,
 * never with a ".." element. What lies on the disk behind a path (symlinks) is
 * not judged here but by tree_open() in lib/io/tree.h.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stddef.h>

#include "base/err.h"

#define PATH_WIRE_MAX 4096	/* longest path parameter that we take */

/* 0 if p may be used as a path parameter. Else -1 and e says, as stock
 * buildlets do: `path "../x" refers to a parent directory`,
 * `path "/w" is not relative`. An empty path is fine and means ".". */
int   path_check(const char *p, struct err *e) MUST;
/* Lexically clean, like Go's path.Clean: "a//b/./c/" -> "a/b/c", "" -> ".". malloc'ed. */
char *path_clean(const char *p) MUST;
/* base "/" rel, with rel cleaned; "." gives base itself, "" as base stands for
 * "here" and adds no '/'. A rel with ".." leads
 * out of base: path_check it first if it came from outside. malloc'ed. */
char *path_join(const char *base, const char *rel) MUST;
/* The part after the last '/', the whole if there is none. Borrowed. */
const char *path_base(const char *p);
/* All before the last '/': "a/b/c" -> "a/b", "c" -> ".", "/c" -> "/". malloc'ed. */
char *path_dir(const char *p) MUST;

#endif
