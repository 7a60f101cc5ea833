/*
 * remote.h - what GET /push told of a directory on the instance: the record of
 * the last push, and what differs from it now.
 */
#ifndef CLIENT_REMOTE_H
#define CLIENT_REMOTE_H

#include <stdbool.h>

#include "api/inventory.h"
#include "base/err.h"
#include "base/str.h"

struct remote {
	bool			 busy;		/* another push is under way */
	bool			 recorded;	/* there is a record */
	bool			 told;		/* ... which `record` is */
	unsigned char		 id[INV_DIGEST];
	struct inventory	 record;
	/* How things are that are not as in the record. Marks: 'x' nothing is there,
	 * 'e' a directory that stayed and could go now, 0 else. */
	struct inventory	 differs;
	unsigned char		*kept;		/* nkept digests, sorted */
	size_t			 nkept;
	struct strs		 here;		/* what was asked for and is there */
	size_t			 text;		/* bytes of all that was told */
};

#define REMOTE_GONE	'x'
#define REMOTE_EMPTIED	'e'

/* Reads a whole answer. */
int  remote_parse(struct remote *, const void *p, size_t len, struct err *e) MUST;
void remote_release(struct remote *);
bool remote_keeps(const struct remote *, const unsigned char digest[INV_DIGEST]);

#endif
