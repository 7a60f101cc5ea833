/*
 * local.h - the tree on this side: every file, directory and symbolic link of
 * it that is to be pushed, in the order in which a walk meets them (names of a
 * directory in byte order, a directory before what is in it).
 */
#ifndef CLIENT_LOCAL_H
#define CLIENT_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "client/ignore.h"

struct local_entry {
	char	*path;		/* relative to the tree */
	char	*link;		/* a symbolic link's target, else NULL */
	int64_t	 size;		/* of a regular file */
	mode_t	 mode;		/* st_mode */
	uint8_t	 state;		/* plan.c's */
};

struct local {
	struct local_entry	*v;
	size_t			 n, cap;
	size_t			 skipped;	/* sockets, devices, fifos */
	int			 root;		/* the tree; owned */
	char			*name;		/* of it, for errors */
};

/* Called for a directory that holds a `.git`, before its names are judged: may
 * add to the ignore list. path is relative to the tree, "" for its top. */
typedef int (*local_git_fn)(void *arg, const char *path, struct err *e);

/* Lists the tree at dir. git may be NULL. What vanishes meanwhile is left out. */
int  local_scan(struct local *, const char *dir, const struct ignore *,
    local_git_fn git, void *arg, struct err *e) MUST;
void local_release(struct local *);
struct local_entry *local_find(const struct local *, const char *path); /* NULL */
/* Lower-case hex SHA-1 of a file in it. */
int  local_sha1(const struct local *, const char *path, char out[41],
    struct err *e) MUST;
/* The order: as strcmp, with '/' before all other characters. */
int  local_compare(const char *a, const char *b);

#endif
