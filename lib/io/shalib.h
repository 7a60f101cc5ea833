/*
 * shalib.h - SHA-256 of libcrypto, loaded when it is first called. The old
 * functions, which OpenSSL keeps and calls deprecated: the new ones first look
 * for configuration and providers, and those of tlslib.h bring libssl with them.
 * Together that takes longer than all that a helper of a push hashes. For
 * digest.c alone.
 */
#ifndef IO_SHALIB_H
#define IO_SHALIB_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/dynlib.h"

#define SHALIB_FUNCTIONS(F) \
	F(SHA256_Final) \
	F(SHA256_Init) \
	F(SHA256_Update)

struct shalib { SHALIB_FUNCTIONS(DYNLIB_MEMBER) };

/* Dies where it is not installed. */
const struct shalib *shalib(void);

#define SHA256_Final	(shalib()->SHA256_Final)
#define SHA256_Init	(shalib()->SHA256_Init)
#define SHA256_Update	(shalib()->SHA256_Update)

#endif
