/*
 * tree.h - opening names below a directory without ever leaving it.
 *
 * Symbolic links that lead out of the root, absolute ones and magic ones are
 * refused (ELOOP or EXDEV); links that stay inside are followed where the
 * system can promise it (openat2 on Linux) and refused elsewhere.
 * rel has passed path_check() (and is refused with EINVAL if it would not).
 * Descriptors are close-on-exec. err.code is an errno.
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens rel below root for reading (any kind; O_NONBLOCK so that a fifo does
 * not hang). flags are added: O_DIRECTORY, O_NOFOLLOW, ... -1 and e. */
int tree_open(int root, const char *rel, int flags, struct err *e) MUST;
/* The directory rel below root; made, parents too (mode 0755), if make. */
int tree_open_dir(int root, const char *rel, bool make, struct err *e) MUST;
/* The same, but no element of rel may be a symbolic link at all: for what
 * unpacks archives, and for walks that must see each directory once. */
int tree_open_dir_strict(int root, const char *rel, bool make, struct err *e) MUST;

/* Temporary files have names of this form, TREE_TEMP_PREFIX and 12 hex digits;
 * whoever is killed while writing leaves one behind, for a cleaner to find. */
#define TREE_TEMP_PREFIX ".gomote-"
#define TREE_TEMP_MAX	 24
void tree_temp_name(char name[TREE_TEMP_MAX]);	/* a new one, random */
bool tree_is_temp(const char *name);		/* one element, no directories */

/* Writes a file so that readers see the old or the new one: gives a descriptor
 * of a temporary file beside rel, tree_commit renames it into place, tree_drop
 * removes it. Parents are made. Of mode the permission bits count, whatever
 * the umask. A directory in the way is an error (EISDIR). Not synced to disk. */
struct tree_file;
struct tree_file *tree_create(int root, const char *rel, mode_t mode, struct err *e) MUST;
int  tree_fd(const struct tree_file *);
int  tree_commit(struct tree_file *, struct err *e) MUST;	/* frees */
void tree_drop(struct tree_file *);				/* frees; NULL is fine */
/* Removes rel and everything below it, read-only directories too, never
 * following a link, never crossing to another file system. "." empties root
 * itself. A missing one is fine. What cannot be removed stays, the rest goes,
 * and e tells of the first that stayed. Any depth of directories will do. */
int  tree_remove(int root, const char *rel, struct err *e) MUST;

#endif
