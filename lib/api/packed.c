/* packed.c - see packed.h. */
#include "api/packed.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "api/seal.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "data/packzst.h"

#define PLAIN_MAX	(16 * 1024)
#define FRAMES		2	/* after so many we think again */
#define SLOW		16	/* bytes a us: 128 Mbit/s */

struct packed {
	int		 fd;
	struct str	 few;		/* while there are no more */
	struct packring	*ring;		/* NULL until then */
	size_t		 spread;	/* packzst.h: after */
	size_t		 level;		/* an index */
	size_t		 former;	/* frames to come that have another */
	/* Since we began to watch how it goes with that level. */
	size_t		 frames;	/* written */
	int64_t		 since;		/* in us */
	int64_t		 waited;	/* of that, for the reader */
	int64_t		 written;
	struct seal	*seal;		/* NULL: without */
};

/* Of zstd. The first keeps up with a fast network; what a slow one leaves of our
 * time may be spent on better ones. */
static const int levels[] = { -1, 1, 3, 5 };

struct packed *
packed_new(int fd)
{
	struct packed	*k = xcalloc(1, sizeof *k);

	k->fd = fd;
	k->spread = PACKZST_ALONE;
	return k;
}

void
packed_seal(struct packed *k)
{
	k->seal = seal_new();
}

void
packed_spread(struct packed *k, size_t after)
{
	k->spread = after;
}

static int64_t
now_us(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
watch(struct packed *k)
{
	k->frames = 0;
	k->since = now_us();
	k->waited = k->written = 0;
}

/* Is it the network that we wait for? (It may be the processor, too.) */
static void
think(struct packed *k)
{
	int64_t	spent = now_us() - k->since;
	bool	slow = k->waited > spent / 2 && k->written < spent * SLOW;
	size_t	level = k->level;

	if (slow && level + 1 < nitems(levels))
		level++;
	else if (!slow && level > 0)
		level--;
	if (level != k->level) {
		k->level = level;
		k->former = packring_level(k->ring, levels[level]);
	}
	watch(k);
}

static int
write_frame(void *arg, const void *p, size_t len)
{
	struct packed	*k = arg;
	int64_t		 from = now_us();

	if (file_write_all(k->fd, p, len) == -1)
		return -1;
	k->waited += now_us() - from;
	k->written += (int64_t)len;
	if (k->seal != NULL)
		seal_add(k->seal, p, len);
	/* How it went with the former level says nothing of this one. */
	if (k->former > 0) {
		k->former--;
		watch(k);
	} else if (++k->frames == FRAMES)
		think(k);
	return 0;
}

static int
begin(struct packed *k, struct err *e)
{
	k->ring = packzst_new(levels[k->level], k->seal == NULL, k->spread,
	    write_frame, k, e);
	watch(k);
	return k->ring != NULL ? 0 : -1;
}

int
packed_add(struct packed *k, const void *p, size_t len, struct err *e)
{
	if (k->ring == NULL && k->seal == NULL && k->few.len + len <= PLAIN_MAX) {
		str_addn(&k->few, p, len);
		return 0;
	}
	if (k->ring == NULL) {
		if (begin(k, e) == -1 ||
		    packring_add(k->ring, str_text(&k->few), k->few.len, e) == -1)
			return -1;
		str_release(&k->few);
	}
	return packring_add(k->ring, p, len, e);
}

static int
end_sealed(struct packed *k, struct err *e)
{
	unsigned char	frame[SEAL_LEN];

	/* Even of nothing there is a frame to be sealed. */
	if ((k->ring == NULL && begin(k, e) == -1) ||
	    packring_finish(k->ring, e) == -1)
		return -1;
	seal_end(k->seal, frame);
	return file_write_all(k->fd, frame, SEAL_LEN) == 0 ? 0 :
	    err_errno(e, "write");
}

int
packed_end(struct packed *k, struct err *e)
{
	if (k->seal != NULL)
		return end_sealed(k, e);
	if (k->ring != NULL)
		return packring_finish(k->ring, e);
	return file_write_all(k->fd, str_text(&k->few), k->few.len) == 0 ? 0 :
	    err_errno(e, "write");
}

void
packed_free(struct packed *k)
{
	if (k == NULL)
		return;
	packring_free(k->ring);
	seal_free(k->seal);
	str_release(&k->few);
	free(k);
}
