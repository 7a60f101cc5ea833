/* seal.c - the check sum of all but the last bytes that were seen. */
#include "api/seal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"

#define SUM_LEN	16

struct seal {
	XXH3_state_t	*sum;
	unsigned char	 tail[SEAL_LEN];	/* seen and not yet in sum */
	size_t		 n;
};

/* What stands before the sum: a frame that is skipped, of 24 bytes. */
static const unsigned char mark[SEAL_LEN - SUM_LEN] =
    "\x5b\x2a\x4d\x18\x18\0\0\0" "gomote 2";

struct seal *
seal_new(void)
{
	struct seal	*s = xcalloc(1, sizeof *s);

	if ((s->sum = XXH3_createState()) == NULL)
		fatalx("seal: out of memory");
	(void)XXH3_128bits_reset(s->sum);
	return s;
}

void
seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	(void)XXH3_freeState(s->sum);
	free(s);
}

void
seal_add(struct seal *s, const void *p, size_t len)
{
	(void)XXH3_128bits_update(s->sum, p, len);
}

void
seal_end(struct seal *s, unsigned char frame[SEAL_LEN])
{
	XXH128_canonical_t	sum;

	XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(s->sum));
	memcpy(frame, mark, sizeof mark);
	memcpy(frame + sizeof mark, sum.digest, SUM_LEN);
}

void
seal_see(struct seal *s, const void *data, size_t len)
{
	const char	*p = data;
	size_t		 keep = len < SEAL_LEN ? len : SEAL_LEN, out;

	/* Of the tail only what still fits beside the end of p stays. */
	out = s->n + keep > SEAL_LEN ? s->n + keep - SEAL_LEN : 0;
	seal_add(s, s->tail, out);
	memmove(s->tail, s->tail + out, s->n - out);
	s->n -= out;
	seal_add(s, p, len - keep);
	memcpy(s->tail + s->n, p + (len - keep), keep);
	s->n += keep;
}

bool
seal_holds(struct seal *s)
{
	unsigned char	frame[SEAL_LEN];

	seal_end(s, frame);
	return s->n == SEAL_LEN && memcmp(s->tail, frame, SEAL_LEN) == 0;
}
