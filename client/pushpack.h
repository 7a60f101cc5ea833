/*
 * pushpack.h - the body of PUT /push, made by a helper (made.h, in the role
 * `pushpack`). It is told the items (api/pushwire.h); behind a PUSH_FILE or a
 * PUSH_PATCH stands, instead of content or operations, the digest that the
 * file should have, or zeros. It puts in what it reads, and completes the
 * inventory by that: so a new file is read once.
 */
#ifndef CLIENT_PUSHPACK_H
#define CLIENT_PUSHPACK_H

#include "base/err.h"
#include "client/made.h"

struct pushpack_spec {
	const char	*cache;		/* treecache_dir */
	const char	*source;
	const char	*tree;		/* name of its inventory in the cache */
	const char	*base;		/* name of an inventory with the bases of
					 * patches; "-": none */
	struct evbuffer	*items;		/* taken empty */
};

struct made *pushpack_start(struct loop *, const struct pushpack_spec *,
    struct body **body, struct err *e) MUST;

/* The helper's side: pushpack CACHE SOURCE TREE BASE, items on stdin. */
int  pushpack_role(int argc, char **argv);

#endif
