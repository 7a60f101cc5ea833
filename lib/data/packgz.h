/*
 * packgz.h - gzip on all processors, for pack.c: the input is cut after every
 * MiB, and each piece becomes a member of its own, which RFC 1952 (2.2) allows
 * and every reader of .gz takes as one stream. By libdeflate where that is
 * installed, else by zlib. The same input gives the same output on every
 * machine that has the same of the two. An input of one piece starts no thread.
 */
#ifndef DATA_PACKGZ_H
#define DATA_PACKGZ_H

#include <stdbool.h>

#include "data/packring.h"

/* level 0: the default. plain: by zlib even where libdeflate is. */
struct packring *packgz_new(int level, bool plain, tarout_write_fn, void *arg,
    struct err *e) MUST;

#endif
