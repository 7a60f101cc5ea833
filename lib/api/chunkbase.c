/* chunkbase.c - an index of chunks, and a guess. */
#include "api/chunkbase.h"

#include <stdlib.h>
#include <string.h>

#include "api/content.h"
#include "base/xmalloc.h"
#include "data/chunk.h"

#define NONE UINT32_MAX

struct piece {
	const unsigned char	*chunk;		/* INV_CHUNK bytes */
	uint32_t		 i;
};

struct chunkbase {
	const struct inv_entry	*x;
	bool			 guess;
	uint64_t		*at;		/* where chunk i begins, and the end */
	struct piece		*sorted;
	uint32_t		 next;		/* behind what was found last; NONE */
	uint32_t		 guessed;
	int			 tries;		/* guesses for the chunk that is wanted */
};

static int
by_chunk(const void *a, const void *b)
{
	const struct piece	*x = a, *y = b;

	return memcmp(x->chunk, y->chunk, INV_CHUNK);
}

struct chunkbase *
chunkbase_new(const struct inv_entry *x, bool guess)
{
	struct chunkbase	*b = xcalloc(1, sizeof *b);
	uint32_t		 i;

	b->x = x;
	b->guess = guess && x->sums != NULL;
	b->at = xcalloc((size_t)x->nchunks + 1, sizeof *b->at);
	b->sorted = xcalloc((size_t)x->nchunks + 1, sizeof *b->sorted);
	for (i = 0; i < x->nchunks; i++) {
		b->sorted[i].chunk = x->chunks + (size_t)i * INV_CHUNK;
		b->sorted[i].i = i;
		b->at[i + 1] = b->at[i] + content_chunk_length(b->sorted[i].chunk);
	}
	qsort(b->sorted, x->nchunks, sizeof *b->sorted, by_chunk);
	return b;
}

void
chunkbase_free(struct chunkbase *b)
{
	if (b == NULL)
		return;
	free(b->at);
	free(b->sorted);
	free(b);
}

/* The chunk that begins there; NONE. */
static uint32_t
beginning_at(const struct chunkbase *b, uint64_t at)
{
	uint32_t	lo = 0, hi = b->x->nchunks, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (b->at[mid] < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < b->x->nchunks && b->at[lo] == at ? lo : NONE;
}

/* The last chunk ended because the content did: here it is one only at the end. */
static bool
may_be(const struct chunkbase *b, uint32_t i, size_t n, size_t len, bool last)
{
	if (n > CHUNK_MAX)	/* no cutter made it: waiting for it would be for ever */
		return false;
	if (i + 1 < b->x->nchunks)
		return !last || n <= len;
	return last ? n == len : n >= len;
}

/* First what followed the chunk that was found last, then what stood at the same
 * place. */
size_t
chunkbase_guess(struct chunkbase *b, uint64_t here, size_t len, bool last)
{
	size_t	n;

	if (b == NULL || !b->guess)
		return 0;
	for (; b->tries < 2; b->tries++) {
		b->guessed = b->tries == 0 ? b->next : beginning_at(b, here);
		if (b->guessed >= b->x->nchunks)
			continue;
		n = (size_t)(b->at[b->guessed + 1] - b->at[b->guessed]);
		if (may_be(b, b->guessed, n, len, last))
			return b->guessed + 1 < b->x->nchunks || last ? n : len + 1;
	}
	return 0;
}

static void
found(struct chunkbase *b, uint32_t i)
{
	b->next = i == NONE ? NONE : i + 1;
	b->tries = 0;
}

bool
chunkbase_confirm(struct chunkbase *b, const unsigned char sum[INV_SUM],
    unsigned char chunk[INV_CHUNK], int64_t *at)
{
	if (memcmp(b->x->sums + (size_t)b->guessed * INV_SUM, sum, INV_SUM) != 0) {
		b->tries++;
		return false;
	}
	memcpy(chunk, b->x->chunks + (size_t)b->guessed * INV_CHUNK, INV_CHUNK);
	*at = (int64_t)b->at[b->guessed];
	found(b, b->guessed);
	return true;
}

int64_t
chunkbase_find(struct chunkbase *b, const unsigned char chunk[INV_CHUNK])
{
	struct piece	key = { chunk, 0 }, *p;

	if (b == NULL)
		return -1;
	p = bsearch(&key, b->sorted, b->x->nchunks, sizeof key, by_chunk);
	found(b, p != NULL ? p->i : NONE);
	return p != NULL ? (int64_t)b->at[p->i] : -1;
}
