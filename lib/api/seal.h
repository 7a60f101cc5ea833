/*
 * seal.h - one SHA-256 of all bytes of a message that is packed with zstd, in a
 * frame behind them that zstd skips. So whoever takes the message knows that he
 * has all of it as it was packed, by hashing what travelled and not what it
 * unpacks to, which is several times as much.
 */
#ifndef API_SEAL_H
#define API_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define SEAL_LEN	48

struct seal;

struct seal *seal_new(void) MUST;
void seal_free(struct seal *);		/* NULL is fine */

/* For who packs: the bytes, then the frame that follows them. */
void seal_add(struct seal *, const void *p, size_t len);
void seal_end(struct seal *, unsigned char frame[SEAL_LEN]);

/* For who takes it: all bytes, that frame among them, as they come. Then, once:
 * was the end of them a seal of all before? */
void seal_see(struct seal *, const void *p, size_t len);
bool seal_holds(struct seal *);

#endif
