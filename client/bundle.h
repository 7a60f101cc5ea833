/*
 * bundle.h - an archive of named files, made by a helper (the program once more,
 * in the role `bundle`) and streamed as the body of a request.
 */
#ifndef CLIENT_BUNDLE_H
#define CLIENT_BUNDLE_H

#include <stdbool.h>

#include "base/err.h"
#include "client/made.h"

struct evbuffer;
struct loop;

struct bundle_spec {
	const char	*dir;		/* the tree */
	struct evbuffer	*names;		/* in it, each ended by a NUL; taken empty */
	bool		 zstd;		/* .tar.zst, else .tar.gz */
	const char	*version;	/* text of one more file, VERSION; NULL: none */
};

/* As made_start. */
struct made *bundle_start(struct loop *, const struct bundle_spec *,
    struct body **body, struct err *e) MUST;

/* The helper's side: bundle DIR gz|zst [VERSION-TEXT], names on stdin. */
int  bundle_role(int argc, char **argv);

#endif
