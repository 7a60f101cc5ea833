/*
 * chunkbase.h - the chunks of a former state of a content, to find again in the
 * new one: by guessing which comes next, or by digest. For content.c alone.
 */
#ifndef API_CHUNKBASE_H
#define API_CHUNKBASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/inventory.h"

struct chunkbase;

/* x is borrowed. guess: its sums, if it has any, can be compared. */
struct chunkbase *chunkbase_new(const struct inv_entry *x, bool guess) MUST;
void chunkbase_free(struct chunkbase *);	/* NULL is fine, here and below */
/* How long the chunk at `here` of the new content is, if it is one of these: 0,
 * no idea. len bytes are known, last: that is all. The guess counts until it is
 * asked again, or was confirmed. */
size_t chunkbase_guess(struct chunkbase *, uint64_t here, size_t len, bool last);
/* Has the guess that sum? Then fills chunk and where it is. */
bool chunkbase_confirm(struct chunkbase *, const unsigned char sum[INV_SUM],
    unsigned char chunk[INV_CHUNK], int64_t *at);
/* Where that chunk is; -1: nowhere. */
int64_t chunkbase_find(struct chunkbase *, const unsigned char chunk[INV_CHUNK]);

#endif
