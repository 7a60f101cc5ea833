/*
 * scan.h - takes the inventory of a tree, in a helper (the program once more,
 * in the role `scan`), while this program talks to the server. Files that are
 * as the inventory of the last time remembers them are not read.
 */
#ifndef CLIENT_SCAN_H
#define CLIENT_SCAN_H

#include <stdbool.h>

#include "api/inventory.h"
#include "base/err.h"
#include "client/rules.h"

struct loop;
struct scan;
struct share;

struct scan_spec {
	const char	*cache;		/* treecache_dir */
	const char	*source;	/* the tree */
	bool		 no_ignore;	/* do not ask git */
	bool		 goroot;	/* named by $GOROOT, and a Go tree */
	bool		 all;		/* read new files too, which the push itself
					 * would read */
	struct share	*share;		/* NULL: do not ask the others of a broadcast; must
					 * outlive the scan, as cache and source */
};

struct scan_result {
	const char	*name;		/* of the inventory in the cache */
	bool		 has_version;	/* the tree has a file VERSION */
	/* What differs from the inventory that was the newest before, if there was
	 * one: that one's id, how many entries it has, and two inventories in the
	 * cache, of what is other or new here, and of what that was or is gone. */
	bool		 compared;
	unsigned char	 since[INV_DIGEST];
	size_t		 count;
	const char	*changed, *former;
	bool		 shared;	/* others of a broadcast use these inventories, too */
};

/* Tasks of share.h, whose result is what the helper said: with and without .all. */
#define SCAN_TASK	"scan"
#define SCAN_TASK_ALL	"scan-all"

struct scan *scan_start(struct loop *, const struct scan_spec *, struct err *e) MUST;
/* Runs the loop until it has ended. The result is the scan's own. NULL and e.
 * Says what there is to note. */
const struct scan_result *scan_wait(struct scan *, struct err *e) MUST;
/* The inventories that such a result tells of, in the cache: only their users knew
 * of those without an id. */
void scan_drop_told(const char *cache, const char *told);
void scan_free(struct scan *);		/* kills the helper; NULL is fine */

/* The rules that hold for a tree: ours and its .gomotepush. NULL and e. */
struct rules *scan_rules(const char *source, bool go, bool goroot, struct err *e) MUST;
bool scan_is_go(const char *source);
/* Are times fine (api/finetime.h) where the open directory root is? */
bool scan_is_fine(const char *cache, int root);

/* The helper's side: scan CACHE SOURCE FLAGS. */
int  scan_role(int argc, char **argv);

#endif
