/*
 * packring.h - a stream cut into pieces that are packed apart from one another,
 * on all processors: the caller fills the pieces and writes them out in their
 * order, threads pack them in between. For packgz.c and packzst.c, which say
 * how a piece is packed. The same input gives the same output, by however many
 * threads.
 *
 * The threads see nothing but the pieces: what calls these functions needs no
 * lock, and the write function is called by the caller's own thread, out of
 * packring_add and packring_finish, with one whole packed piece each time.
 */
#ifndef DATA_PACKRING_H
#define DATA_PACKRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "data/tarout.h"

/* How a piece is packed. Each thread has a state of its own. */
struct packer {
	const char	*name;		/* of the format, for errors */
	size_t		 state;		/* its size; it begins as zeros */
	bool		(*init)(void *state, int level);
	/* All of in as a whole of its own: how long that is, 0: it failed. */
	size_t		(*run)(void *state, int level, const void *in, size_t len,
			    void *out, size_t room);
	void		(*release)(void *state);	/* also after init failed */
};

struct packring_spec {
	const struct packer	*packer;
	int			 level;
	size_t			 piece;		/* bytes of input */
	size_t			 room;		/* for what one becomes at most */
	size_t			 threads;	/* at most; never more than processors */
	size_t			 after;		/* bytes of input before the first thread */
	tarout_write_fn		 write;
	void			*arg;
};

struct packring;

/* NULL and e: there is no such level. */
struct packring *packring_new(const struct packring_spec *, struct err *e) MUST;
int  packring_add(struct packring *, const void *p, size_t len, struct err *e) MUST;
/* Writes the rest; of no input at all one empty piece. */
int  packring_finish(struct packring *, struct err *e) MUST;
/* For the pieces that are not yet full; how many that were are still to be written.
 * May be called by the write function. */
size_t packring_level(struct packring *, int level);
void packring_free(struct packring *);		/* NULL is fine */

#endif
