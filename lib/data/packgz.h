/*
 * packgz.h - gzip on all processors, for pack.c: the input is cut after every
 * MiB, and each piece becomes a member of its own, which RFC 1952 (2.2) allows
 * and every reader of .gz takes as one stream. By libdeflate where that is
 * installed, else by zlib. The same input gives the same output on every
 * machine that has the same of the two.
 *
 * The threads see nothing but the pieces: what calls these functions needs no
 * lock, and the write function is called by the caller's own thread. An input
 * of one piece starts none.
 */
#ifndef DATA_PACKGZ_H
#define DATA_PACKGZ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "data/tarout.h"

struct packgz;

/* level 0: the default. plain: by zlib even where libdeflate is. */
struct packgz *packgz_new(int level, bool plain, tarout_write_fn, void *arg,
    struct err *e) MUST;
int  packgz_add(struct packgz *, const void *p, size_t len, struct err *e) MUST;
int  packgz_finish(struct packgz *, struct err *e) MUST;	/* writes the rest */
void packgz_free(struct packgz *);		/* NULL is fine */

#endif
