/*
 * dirs.h - descriptors of the directories of one path after another, for who
 * visits a tree in the order of its paths: those on the way to the last one
 * stay open, so that each directory is opened about once.
 *
 * No element is ever a symbolic link that was followed. What is held goes
 * stale when directories are renamed: then dirs_forget.
 */
#ifndef BASE_DIRS_H
#define BASE_DIRS_H

#include <sys/types.h>

#include "base/attr.h"

struct dirs;

/* root is borrowed. make: the mode in which missing directories are made; 0:
 * they are not. */
struct dirs *dirs_new(int root, mode_t make) MUST;
void dirs_free(struct dirs *);		/* NULL is fine */
/* The directory that holds path (relative, clean), good until the next call;
 * *base is path's last element. -1 and errno: ENOENT, ENOTDIR (also for a
 * link), ... */
int  dirs_of(struct dirs *, const char *path, const char **base) MUST;
void dirs_forget(struct dirs *);

#endif
