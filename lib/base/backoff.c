/*
 * backoff.c - when to try again.
 */
#include "base/backoff.h"

#include <unistd.h>

#include "base/log.h"

/* Jitter needs no cryptography, but two machines that booted in the same
 * second must not draw the same numbers. */
static uint64_t
random_below(uint64_t n)
{
	uint64_t r = 0;

	if (getentropy(&r, sizeof r) == -1)
		fatal("getentropy");
	return n == 0 ? 0 : r % n;
}

/* first, doubled once for each further try, up to max. */
static int64_t
backoff_ceiling(const struct backoff *b)
{
	int64_t		c = b->first_ms;
	unsigned	i;

	for (i = 1; i < b->tries && c < b->max_ms; i++)
		c = c > b->max_ms / 2 ? b->max_ms : c * 2;
	return c > b->max_ms ? b->max_ms : c;
}

int64_t
backoff_next(struct backoff *b)
{
	int64_t c, half;

	if (b->tries == 0) {
		b->tries = 1;
		return 0;
	}
	c = backoff_ceiling(b);
	if (b->tries < 64)
		b->tries++;
	half = c / 2;
	return half + (int64_t)random_below((uint64_t)(c - half) + 1);
}

int64_t
backoff_most(const struct backoff *b)
{
	return b->tries == 0 ? 0 : backoff_ceiling(b);
}

void
backoff_reset(struct backoff *b)
{
	b->tries = 0;
}
