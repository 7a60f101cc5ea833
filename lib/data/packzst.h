/*
 * packzst.h - zstd, a frame for every piece of the input: less work for the same
 * bytes than one frame that is added to, and each may have its own level and be
 * packed by a thread of its own.
 */
#ifndef DATA_PACKZST_H
#define DATA_PACKZST_H

#include <stdbool.h>
#include <stddef.h>

#include "data/packring.h"

/* By threads, if there are processors for them, after so many bytes of input;
 * PACKZST_ALONE: never. summed: with a check sum, which is not needed for what is
 * checked in another way. */
#define PACKZST_ALONE	((size_t)-1)
struct packring *packzst_new(int level, bool summed, size_t after,
    tarout_write_fn, void *arg, struct err *e) MUST;

#endif
