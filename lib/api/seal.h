/*
 * seal.h - one check sum of all bytes of a message that is packed with zstd, in a
 * frame behind them that zstd skips. So whoever takes the message knows that he
 * has all of it as it was packed, by looking at what travelled and not at what it
 * unpacks to, which is several times as much.
 *
 * The sum is XXH3 with 128 bits: it finds what broke on its way or on a disk. It
 * keeps out nobody who means harm, which is for the TLS of each hop to do: who could
 * forge a message could forge its seal, whatever that is made with.
 */
#ifndef API_SEAL_H
#define API_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define SEAL_LEN	32

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
