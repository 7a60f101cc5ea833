/*
 * secret.h - random secrets and how they are kept: 256 bits, shown once,
 * stored as SHA-256 (of random secrets) or scrypt (of passwords), compared in
 * constant time.
 */
#ifndef IO_SECRET_H
#define IO_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define SECRET_HASH_MAX 65	/* hex SHA-256 and NUL */

void  secret_random(void *p, size_t len);	/* dies if the system has none */
char *secret_hex(size_t bytes) MUST;		/* 2*bytes digits, malloc'ed */
char *secret_token(const char *prefix) MUST;	/* prefix + 256 bits base64url, malloc'ed */
void  secret_hash(const char *secret, char out[SECRET_HASH_MAX]);
bool  secret_equal(const char *a, const char *b);	/* constant time in a's length */
char *secret_scrypt(const char *password) MUST;	/* "scrypt$N$r$p$salt$hash" */
bool  secret_scrypt_ok(const char *password, const char *stored);
void  secret_wipe(void *p, size_t len);

#endif
