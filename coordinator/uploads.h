/*
 * uploads.h - what users uploaded in order to hand it to several instances: a
 * push to a group of ten sends its pack here once, and each of the ten requests
 * only names it.
 *
 * An upload is named by the SHA-256 of its bytes, and is its user's alone: a
 * digest that another user knows opens nothing, and who uploads the same gets
 * one of his own. So knowing a digest never is worth more than having had the
 * bytes. It may also have a name that the user chose, which is good from its first
 * byte on: who reads it by that gets what has come, and the rest as it comes, or
 * a body that breaks off with it.
 *
 * Files in STATE/uploads, written beside and renamed. They are a convenience and
 * no promise: they go some time after their last use, the least recently used
 * first where room is needed (one that is being read stays), and all at a
 * restart. No user gets more than his share, and all together never the last of
 * the disk, which the store (store.h) needs.
 *
 * Bytes are written and read on the loop in pieces of at most BODY_HIGH, which
 * is also all that is held of one in memory; of all together what was read last is
 * held a little longer, for others that are at the same place.
 */
#ifndef COORDINATOR_UPLOADS_H
#define COORDINATOR_UPLOADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/body.h"
#include "io/digest.h"
#include "io/loop.h"

#define UPLOADS_MAX	 4096	/* at once, */
#define UPLOADS_USER_MAX 512	/* and of one user */

#define UPLOADS_NAME	32	/* digits of a name */

/* err.code; beyond every errno. */
#define UPLOADS_MISSING	 10301	/* that user has none of that digest */
#define UPLOADS_MISMATCH 10302	/* it is not what its name says */
#define UPLOADS_FULL	 10303	/* no room, or the disk is full */
#define UPLOADS_BROKE	 10304	/* its sender broke off */

struct uploads_config {
	const char	*dir;		/* made if need be; all in it is removed */
	uint64_t	 max;		/* bytes of all */
	uint64_t	 user_max;	/* bytes of one user */
	int64_t		 keep_ms;	/* after the last use */
};

struct upload_row {
	char		 digest[DIGEST_HEX_MAX];
	uint64_t	 bytes;
};

struct uploads;
struct upload;			/* one that is under way */

struct uploads *uploads_new(struct loop *, const struct uploads_config *,
    struct err *e) MUST;
/* Breaks off what is under way, without a word to its upload_fn, and removes
 * all files. NULL is fine. */
void uploads_free(struct uploads *);
void uploads_sweep(struct uploads *, int64_t now);

/* All of body becomes one of that user's. digest: what it must be, NULL: whatever
 * it is. as: its name, a new one; NULL: none. body is taken. fn comes once, from
 * the loop, with the row or why; NULL and e: refused at once. */
typedef void (*upload_fn)(const struct upload_row *, const struct err *why, void *arg);
struct upload *uploads_take(struct uploads *, const char *user, const char *digest,
    const char *as, struct body *body, upload_fn fn, void *arg, struct err *e) MUST;
/* Before fn: nothing of it stays. */
void upload_cancel(struct upload *);

/* id: a digest or a name. Is it there? Counts as no use. One that still comes in
 * has no digest yet, and the bytes that have come. */
bool uploads_find(struct uploads *, const char *user, const char *id,
    struct upload_row *);
/* Its bytes, of known length where all have come. It stays until the body was
 * closed. NULL and e. */
struct body *uploads_open(struct uploads *, const char *user, const char *id,
    struct err *e) MUST;

bool uploads_is_digest(const char *);	/* 64 lower-case hexadecimal digits */
bool uploads_is_name(const char *);	/* UPLOADS_NAME of them */
uint64_t uploads_bytes(const struct uploads *);	/* of all, those under way included */

#endif
