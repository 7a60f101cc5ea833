/* digest.h - hashes: SHA-1 (ls digests, PROTOCOL 1), SHA-256, HMAC-MD5 (stock keys, PROTOCOL 2). */
#ifndef IO_DIGEST_H
#define IO_DIGEST_H

#include <stddef.h>

#include "base/attr.h"

#define DIGEST_HEX_MAX 65

struct digest;
enum digest_kind { DIGEST_SHA1, DIGEST_SHA256 };

struct digest *digest_new(enum digest_kind) MUST;
void digest_reset(struct digest *);
void digest_add(struct digest *, const void *p, size_t len);
void digest_hex(struct digest *, char out[DIGEST_HEX_MAX]);	/* ends it; reset to go on */
void digest_sha256(struct digest *, unsigned char out[32]);	/* the same, as bytes; of that kind only */
void digest_free(struct digest *);
/* Lower-case hex HMAC-MD5 of text under key. */
void digest_hmac_md5(const char *key, const char *text, char out[DIGEST_HEX_MAX]);

#endif
