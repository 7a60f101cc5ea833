/* pushstage.c - one function for each kind of item. */
#include "buildlet/pushstage.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/content.h"
#include "base/dirs.h"
#include "base/file.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "buildlet/pushkept.h"
#include "data/chunk.h"

#define SECOND		1000000000LL
#define COPY_SIZE	(256 * 1024)
#define COPY_PIECE	(16 * 1024 * 1024)	/* that the kernel copies at once */
#define TEXT_MAX	(512UL * 1024 * 1024)	/* paths and targets of one push */

struct staging {
	struct pushdir		*p;
	const struct inventory	*record;
	struct push_reader	*r;
	struct inventory	*changes;
	size_t			 text;
	int			 tree;
	struct dirs		*staged;
	int			 target;	/* -1: nothing is there yet */
	struct dirs		*there;		/* NULL: the same */
	struct content		*content;
	char			*buf;		/* COPY_SIZE, at least a chunk; NULL */
	int64_t			 now;
	struct err		*e;
};

/* --- the list of changes ------------------------------------------------------------ */

static struct inv_entry *
change_add(struct staging *s, const struct push_item *x)
{
	struct inventory	*c = s->changes;
	struct inv_entry	*y;

	s->text += strlen(x->path) + strlen(x->other);
	if (c->n >= INV_ENTRIES_MAX || s->text > TEXT_MAX) {
		err_code(s->e, EINVAL, "the push is too large");
		return NULL;
	}
	if (c->n > 0 && inv_compare(c->v[c->n - 1].path, x->path) >= 0) {
		err_code(s->e, EINVAL, "%s: out of order", x->path);
		return NULL;
	}
	y = inv_add(c, x->path);
	y->kind = x->letter == PUSH_DIR ? INV_DIR :
	    x->letter == PUSH_LINK ? INV_LINK : INV_FILE;
	y->mark = x->letter;
	y->mode = x->mode;
	y->size = x->size;
	y->mtime = x->mtime < s->now ? x->mtime : s->now;
	return y;
}

/* --- files ---------------------------------------------------------------------------- */

static int
failed(struct staging *s, const char *path)
{
	return err_errno(s->e, "stage %s", path);
}

/* Its directory in the staged tree; *base is its name there. */
static int
staged_dir(struct staging *s, const char *path, const char **base)
{
	int	dir = dirs_of(s->staged, path, base);

	return dir == -1 ? failed(s, path) : dir;
}

static int
file_new(struct staging *s, const struct push_item *x)
{
	const char	*base;
	int		 dir = staged_dir(s, x->path, &base), fd;

	if (dir == -1)
		return -1;
	fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, x->mode);
	return fd == -1 ? failed(s, x->path) : fd;
}

static struct timespec
time_of(const struct staging *s, const struct push_item *x)
{
	int64_t		t = x->mtime < s->now ? x->mtime : s->now;
	int64_t		ns = t % SECOND;
	struct timespec	ts;

	if (ns < 0)
		ns += SECOND;
	ts.tv_sec = (time_t)((t - ns) / SECOND);
	ts.tv_nsec = (long)ns;
	return ts;
}

/* Closes fd. ret: how it went so far. */
static int
file_over(struct staging *s, const struct push_item *x, int fd, int ret)
{
	const struct timespec	times[2] = { { 0, UTIME_OMIT }, time_of(s, x) };

	if (ret == 0 && futimens(fd, times) == -1)
		ret = failed(s, x->path);
	if (close(fd) == -1 && ret == 0)
		ret = failed(s, x->path);
	return ret;
}

/* The next len bytes of the body into fd. */
static int
receive(struct staging *s, int fd, const char *path, uint64_t len)
{
	const void	*p;
	ssize_t		 n;

	for (; len > 0; len -= (uint64_t)n) {
		if ((n = push_read_bytes(s->r, len, &p, s->e)) == -1)
			return -1;
		content_add(s->content, p, (size_t)n);
		if (file_write_all(fd, p, (size_t)n) == -1)
			return failed(s, path);
	}
	return 0;
}

static int
digest_check(struct staging *s, const char *path,
    const unsigned char want[INV_DIGEST])
{
	return memcmp(content_digest(s->content), want, INV_DIGEST) == 0 ? 0 :
	    err_code(s->e, EINVAL, "%s: what came is not what was sent", path);
}

static int
stage_file(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = change_add(s, x);
	unsigned char		 digest[INV_DIGEST];
	int			 fd, ret;

	if (y == NULL || (fd = file_new(s, x)) == -1)
		return -1;
	content_begin(s->content, x->size);
	ret = receive(s, fd, x->path, x->size);
	content_end(s->content);
	if (ret == 0)
		ret = push_read_digest(s->r, digest, s->e);
	if (ret == 0)
		ret = digest_check(s, x->path, digest);
	content_tell(s->content, s->changes, y);
	return file_over(s, x, fd, ret);
}

/* --- what is there already ------------------------------------------------------------- */

static int
stage_kept(struct staging *s, const struct push_item *x)
{
	const struct timespec	 times[2] = { { 0, UTIME_OMIT }, time_of(s, x) };
	struct inv_entry	*y = change_add(s, x);
	const char		*base;
	int			 dir, got;

	if (y == NULL || (dir = staged_dir(s, x->path, &base)) == -1)
		return -1;
	if ((got = pushkept_use(s->p, x->digest, dir, base, s->e)) != 1)
		return got == -1 ? -1 : err_code(s->e, PUSH_STALE,
		    "%s: what was kept of it is gone", x->path);
	memcpy(y->digest, x->digest, INV_DIGEST);
	y->hashed = true;
	if (fchmodat(dir, base, x->mode, 0) == -1 ||
	    utimensat(dir, base, times, AT_SYMLINK_NOFOLLOW) == -1)
		return failed(s, x->path);
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

static int
stage_same(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = change_add(s, x);
	struct base		 b;
	int			 fd, ret = -1;

	if (y == NULL || base_open(s, &b, x->other, x->digest) == -1)
		return -1;
	if (b.x->size != x->size)
		err_code(s->e, EINVAL, "%s: the size is wrong", x->path);
	else if ((fd = file_new(s, x)) != -1) {
		ret = copy_range(s, &b, fd, 0, x->size);
		if (ret == 0)
			ret = base_check(s, &b);
		ret = file_over(s, x, fd, ret);
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
	return file_write_all(fd, s->buf, (size_t)len) == 0 ? 0 : failed(s, path);
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

static int
stage_patch(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = change_add(s, x);
	unsigned char		 digest[INV_DIGEST];
	struct base		 b;
	int			 fd, ret = -1;

	if (y == NULL || base_open(s, &b, x->other, x->base) == -1)
		return -1;
	if ((fd = file_new(s, x)) != -1) {
		content_begin(s->content, INV_CHUNKED + 1);
		ret = operations(s, x, &b, fd);
		content_end(s->content);
		if (ret == 0)
			ret = push_read_digest(s->r, digest, s->e);
		if (ret == 0)
			ret = digest_check(s, x->path, digest);
		if (ret == 0)
			ret = base_check(s, &b);
		content_tell(s->content, s->changes, y);
		ret = file_over(s, x, fd, ret);
	}
	base_close(&b);
	return ret;
}

/* --- the others ------------------------------------------------------------------------- */

static int
stage_dir(struct staging *s, const struct push_item *x)
{
	const char	*base;
	int		 dir;

	if (change_add(s, x) == NULL || (dir = staged_dir(s, x->path, &base)) == -1)
		return -1;
	if (mkdirat(dir, base, x->mode | S_IRWXU) == -1 && errno != EEXIST)
		return failed(s, x->path);
	return 0;
}

static int
stage_link(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = change_add(s, x);
	const char		*base;
	int			 dir;

	if (y == NULL || (dir = staged_dir(s, x->path, &base)) == -1)
		return -1;
	y->target = inv_keep(s->changes, x->other, strlen(x->other));
	return symlinkat(x->other, dir, base) == -1 ? failed(s, x->path) : 0;
}

static int
stage_item(struct staging *s, const struct push_item *x)
{
	switch (x->letter) {
	case PUSH_FILE:
	case PUSH_ONCE:
		return stage_file(s, x);
	case PUSH_USE:
		return stage_kept(s, x);
	case PUSH_SAME:
		return stage_same(s, x);
	case PUSH_PATCH:
		return stage_patch(s, x);
	case PUSH_DIR:
		return stage_dir(s, x);
	case PUSH_LINK:
		return stage_link(s, x);
	case PUSH_MODE:
	case PUSH_GONE:
	case PUSH_DISOWN:
		return change_add(s, x) != NULL ? 0 : -1;
	default:
		return err_code(s->e, EINVAL, "an item that no upload has");
	}
}

static int
head_check(struct staging *s, const struct push_item *x)
{
	bool	based = (x->flags & PUSH_F_RECORD) != 0;

	if (x->letter != PUSH_HEAD || x->num != PUSH_VERSION)
		return err_code(s->e, EINVAL, "this is no push of version %d",
		    PUSH_VERSION);
	if (based != (s->record != NULL) || (based &&
	    memcmp(x->digest, s->record->id, INV_DIGEST) != 0))
		return err_code(s->e, PUSH_STALE, "%s has changed meanwhile",
		    s->p->dir);
	return 0;
}

static int
stage_all(struct staging *s)
{
	struct push_item	x;

	if (push_read(s->r, &x, s->e) == -1 || head_check(s, &x) == -1)
		return -1;
	while (push_read(s->r, &x, s->e) == 0) {
		if (x.letter == PUSH_END) {
			memcpy(s->changes->id, x.digest, INV_DIGEST);
			s->changes->identified = true;
			if (push_at_end(s->r, s->e))
				return 0;
			return err_code(s->e, EINVAL, "there is more after its end");
		}
		if (stage_item(s, &x) == -1)
			return -1;
	}
	return -1;
}

int
pushstage_read(struct pushdir *p, const struct inventory *record,
    struct push_reader *r, struct inventory *changes, struct err *e)
{
	struct staging	s = { .p = p, .record = record, .r = r,
		.changes = changes, .now = inv_now(), .e = e };
	int		ret = -1;

	inv_init(changes);
	if ((s.tree = pushdir_stage(p, PUSHDIR_TREE, e)) == -1)
		return -1;
	s.staged = dirs_new(s.tree, 0700);
	s.content = content_new();
	s.target = tree_open_dir(p->work, p->dir, false, NULL);
	if (s.target != -1)
		s.there = dirs_new(s.target, 0);
	ret = stage_all(&s);
	dirs_free(s.there);
	if (s.target != -1)
		close(s.target);
	content_free(s.content);
	dirs_free(s.staged);
	close(s.tree);
	free(s.buf);
	return ret;
}
