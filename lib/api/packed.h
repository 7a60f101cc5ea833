/*
 * packed.h - bytes to a descriptor, packed with zstd if they are many: a short
 * message is not worth the start of the packer. Who reads it finds out by the
 * first bytes (data/pack.h).
 */
#ifndef API_PACKED_H
#define API_PACKED_H

#include <stddef.h>

#include "base/err.h"

struct packed;

struct packed *packed_new(int fd) MUST;		/* borrowed */
/* Before the first bytes: it will be packed and sealed (seal.h), however short. */
void packed_seal(struct packed *);
/* Before the first bytes, too: after so many of them by threads (packzst.h). */
void packed_spread(struct packed *, size_t after);
int  packed_add(struct packed *, const void *p, size_t len, struct err *e) MUST;
int  packed_end(struct packed *, struct err *e) MUST;
void packed_free(struct packed *);		/* NULL is fine; without end: broken off */

#endif
