/*
 * spool.h - all of our stdin, for several readers: in a temporary file in
 * $TMPDIR that has no name any more, so that nothing is left of it.
 */
#ifndef CLIENT_SPOOL_H
#define CLIENT_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SPOOL_MAX ((int64_t)16 * 1024 * 1024 * 1024)

/* Reads stdin to its end. fds: n descriptors to read it from, each for itself;
 * the caller's to close. -1 and e: none is open. */
int spool_stdin(int *fds, size_t n, struct err *e) MUST;

#endif
