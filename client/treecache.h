/*
 * treecache.h - inventories (api/inventory.h) of trees that were pushed from
 * here: what their files were like when they were last read, and what was
 * pushed. ${XDG_CACHE_HOME:-~/.cache}/gomote/trees holds the newest of them,
 * each a file KEY-ID: KEY stands for where the tree is, ID is the inventory's. A
 * large one is written as changes of a file base-STAMP, which several may share and
 * which is never changed; where that is gone, or damaged, it is as none.
 *
 * Losing them costs time, nothing else; so nothing is synced, and what cannot
 * be read or written is done without.
 */
#ifndef CLIENT_TREECACHE_H
#define CLIENT_TREECACHE_H

#include <stdbool.h>

#include "api/inventory.h"
#include "base/err.h"
#include "base/str.h"

/* The directory, made; one of its own below TMPDIR where the user has no home,
 * or no room there, which treecache_leave removes. malloc'ed; NULL and e. */
char *treecache_dir(struct err *e) MUST;
void treecache_leave(char *dir);	/* frees; NULL is fine */
bool treecache_stays(const char *dir);	/* it is the user's, not that of one's own */

/* The newest inventory of the tree at source, its name in *name (malloc'ed,
 * NULL if there is none). */
bool treecache_newest(const char *dir, const char *source,
    struct inventory *inv, char **name);
bool treecache_load(const char *dir, const char *name, struct inventory *inv);
/* The one of that id, of whichever tree. */
bool treecache_find(const char *dir, const unsigned char id[INV_DIGEST],
    struct inventory *inv);
/* The name of that one, malloc'ed; NULL. */
char *treecache_named(const char *dir, const unsigned char id[INV_DIGEST]) MUST;
/* Writes it; its name, malloc'ed. One that has no id yet gets a name that only
 * treecache_load knows; drop it when it was used. */
char *treecache_save(const char *dir, const char *source,
    const struct inventory *inv, struct err *e) MUST;
void treecache_drop(const char *dir, const char *name);
/* It is in use: it stays among the newest. */
void treecache_touch(const char *dir, const char *name);
/* The ids of the newest, in hexadecimal, newest first; at most max. Old ones, and
 * of those that nobody can be at work with the ones that are too many, are
 * removed. */
void treecache_ids(const char *dir, struct strs *ids, size_t max);

/* The id in a name; false: it has none. */
bool treecache_id(const char *name, unsigned char id[INV_DIGEST]);

#endif
