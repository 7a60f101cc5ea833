/*
 * ring.h - bytes to a helper through memory that both share, one way. A pipe
 * copies twice, page by page, and its lock keeps writer and reader from working
 * at the same time; here the writer copies once, and the reader takes the bytes
 * where they lie.
 *
 * A socket pair beside the memory carries counts: from the writer how many
 * bytes were put in, from the reader how many were taken out again. Its end is
 * the end of the bytes. The memory's descriptor comes over it first.
 */
#ifndef IO_RING_H
#define IO_RING_H

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct loop;
struct ring;
struct stream;

/* So much may be under way. */
#define RING_SIZE	(2 * 1024 * 1024)

/* Our end: a stream that can only be written to. *theirs is the helper's end,
 * for its standard input: yours to close. NULL and errno. */
struct stream *ring_stream(struct loop *, const char *peer, int *theirs) MUST;

/* The helper's end; these block. talk is borrowed. NULL and e. */
struct ring *ring_join(int talk, struct err *e) MUST;
/* The next bytes that lie in one piece, all that there are; they stay until
 * ring_took. 0: the end; -1: errno. */
ssize_t ring_next(struct ring *, const void **p) MUST;
void ring_took(struct ring *, size_t len);	/* of the last ring_next */
void ring_leave(struct ring *);			/* NULL is fine */

#endif
