/*
 * chunk.c - a rolling hash over the last 64 bytes ("gear"): each byte shifts it
 * by one and adds a random number of that byte, so a byte is forgotten when its
 * number has been shifted out. A chunk ends where the top bits are all zero:
 * more bits are asked for before the usual length than after it, which keeps
 * most chunks near that length.
 */
#include "data/chunk.h"

#define SEED		0x676f6d6f7465ULL
#define MASK_BEFORE	(~0ULL << (64 - 18))	/* 2^16 on average, times 4 */
#define MASK_AFTER	(~0ULL << (64 - 14))	/* ... divided by 4 */
#define WINDOW		64

/* splitmix64: the table must be the same everywhere, for ever. */
void
chunker_init(struct chunker *c)
{
	uint64_t	state = SEED, z;
	size_t		i;

	for (i = 0; i < 256; i++) {
		state += 0x9e3779b97f4a7c15ULL;
		z = state;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
		c->gear[i] = z ^ (z >> 31);
	}
}

/* The first place from at on, up to end, where the hash has no bit of mask. */
static size_t
find_border(const struct chunker *c, const unsigned char *p, size_t at,
    size_t end, uint64_t mask, uint64_t *hash)
{
	uint64_t	h = *hash;

	while (at < end) {
		h = (h << 1) + c->gear[p[at++]];
		if ((h & mask) == 0) {
			*hash = h;
			return at;
		}
	}
	*hash = h;
	return 0;
}

size_t
chunker_cut(const struct chunker *c, const void *data, size_t len, bool last)
{
	const unsigned char	*p = data;
	uint64_t		 h = 0;
	size_t			 end = len < CHUNK_MAX ? len : CHUNK_MAX, mid, at;

	if (len < CHUNK_MAX && !last)
		return 0;
	if (end <= CHUNK_MIN)
		return end;
	mid = end < CHUNK_USUAL ? end : CHUNK_USUAL;
	for (at = CHUNK_MIN - WINDOW; at < CHUNK_MIN; at++)
		h = (h << 1) + c->gear[p[at]];
	if ((at = find_border(c, p, CHUNK_MIN, mid, MASK_BEFORE, &h)) != 0 ||
	    (at = find_border(c, p, mid, end, MASK_AFTER, &h)) != 0)
		return at;
	return end;
}
