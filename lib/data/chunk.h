/*
 * chunk.h - cuts content into chunks at places that the content itself
 * chooses, so that an insertion moves borders only where it stands. Digests of
 * large files are made of their chunks (api/content.h), so the numbers here are
 * part of the format of pushes (man/buildlet-api.7).
 */
#ifndef DATA_CHUNK_H
#define DATA_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHUNK_MIN	(32 * 1024)
#define CHUNK_USUAL	(64 * 1024)
#define CHUNK_MAX	(256 * 1024)

struct chunker {
	uint64_t	gear[256];
};

void   chunker_init(struct chunker *);
/* How long the chunk at p is, where len bytes are known; last: no more follow
 * them. 0: more must be known (at most CHUNK_MAX). */
size_t chunker_cut(const struct chunker *, const void *p, size_t len, bool last);

#endif
