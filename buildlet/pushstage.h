/*
 * pushstage.h - reads the body of PUT /push and stages what it brings: each
 * thing at its own path below tree/, complete and verified, by its digest or by
 * the seal of the whole, so that what is left to do is renaming (pushcommit.h).
 * Nothing that commands see is touched. For helpers, with the lock of the push held.
 */
#ifndef BUILDLET_PUSHSTAGE_H
#define BUILDLET_PUSHSTAGE_H

#include "api/pushwire.h"
#include "api/seal.h"
#include "buildlet/pushdir.h"

/* err.code: */
#define PUSH_STALE	20001	/* it was made for another state than this one */
#define PUSH_CONFLICT	20002	/* something of the instance's is in the way */
#define PUSH_BUSY	20003	/* another push goes on */

/* record: what is there, NULL if nothing is known. seal: has seen all that r read
 * when that ends; NULL: then no sealed push is taken. changes: an entry for each
 * item, its mark the item's letter; the entry of a file is hashed, and has ctime and
 * inode of what is staged where these are known. Their id is
 * that of the record after them. -1 and e: PUSH_STALE, EINVAL where the body is at fault,
 * else an errno. */
int  pushstage_read(struct pushdir *, const struct inventory *record,
    struct push_reader *, struct seal *seal, struct inventory *changes,
    struct err *e) MUST;

#endif
