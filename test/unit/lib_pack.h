/*
 * lib_pack.h - for the tests of packing: something to pack, where it goes, and
 * what comes out of it again; and machines with other processors than this.
 */
#ifndef LIB_PACK_H
#define LIB_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define MIB	(1024 * 1024)

/* How many processors sysconf tells of; 0: as many as there are. */
extern long	pack_cpus;

/* Words, none of whose MiBs is like another. For free(). */
char *pack_text(size_t len);
/* A tarout_write_fn; arg is a struct str *. */
int   pack_to_str(void *arg, const void *p, size_t len);
/* One that fails with ENOSPC. */
int   pack_refused(void *arg, const void *p, size_t len);
/* That is what these bytes unpack to (data/pack.h). */
void  pack_gives(const void *packed, size_t n, const char *s, size_t len);
/* Whether threads can be started. */
void  pack_threads(bool);

#endif
