/*
 * digestmac.h - a fast sum under a secret key (GMAC with AES-128, a fixed
 * nonce), to see whether bytes are the same as when they were last read here.
 * Whoever does not know the key cannot find other bytes with the same sum; so
 * neither the key nor any sum may get out.
 */
#ifndef IO_DIGESTMAC_H
#define IO_DIGESTMAC_H

#include <stddef.h>

#include "base/attr.h"

#define MAC_KEY	16
#define MAC_SUM	16

struct mac;

struct mac *mac_new(const unsigned char key[MAC_KEY]) MUST;
void mac_free(struct mac *);			/* NULL is fine */
void mac_sum(struct mac *, const void *p, size_t len, unsigned char out[MAC_SUM]);

#endif
