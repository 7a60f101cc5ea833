/* pushold.c - what is staged of files that are there already. */
#include "buildlet/pushstage_int.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "buildlet/pushkept.h"
#include "data/chunk.h"

#define COPY_SIZE	(256 * 1024)
#define COPY_PIECE	(16 * 1024 * 1024)	/* that the kernel copies at once */

/* --- what is there already ------------------------------------------------------------- */

int
stage_kept(struct staging *s, const struct push_item *x)
{
	const struct timespec	 times[2] = { { 0, UTIME_OMIT }, stage_time(s, x) };
	struct inv_entry	*y = stage_add(s, x);
	const char		*base;
	int			 dir, got;

	if (y == NULL || (dir = stage_dir_of(s, x->path, &base)) == -1)
		return -1;
	if ((got = pushkept_use(s->p, x->digest, dir, base, s->e)) != 1)
		return got == -1 ? -1 : err_code(s->e, PUSH_STALE,
		    "%s: what was kept of it is gone", x->path);
	memcpy(y->digest, x->digest, INV_DIGEST);
	y->hashed = true;
	if (fchmodat(dir, base, x->mode, 0) == -1 ||
	    utimensat(dir, base, times, AT_SYMLINK_NOFOLLOW) == -1)
		return stage_failed(s, x->path);
	return 0;
}

static int
base_gone(struct staging *s, const char *path)
{
	return err_code(s->e, PUSH_STALE, "%s: it has changed here", path);
}

/* A file that is there. */
struct base {
	const char	*path;
	int		 fd;
	struct stat	 st;
	const struct inv_entry	*x;	/* digest and chunks */
	struct inventory	 own;	/* of what was read now */
	uint32_t		 i;	/* the chunk where the last copy ended, ... */
	uint64_t		 at;	/* ... and where it begins */
};

static void
base_close(struct base *b)
{
	close(b->fd);
	inv_release(&b->own);
}

/* What the record remembers of it, if that may be believed; else it is read. */
static int
base_know(struct staging *s, struct base *b)
{
	const struct inv_entry	*old = s->record == NULL ? NULL :
		    inv_find(s->record, b->path);
	struct inv_entry	*x;

	b->x = old;
	if (old != NULL && inv_trusts(old, &b->st) &&
	    (old->nchunks > 0 || old->size <= INV_CHUNKED))
		return 0;
	if (content_read(s->content, b->fd, -1, NULL, NULL, NULL, s->e) == -1)
		return -1;
	b->x = x = inv_add(&b->own, b->path);
	content_tell(s->content, &b->own, x);
	return 0;
}

static int
base_open(struct staging *s, struct base *b, const char *path,
    const unsigned char digest[INV_DIGEST])
{
	const char	*base;
	int		 dir;

	memset(b, 0, sizeof *b);
	b->path = path;
	if (s->there == NULL || (dir = dirs_of(s->there, path, &base)) == -1 ||
	    (b->fd = content_open(dir, base, &b->st)) == -1)
		return base_gone(s, path);
	if (base_know(s, b) == 0 &&
	    memcmp(b->x->digest, digest, INV_DIGEST) == 0)
		return 0;
	base_close(b);
	return base_gone(s, path);
}

/* The base must not have changed while it was copied. */
static int
base_check(struct staging *s, const struct base *b)
{
	struct inv_entry	before, now;
	struct stat		st;

	if (fstat(b->fd, &st) == -1 || !inv_stat(&now, &st) ||
	    !inv_stat(&before, &b->st) || now.mtime != before.mtime ||
	    now.ctime != before.ctime || now.size != before.size)
		return base_gone(s, b->path);
	return 0;
}

static ssize_t
copy_some(struct staging *s, int from, int to, uint64_t at, uint64_t len)
{
	ssize_t	n;
#ifdef __linux__
	off_t	off = (off_t)at;

	n = copy_file_range(from, &off, to, NULL,
	    len < COPY_PIECE ? (size_t)len : COPY_PIECE, 0);
	if (n != -1 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
	    errno != EOPNOTSUPP && errno != EPERM))
		return n;
#endif
	if (s->buf == NULL)
		s->buf = xmalloc(COPY_SIZE);
	n = pread(from, s->buf, len < COPY_SIZE ? (size_t)len : COPY_SIZE,
	    (off_t)at);
	return n > 0 && file_write_all(to, s->buf, (size_t)n) == -1 ? -1 : n;
}

static int
copy_range(struct staging *s, const struct base *b, int to, uint64_t at,
    uint64_t len)
{
	ssize_t	n;

	for (; len > 0; len -= (uint64_t)n, at += (uint64_t)n) {
		do
			n = copy_some(s, b->fd, to, at, len);
		while (n == -1 && errno == EINTR);
		if (n == -1)
			return err_errno(s->e, "copy %s", b->path);
		if (n == 0)
			return base_gone(s, b->path);
	}
	return 0;
}

int
stage_same(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = stage_add(s, x);
	struct base		 b;
	int			 fd, ret = -1;

	if (y == NULL || base_open(s, &b, x->other, x->digest) == -1)
		return -1;
	if (b.x->size != x->size)
		err_code(s->e, EINVAL, "%s: the size is wrong", x->path);
	else if ((fd = stage_open(s, x)) != -1) {
		ret = copy_range(s, &b, fd, 0, x->size);
		if (ret == 0)
			ret = base_check(s, &b);
		ret = stage_close(s, x, fd, ret);
	}
	memcpy(y->digest, x->digest, INV_DIGEST);
	y->hashed = true;
	y->nchunks = b.x->nchunks;
	if (y->nchunks > 0)
		y->chunks = (unsigned char *)inv_keep(s->changes, b.x->chunks,
		    (size_t)y->nchunks * INV_CHUNK);
	base_close(&b);
	return ret;
}

/* --- patches ---------------------------------------------------------------------------- */

static uint32_t
base_chunk(const struct base *b)
{
	return content_chunk_length(b->x->chunks + (size_t)b->i * INV_CHUNK);
}

/* The digests of the chunks that stand at `at` and are len bytes together. */
static int
copy_chunks(struct staging *s, struct base *b, uint64_t at, uint64_t len)
{
	if (at < b->at)
		b->at = b->i = 0;
	for (; b->i < b->x->nchunks && b->at < at; b->i++)
		b->at += base_chunk(b);
	for (; b->i < b->x->nchunks && b->at == at && len >= base_chunk(b) &&
	    len > 0; b->i++) {
		content_add_chunk(s->content,
		    b->x->chunks + (size_t)b->i * INV_CHUNK);
		b->at += base_chunk(b);
		len -= b->at - at;
		at = b->at;
	}
	return len == 0 ? 0 : err_code(s->e, EINVAL, "a patch copies what is no "
	    "chunk");
}

/* One chunk from the body. */
static int
receive_chunk(struct staging *s, int fd, const char *path, uint64_t len)
{
	unsigned char	 chunk[INV_CHUNK];
	const void	*p;
	ssize_t		 n;
	uint64_t	 got;

	if (len > CHUNK_MAX)
		return err_code(s->e, EINVAL, "%s: a chunk is too long", path);
	if (s->buf == NULL)
		s->buf = xmalloc(COPY_SIZE);
	for (got = 0; got < len; got += (uint64_t)n) {
		if ((n = push_read_bytes(s->r, len - got, &p, s->e)) == -1)
			return -1;
		memcpy(s->buf + got, p, (size_t)n);
	}
	content_chunk(s->content, s->buf, (size_t)len, chunk);
	content_add_chunk(s->content, chunk);
	return file_write_all(fd, s->buf, (size_t)len) == 0 ? 0 : stage_failed(s, path);
}

static int
operations(struct staging *s, const struct push_item *x, struct base *b, int fd)
{
	uint64_t	at, len;
	char		letter;
	int		ret = 0;

	while (ret == 0) {
		if (push_read_op(s->r, &letter, &at, &len, s->e) == -1)
			return -1;
		if (letter == PUSH_OP_END)
			return 0;
		if (letter == PUSH_OP_DATA)
			ret = receive_chunk(s, fd, x->path, len);
		else if ((ret = copy_chunks(s, b, at, len)) == 0)
			ret = copy_range(s, b, fd, at, len);
	}
	return ret;
}

int
stage_patch(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = stage_add(s, x);
	unsigned char		 digest[INV_DIGEST];
	struct base		 b;
	int			 fd, ret = -1;

	if (y == NULL || base_open(s, &b, x->other, x->base) == -1)
		return -1;
	if ((fd = stage_open(s, x)) != -1) {
		content_begin(s->content, INV_CHUNKED + 1);
		ret = operations(s, x, &b, fd);
		content_end(s->content);
		if (ret == 0)
			ret = push_read_digest(s->r, digest, s->e);
		if (ret == 0)
			ret = stage_check(s, x->path, digest);
		if (ret == 0)
			ret = base_check(s, &b);
		content_tell(s->content, s->changes, y);
		ret = stage_close(s, x, fd, ret);
	}
	base_close(&b);
	return ret;
}
