/*
 * push_int.h - the insides of push, shared by push.c (what both ways begin with
 * and say), pushrec.c (where the instance keeps a record of pushes) and
 * pushls.c (where it does not: by a listing). Nobody else includes it.
 */
#ifndef CLIENT_PUSH_INT_H
#define CLIENT_PUSH_INT_H

#include <stdint.h>

#include "api/inventory.h"
#include "api/types.h"
#include "client/made.h"
#include "client/progress.h"
#include "client/push.h"
#include "client/rules.h"
#include "client/scan.h"
#include "client/share.h"

struct push {
	struct gomote		*g;
	const struct push_spec	*spec;
	struct call		*c;
	bool			 go;		/* the tree is a Go tree */
	char			*cache;		/* treecache_dir */
	struct share		*share;		/* NULL: not one of a broadcast */
	bool			 again;		/* what the others saw does not count any more */
	struct scan		*scan;
	const struct scan_result *found;	/* its; NULL until push_scanned */
	struct inventory	 here;		/* once push_here was called */
	struct rules		*rules;
	struct api_status	 status;
	bool			 noted;		/* that another push is under way */
};

/* Both do all that is left to do after the status is known. */
int  pushrec(struct push *, struct err *e) MUST;
int  pushls(struct push *, struct err *e) MUST;

bool push_has(const struct push *, const char *feature);
bool push_is_direct(const struct push *);
/* Starts taking the inventory, anew if it was taken before. */
int  push_scan(struct push *, bool all, struct err *e) MUST;
/* Waits for it; p->found. */
int  push_scanned(struct push *, struct err *e) MUST;
/* Loads it into here. */
int  push_here(struct push *, struct err *e) MUST;
/* A text for a VERSION to be made there, malloc'ed, and since when it is so (ns): a
 * Go tree from a repository has none, and its make.bash would ask git for one. All
 * of a broadcast get the same. */
char *push_version(struct push *, int64_t *when) MUST;

/* "send" or "remove" a path: dry-run prints it, -v notes it. */
void push_tell(const struct push *, const char *what, const char *path);
int  push_tell_sum(const struct push *, size_t sends, uint64_t bytes,
    size_t removals, struct err *e) MUST;
/* A line about how much of at most so many bytes has been made; free it before
 * the made. */
struct progress *push_progress(const struct push *, struct made *, uint64_t most) MUST;
/* Asks before more than half of what earlier pushes put there is removed. */
int  push_may_remove(const struct push *, size_t gone, size_t ours,
    struct err *e) MUST;

#endif
