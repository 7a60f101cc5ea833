/*
 * bundle.h - an archive of named files, made by a helper (the program once more,
 * in the role `bundle`) and streamed as the body of a request.
 */
#ifndef CLIENT_BUNDLE_H
#define CLIENT_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/body.h"

struct evbuffer;
struct loop;
struct bundle;

struct bundle_spec {
	const char	*dir;		/* the tree */
	struct evbuffer	*names;		/* in it, each ended by a NUL; taken empty */
	bool		 zstd;		/* .tar.zst, else .tar.gz */
	const char	*version;	/* text of one more file, VERSION; NULL: none */
};

/* The reader's end of the archive is in *body: give it to a request. */
struct bundle *bundle_start(struct loop *, const struct bundle_spec *,
    struct body **body, struct err *e) MUST;
/* Why it could not be made; NULL if that did not happen. */
const struct err *bundle_error(const struct bundle *);
uint64_t bundle_bytes(const struct bundle *);	/* of the archive, made so far */
void bundle_free(struct bundle *);		/* kills the helper; NULL is fine */

/* The helper's side: bundle DIR gz|zst [VERSION-TEXT], names on stdin. */
int  bundle_role(int argc, char **argv);

#endif
