/*
 * plan.h - what a push has to do: the local tree against the lines of GET /ls.
 *
 * Fed with a line for each thing on the instance, as they come, it decides
 * what travels (new, or other content, mode, target or kind) and what is
 * removed: what an earlier push put there and is not here any more. No I/O
 * but reading local files for their digests.
 */
#ifndef CLIENT_PLAN_H
#define CLIENT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "client/local.h"
#include "client/manifest.h"
#include "client/rules.h"

struct plan;

struct plan_rules {
	bool	links;		/* lines of links tell their targets */
	bool	exact;		/* the instance keeps links and all permission
				 * bits (stock buildlets: the executable bit of
				 * files that are not there yet, no more) */
	const struct rules *keep;	/* what is left alone; borrowed */
};

/* All borrowed; local's entries get their mark here. */
struct plan *plan_new(struct local *, const struct manifest *,
    const struct plan_rules *) MUST;
void plan_free(struct plan *);			/* NULL is fine */
/* A line without its newline. One in no known format is skipped; -1 and e
 * only where a local file cannot be read. */
int  plan_line(struct plan *, const char *line, struct err *e) MUST;
/* All lines were fed. -1 and e where the push must not be done: a file here is
 * a directory there that holds what no push put there. */
int  plan_end(struct plan *, struct err *e) MUST;

/* After plan_end. */
bool plan_sends(const struct inv_entry *);	/* it travels */
/* A link that it would not keep; good at any time. */
bool plan_leaves_out(const struct plan *, const struct inv_entry *);
size_t plan_send_count(const struct plan *);	/* things that travel */
uint64_t plan_send_bytes(const struct plan *);	/* contents of the files among them */
size_t plan_ours(const struct plan *);	/* what pushes put there and is there */
size_t plan_going(const struct plan *);	/* how much of that is to be removed */
size_t plan_left_out(const struct plan *);	/* links that it would not keep */
/* Paths to remove before the upload, because something of another kind comes
 * in their place (or, if not exact, of another mode), and after it; each with all
 * that is below it. */
const struct strs *plan_first(const struct plan *);
const struct strs *plan_removals(const struct plan *);
bool plan_remote_empty(const struct plan *);	/* nothing was there at all */
bool plan_remote_has(const struct plan *, const char *path); /* among what is not here */
/* After the push: is path here, or still there although it is not here? */
bool plan_stays(const struct plan *, const char *path);

#endif
