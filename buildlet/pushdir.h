/*
 * pushdir.h - what a buildlet keeps for a directory that is pushed to, below
 * its state directory: STATE/push/KEY, where KEY stands for the directory.
 *
 *	lock		held (flock) by whoever changes any of this
 *	record		inventory of what pushes put there (api/inventory.h)
 *	record.changes	what of that has changed since it was written; of no use
 *			where it is of another record
 *	journal		the changes of a push that is being put into place
 *	tree/		what is staged, each thing where it will be in the directory
 *	kept/DIGEST	whole files that a broken push had staged
 *	aside/N		what had to make room, until the new is in its place
 *
 * The last three must be on the file system of the work directory, so that
 * putting into place is renaming; where the state directory is not, they lie
 * in a hidden directory of the work directory.
 *
 * For helpers (roles.c): all of it blocks.
 */
#ifndef BUILDLET_PUSHDIR_H
#define BUILDLET_PUSHDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "api/inventory.h"
#include "base/err.h"

#define PUSHDIR_RECORD	"record"
#define PUSHDIR_JOURNAL	"journal"
#define PUSHDIR_TREE	"tree"
#define PUSHDIR_KEPT	"kept"
#define PUSHDIR_ASIDE	"aside"

struct pushdir {
	char	*dir;		/* what is pushed to, below the work directory; clean */
	uint64_t key;		/* of it */
	int	 work;		/* the work directory */
	int	 home;		/* STATE/push/KEY */
	int	 stage;		/* where tree, kept and aside are */
	int	 lock;		/* -1: not held */
};

int  pushdir_open(struct pushdir *, const char *work, const char *state,
    const char *dir, struct err *e) MUST;
void pushdir_close(struct pushdir *);
/* Waits for at most ms. 0, 1 where another push goes on holding it, -1 and e. */
int  pushdir_lock(struct pushdir *, int64_t ms, struct err *e) MUST;

/* Inventories in home. Loading gives 0 and leaves inv empty where there is none
 * that is of use: none at all, of another directory, or damaged; else 1.
 * One that was loaded and changed a little is saved as changes of what is there;
 * a crash leaves the old one or the new one. */
int  pushdir_load(struct pushdir *, const char *file, struct inventory *inv);
int  pushdir_save(struct pushdir *, const char *file, const struct inventory *,
    struct err *e) MUST;
void pushdir_unlink(struct pushdir *, const char *file);
/* One of the three directories, empty or as it is. -1 and e. */
int  pushdir_stage(struct pushdir *, const char *name, struct err *e) MUST;
void pushdir_clear(struct pushdir *, const char *name);
void pushdir_drop(struct pushdir *);		/* clears all three */
/* The same for all other directories, but where a push goes on or is still to
 * come into place: of what broke off only the latest is kept. */
void pushdir_drop_others(const struct pushdir *);

/* Forgets all, for a wipe; what is staged in the work directory goes with that. */
void pushdir_clean(const char *state);

#endif
