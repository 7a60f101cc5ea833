/*
 * delta.h - what a push has to do where the instance keeps a record: the tree
 * here against the record and what differs from it. Plain data, no I/O.
 */
#ifndef CLIENT_DELTA_H
#define CLIENT_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/inventory.h"
#include "base/str.h"
#include "client/remote.h"
#include "client/rules.h"

/* One thing to do; letter is that of the item (api/pushwire.h). there: what the
 * record or, if that is not true any more, a look told. */
struct delta_one {
	const struct inv_entry	*here, *there;	/* either may be NULL */
	char			 letter;
	bool			 replaces;	/* something of another kind that is or
						 * becomes a directory */
	bool			 stays;		/* a directory that cannot go */
	bool			 implied;	/* goes with the directory it is in */
	bool			 touched;	/* the instance changed it */
	bool			 quiet;		/* only the record changes */
};

struct delta {
	struct delta_one	*v;
	size_t			 n, cap;
	const char		*once;		/* text of the one PUSH_ONCE */
	size_t			 sends;		/* things that travel */
	size_t			 removals;	/* as told to the user */
	size_t			 gone;		/* each thing that goes */
	uint64_t		 bytes;		/* content that travels, before packing */
};

/* here may have files without digests: they are sent. */
void delta_init(struct delta *, const struct inventory *here,
    const struct remote *, const struct rules *keep);
void delta_release(struct delta *);
/* Is there a file without digest here that might be there already? Then the
 * inventory should be completed first. */
bool delta_is_blind(const struct inventory *here, const struct remote *);
/* Directories that are to be removed or replaced, for POST /push. */
void delta_dirs(const struct delta *, struct strs *paths);
/* Those that hold what no push put there, which therefore stay. NULL, or the
 * path of one that would have to make room. */
const char *delta_guests(struct delta *, const struct strs *paths);
/* A file that is made unless something is there, with that text; borrowed. Not
 * where its path is in the list already. */
void delta_add_once(struct delta *, const struct inv_entry *, const char *text);
/* Counts, after all is known. */
void delta_count(struct delta *);

/* The items of an upload as pushpack.h wants them, but without the end. */
void delta_items(const struct delta *, const struct remote *, bool sealed,
    struct str *items);

#endif
