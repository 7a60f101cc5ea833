/*
 * local.h - the tree on this side: every file, directory and symbolic link of
 * it that is to be pushed, and how it looks, in the order of inventories
 * (api/inventory.h). What is in the files is not looked at.
 *
 * A directory's entry is settled where its time will tell if it ever holds other
 * names, and all that it holds is in the inventory or was judged by rules and by git.
 * Who is given such an inventory of the same tree by the same judgement, need not read
 * the names in directories whose times are the same: only what they are of is looked
 * at again.
 */
#ifndef CLIENT_LOCAL_H
#define CLIENT_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "api/inventory.h"
#include "base/err.h"
#include "client/ignore.h"

struct local {
	struct inventory	 inv;
	size_t			 skipped;	/* sockets, devices, fifos */
	int			 root;		/* the tree; owned */
	char			*name;		/* of it, for errors */
};

/* Called for a directory that holds a `.git`, before its names are judged: may
 * add to the ignore list. path is relative to the tree, "" for its top. 1: what is
 * known (local_scan_again) does not hold any more. */
typedef int (*local_git_fn)(void *arg, const char *path, struct err *e);

/* Lists the tree at dir. git may be NULL. What vanishes meanwhile is left out. */
int  local_scan(struct local *, const char *dir, const struct ignore *,
    local_git_fn git, void *arg, struct err *e) MUST;
/* known: as above, or NULL; must live as long, since entries share with it. */
int  local_scan_again(struct local *, const char *dir, const struct inventory *known,
    const struct ignore *, local_git_fn git, void *arg, struct err *e) MUST;
void local_release(struct local *);
/* Lower-case hex SHA-1 of a file in it. */
int  local_sha1(const struct local *, const char *path, char out[41],
    struct err *e) MUST;

#endif
