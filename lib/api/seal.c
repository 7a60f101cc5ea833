/* seal.c - the digest of all but the last bytes that were seen. */
#include "api/seal.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "io/digest.h"

#define DIGEST_LEN	32

struct seal {
	struct digest	*digest;
	unsigned char	 tail[SEAL_LEN];	/* seen and not yet in digest */
	size_t		 n;
};

/* What stands before the digest: a frame that is skipped, of 40 bytes. */
static const unsigned char mark[SEAL_LEN - DIGEST_LEN] =
    "\x5b\x2a\x4d\x18\x28\0\0\0" "gomote 1";

struct seal *
seal_new(void)
{
	struct seal	*s = xcalloc(1, sizeof *s);

	s->digest = digest_new(DIGEST_SHA256);
	return s;
}

void
seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	digest_free(s->digest);
	free(s);
}

void
seal_add(struct seal *s, const void *p, size_t len)
{
	digest_add(s->digest, p, len);
}

void
seal_end(struct seal *s, unsigned char frame[SEAL_LEN])
{
	memcpy(frame, mark, sizeof mark);
	digest_sha256(s->digest, frame + sizeof mark);
}

void
seal_see(struct seal *s, const void *data, size_t len)
{
	const char	*p = data;
	size_t		 keep = len < SEAL_LEN ? len : SEAL_LEN, out;

	/* Of the tail only what still fits beside the end of p stays. */
	out = s->n + keep > SEAL_LEN ? s->n + keep - SEAL_LEN : 0;
	digest_add(s->digest, s->tail, out);
	memmove(s->tail, s->tail + out, s->n - out);
	s->n -= out;
	digest_add(s->digest, p, len - keep);
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
