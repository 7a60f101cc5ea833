/* content.c - one pass over a content. */
#include "api/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/chunkbase.h"
#include "base/xmalloc.h"
#include "data/chunk.h"
#include "io/digest.h"
#include "io/digestmac.h"

#define BUFFER	(1024 * 1024)	/* at least CHUNK_MAX */

struct content {
	struct digest		*digest;
	struct mac		*mac;		/* NULL: no sums */
	struct chunker		*chunker;	/* NULL until there is something to cut */
	struct chunkbase	*base;		/* NULL: none */
	content_sink		 sink;
	void			*arg;
	char			*buf;		/* BUFFER */
	size_t			 len;		/* in buf, not yet cut */
	bool			 chunked;
	uint64_t		 size;
	unsigned char		 sum[INV_DIGEST];
	struct str		 chunks, sums;
};

struct content *
content_new(void)
{
	struct content	*c = xcalloc(1, sizeof *c);

	c->digest = digest_new(DIGEST_SHA256);
	c->buf = xmalloc(BUFFER);
	return c;
}

void
content_set_key(struct content *c, const unsigned char key[INV_KEY])
{
	mac_free(c->mac);
	c->mac = mac_new(key);
}

void
content_free(struct content *c)
{
	if (c == NULL)
		return;
	digest_free(c->digest);
	mac_free(c->mac);
	chunkbase_free(c->base);
	free(c->chunker);
	free(c->buf);
	str_release(&c->chunks);
	str_release(&c->sums);
	free(c);
}

/* --- chunks ------------------------------------------------------------------- */

uint32_t
content_chunk_length(const unsigned char chunk[INV_CHUNK])
{
	return (uint32_t)chunk[0] << 24 | (uint32_t)chunk[1] << 16 |
	    (uint32_t)chunk[2] << 8 | chunk[3];
}

void
content_chunk(struct content *c, const void *p, size_t len,
    unsigned char chunk[INV_CHUNK])
{
	chunk[0] = (unsigned char)(len >> 24);
	chunk[1] = (unsigned char)(len >> 16);
	chunk[2] = (unsigned char)(len >> 8);
	chunk[3] = (unsigned char)len;
	digest_reset(c->digest);
	digest_add(c->digest, p, len);
	digest_sha256(c->digest, chunk + 4);
}

void
content_add_chunk(struct content *c, const unsigned char chunk[INV_CHUNK])
{
	str_addn(&c->chunks, chunk, INV_CHUNK);
	c->size += content_chunk_length(chunk);
}

/* The chunk that begins at p, of which len bytes are known. How long it is, 0 if
 * more must be known; *chunk is filled, *at is where the base has it. */
static size_t
next_chunk(struct content *c, const char *p, size_t len, bool last,
    unsigned char chunk[INV_CHUNK], int64_t *at)
{
	unsigned char	sum[INV_SUM];
	size_t		n;

	/* The same bytes from the same beginning are cut at the same place. */
	while ((n = chunkbase_guess(c->base, c->size, len, last)) > 0 &&
	    n <= len) {
		mac_sum(c->mac, p, n, sum);
		if (!chunkbase_confirm(c->base, sum, chunk, at))
			continue;
		str_addn(&c->sums, sum, sizeof sum);
		return n;
	}
	if (n > len || (n = chunker_cut(c->chunker, p, len, last)) == 0)
		return 0;
	content_chunk(c, p, n, chunk);
	*at = chunkbase_find(c->base, chunk);
	if (c->mac != NULL) {
		mac_sum(c->mac, p, n, sum);
		str_addn(&c->sums, sum, sizeof sum);
	}
	return n;
}

/* Takes the whole chunks that stand in buf, and moves the rest to its front. */
static int
cut(struct content *c, bool last, struct err *e)
{
	unsigned char	chunk[INV_CHUNK];
	size_t		from = 0, n;
	int64_t		at;
	int		ret = 0;

	while (ret == 0 && from < c->len && (n = next_chunk(c, c->buf + from,
	    c->len - from, last, chunk, &at)) > 0) {
		content_add_chunk(c, chunk);
		if (c->sink != NULL)
			ret = c->sink(c->arg, c->buf + from, n, at, e);
		from += n;
	}
	c->len -= from;
	if (from > 0 && c->len > 0)
		memmove(c->buf, c->buf + from, c->len);
	return ret;
}

/* --- from whoever has the bytes -------------------------------------------------- */

static void
begin(struct content *c, bool chunked)
{
	digest_reset(c->digest);
	str_clear(&c->chunks);
	str_clear(&c->sums);
	c->size = 0;
	c->len = 0;
	c->chunked = chunked;
	c->sink = NULL;
	chunkbase_free(c->base);
	c->base = NULL;
	if (chunked && c->chunker == NULL) {
		c->chunker = xmalloc(sizeof *c->chunker);
		chunker_init(c->chunker);
	}
}

void
content_begin(struct content *c, uint64_t size)
{
	begin(c, size > INV_CHUNKED);
}

void
content_add(struct content *c, const void *data, size_t len)
{
	const char	*p = data;
	size_t		 n;

	if (!c->chunked) {
		digest_add(c->digest, p, len);
		c->size += len;
		return;
	}
	for (; len > 0; len -= n, p += n) {
		n = len < BUFFER - c->len ? len : BUFFER - c->len;
		memcpy(c->buf + c->len, p, n);
		c->len += n;
		if (c->len == BUFFER && cut(c, false, NULL) == -1)
			return;		/* there is no sink that could fail */
	}
}

static int
end(struct content *c, struct err *e)
{
	if (c->chunked) {
		if (c->len > 0 && cut(c, true, e) == -1)
			return -1;
		digest_reset(c->digest);
		digest_add(c->digest, str_text(&c->chunks), c->chunks.len);
	}
	digest_sha256(c->digest, c->sum);
	return 0;
}

void
content_end(struct content *c)
{
	if (end(c, NULL) == -1)
		c->size = 0;		/* see content_add */
}

/* --- from a descriptor -------------------------------------------------------------- */

/* At most left bytes into buf, behind what is there; what came, 0 at the end. */
static ssize_t
more(struct content *c, int fd, uint64_t left, struct err *e)
{
	size_t	room = BUFFER - c->len;
	ssize_t	n;

	if (left < room)
		room = (size_t)left;
	if (room == 0)
		return 0;
	do
		n = read(fd, c->buf + c->len, room);
	while (n == -1 && errno == EINTR);
	return n == -1 ? err_errno(e, "read") : n;
}

static int
take(struct content *c, size_t n, struct err *e)
{
	if (c->chunked) {
		c->len += n;
		return c->len < BUFFER ? 0 : cut(c, false, e);
	}
	digest_add(c->digest, c->buf, n);
	c->size += n;
	return c->sink != NULL ? c->sink(c->arg, c->buf, n, -1, e) : 0;
}

int
content_read(struct content *c, int fd, int64_t size,
    const struct inv_entry *base, content_sink sink, void *arg, struct err *e)
{
	struct stat	st = { .st_size = size };
	uint64_t	left = size == -1 ? UINT64_MAX : (uint64_t)size;
	ssize_t		n;

	if (size == -1 && fstat(fd, &st) == -1)
		return err_errno(e, "read");
	begin(c, st.st_size > INV_CHUNKED);
	c->sink = sink;
	c->arg = arg;
	if (c->chunked && base != NULL && base->nchunks > 0)
		c->base = chunkbase_new(base, c->mac != NULL);
	while ((n = more(c, fd, left, e)) > 0) {
		left -= (uint64_t)n;
		if (take(c, (size_t)n, e) == -1)
			return -1;
	}
	if (n == -1 || end(c, e) == -1)
		return -1;
	if (size != -1 && c->size != (uint64_t)size)
		return err_code(e, EIO, "read: it shrank meanwhile");
	return 0;
}

/* --- telling ------------------------------------------------------------------- */

const unsigned char *
content_digest(const struct content *c)
{
	return c->sum;
}

void
content_tell(const struct content *c, struct inventory *inv, struct inv_entry *x)
{
	x->size = c->size;
	memcpy(x->digest, c->sum, INV_DIGEST);
	x->hashed = true;
	x->nchunks = (uint32_t)(c->chunks.len / INV_CHUNK);
	x->chunks = x->sums = NULL;
	if (x->nchunks == 0)
		return;
	x->chunks = (unsigned char *)inv_keep(inv, c->chunks.s, c->chunks.len);
	if (c->sums.len == (size_t)x->nchunks * INV_SUM)
		x->sums = (unsigned char *)inv_keep(inv, c->sums.s, c->sums.len);
}

int
content_open(int dir, const char *path, struct stat *st)
{
	int	fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);

	if (fd == -1) {
		if (errno == ELOOP || errno == ENOTDIR || errno == EMLINK)
			errno = ENOENT;
		return -1;
	}
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}
