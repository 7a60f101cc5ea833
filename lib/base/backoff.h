/*
 * backoff.h - when to try again: the first time at once, then doubling with
 * full jitter up to a ceiling, so that a thousand machines that lost the same
 * coordinator do not come back in step.
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t  first_ms;	/* ceiling of the second try */
	int64_t  max_ms;	/* ceiling of all */
	unsigned tries;
};

#define BACKOFF_INIT(first, max) { (first), (max), 0 }

/* Milliseconds to wait before the next try: 0, then random in
 * [c/2, c] with c = first, 2*first, ... max. */
int64_t backoff_next(struct backoff *);
void    backoff_reset(struct backoff *);	/* it worked for a while */
/* The most that backoff_next may give now. What worked for less than that may have
 * been let by others who wait as long as we do. */
int64_t backoff_most(const struct backoff *);

#endif
