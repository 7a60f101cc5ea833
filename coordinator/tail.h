/*
 * tail.h - the end of an exec's output, as it is kept when its machine is wiped.
 */
#ifndef COORDINATOR_TAIL_H
#define COORDINATOR_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TAIL_MAX	(64 * 1024)	/* bytes of records, of the gap before them not counted */

/* From the answer of GET /execs/ID/log (record.h), whose first record stands at
 * offset in a log of a command that has said `output` bytes: the last of its records,
 * the first cut if need be, and before them a gap that tells what is not there.
 * malloc'ed, *out_len bytes, 0 where nothing was ever said. NULL and e where that
 * is no log. */
char *tail_make(const char *log, size_t len, uint64_t offset, uint64_t output,
    size_t *out_len, struct err *e) MUST;

#endif
