/* packed.c - see packed.h. */
#include "api/packed.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/seal.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "data/pack.h"

#define PLAIN_MAX	(16 * 1024)
#define FRAME		(2 * 1024 * 1024)
#define PIECE		(4 * 1024 * 1024)	/* after so much we think again */
#define SLOW		16			/* bytes a us: 128 Mbit/s */

struct packed {
	int		 fd;
	struct str	 few;		/* while there are no more */
	struct pack	*pack;		/* NULL until then */
	char		*frame;		/* FRAME, the same */
	size_t		 n;		/* of it */
	size_t		 level;		/* an index */
	size_t		 len;		/* of the piece */
	int64_t		 since;		/* it began, in us */
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
	return k;
}

void
packed_seal(struct packed *k)
{
	k->seal = seal_new();
}

static int64_t
now_us(void)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
write_timed(void *arg, const void *p, size_t len)
{
	struct packed	*k = arg;
	int64_t		 from = now_us();
	int		 r = file_write_all(k->fd, p, len);

	k->waited += now_us() - from;
	k->written += (int64_t)len;
	if (k->seal != NULL)
		seal_add(k->seal, p, len);
	return r;
}

static void
begin_piece(struct packed *k)
{
	k->len = 0;
	k->since = now_us();
	k->waited = k->written = 0;
}

static int
begin(struct packed *k, struct err *e)
{
	k->pack = pack_new(TAROUT_TAR_ZST, levels[k->level], write_timed, k, e);
	if (k->frame == NULL)
		k->frame = xmalloc(FRAME);
	begin_piece(k);
	if (k->pack == NULL)
		return -1;
	if (k->seal != NULL)
		pack_unsummed(k->pack);
	return 0;
}

/* Is it the network that we wait for? (It may be the processor, too.) */
static int
think(struct packed *k, struct err *e)
{
	int64_t	spent = now_us() - k->since;
	bool	slow = k->waited > spent / 2 && k->written < spent * SLOW;
	size_t	level = k->level;

	if (slow && level + 1 < nitems(levels))
		level++;
	else if (!slow && level > 0)
		level--;
	if (level == k->level) {
		begin_piece(k);
		return 0;
	}
	pack_free(k->pack);
	k->level = level;
	return begin(k, e);
}

/* What has gathered becomes a frame. */
static int
end_frame(struct packed *k, struct err *e)
{
	size_t	n = k->n;

	k->n = 0;
	if (pack_frame(k->pack, k->frame, n, e) == -1)
		return -1;
	k->len += n;
	return k->len < PIECE ? 0 : think(k, e);
}

static int
gather(struct packed *k, const char *p, size_t len, struct err *e)
{
	size_t	n;

	for (; len > 0; len -= n, p += n) {
		n = len < FRAME - k->n ? len : FRAME - k->n;
		memcpy(k->frame + k->n, p, n);
		k->n += n;
		if (k->n == FRAME && end_frame(k, e) == -1)
			return -1;
	}
	return 0;
}

int
packed_add(struct packed *k, const void *p, size_t len, struct err *e)
{
	if (k->pack == NULL && k->seal == NULL && k->few.len + len <= PLAIN_MAX) {
		str_addn(&k->few, p, len);
		return 0;
	}
	if (k->pack == NULL) {
		if (begin(k, e) == -1 ||
		    gather(k, str_text(&k->few), k->few.len, e) == -1)
			return -1;
		str_release(&k->few);
	}
	return gather(k, p, len, e);
}

static int
end_sealed(struct packed *k, struct err *e)
{
	unsigned char	frame[SEAL_LEN];

	/* Even of nothing there is a frame to be sealed. */
	if ((k->pack == NULL && begin(k, e) == -1) || end_frame(k, e) == -1)
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
	if (k->pack != NULL)
		return k->n > 0 ? end_frame(k, e) : 0;
	return file_write_all(k->fd, str_text(&k->few), k->few.len) == 0 ? 0 :
	    err_errno(e, "write");
}

void
packed_free(struct packed *k)
{
	if (k == NULL)
		return;
	pack_free(k->pack);
	free(k->frame);
	seal_free(k->seal);
	str_release(&k->few);
	free(k);
}
