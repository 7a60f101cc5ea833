/*
 * pack.h - a stream of bytes made smaller, for tarout, and as it was again,
 * for tarin.
 */
#ifndef DATA_PACK_H
#define DATA_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "data/tarout.h"

struct pack;

/* Formats and level as in tarout_new; the same input always gives the same
 * output (no time, no name). */
struct pack *pack_new(enum tarout_format, int level, tarout_write_fn, void *arg,
    struct err *e) MUST;
int  pack_add(struct pack *, const void *p, size_t len, struct err *e) MUST;
int  pack_finish(struct pack *, struct err *e) MUST;
void pack_free(struct pack *);			/* NULL is fine */

/* Reads a descriptor, and finds out by the first bytes whether what comes is
 * gzip, zstd or neither. Check sums, where there are any, are checked; several
 * members or frames are one stream, and what follows a gzip member that is none is
 * ignored. */
struct unpack;
struct unpack *unpack_new(int fd) MUST;
/* The same of bytes, which must stay until it is freed. */
struct unpack *unpack_new_bytes(const void *p, size_t len) MUST;
/* The same of bytes that read gives: some, good until its next call; 0 at the end,
 * -1 and e. */
typedef ssize_t (*unpack_source_fn)(void *arg, const void **p, struct err *e);
struct unpack *unpack_new_from(unpack_source_fn read, void *arg) MUST;
/* The next piece, borrowed until the next call; 0 at the end, -1 and e with
 * EINVAL for broken input, else an errno. */
ssize_t unpack_read(struct unpack *, const void **p, struct err *e) MUST;
/* Reads the rest of the descriptor and drops it. */
int  unpack_drain(struct unpack *, struct err *e) MUST;
bool unpack_was_empty(const struct unpack *);	/* it ended before the first byte */
void unpack_free(struct unpack *);		/* NULL is fine */

#endif
