/* pushstage.c - one function for each kind of item. */
#include "buildlet/pushstage.h"
#include "buildlet/pushstage_int.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "data/chunk.h"

#define SECOND		1000000000LL
#define TEXT_MAX	(512UL * 1024 * 1024)	/* paths and targets of one push */

/* --- the list of changes ------------------------------------------------------------ */

struct inv_entry *
stage_add(struct staging *s, const struct push_item *x)
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

int
stage_failed(struct staging *s, const char *path)
{
	return err_errno(s->e, "stage %s", path);
}

int
stage_dir_of(struct staging *s, const char *path, const char **base)
{
	int	dir = dirs_of(s->staged, path, base);

	return dir == -1 ? stage_failed(s, path) : dir;
}

int
stage_open(struct staging *s, const struct push_item *x)
{
	const char	*base;
	int		 dir = stage_dir_of(s, x->path, &base), fd;

	if (dir == -1)
		return -1;
	fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, x->mode);
	return fd == -1 ? stage_failed(s, x->path) : fd;
}

struct timespec
stage_time(const struct staging *s, const struct push_item *x)
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

/* How the file of the last change is, while nobody else can reach it. */
static int
note(struct staging *s, int fd)
{
	struct inv_entry	*y = &s->changes->v[s->changes->n - 1], now;
	struct stat		 st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (inv_stat(&now, &st) && now.mtime == y->mtime) {
		y->ctime = now.ctime;
		y->ino = now.ino;
	}
	return 0;
}

int
stage_close(struct staging *s, const struct push_item *x, int fd, int ret)
{
	const struct timespec	times[2] = { { 0, UTIME_OMIT }, stage_time(s, x) };

	if (ret == 0 && (futimens(fd, times) == -1 || note(s, fd) == -1))
		ret = stage_failed(s, x->path);
	if (close(fd) == -1 && ret == 0)
		ret = stage_failed(s, x->path);
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
		if (!s->sealed)
			content_add(s->content, p, (size_t)n);
		if (file_write_all(fd, p, (size_t)n) == -1)
			return stage_failed(s, path);
	}
	return 0;
}

int
stage_check(struct staging *s, const char *path,
    const unsigned char want[INV_DIGEST])
{
	return memcmp(content_digest(s->content), want, INV_DIGEST) == 0 ? 0 :
	    err_code(s->e, EINVAL, "%s: what came is not what was sent", path);
}

/* The chunks that follow, of which the digest is. */
static int
receive_chunks(struct staging *s, const struct push_item *x, struct inv_entry *y,
    const unsigned char digest[INV_DIGEST])
{
	const unsigned char	*chunks;
	uint32_t		 n, i, len;

	if (push_read_chunks(s->r, &chunks, &n, s->e) == -1)
		return -1;
	content_begin(s->content, x->size);
	for (i = 0; i < n; i++) {
		len = content_chunk_length(chunks + (size_t)i * INV_CHUNK);
		if (len == 0 || len > CHUNK_MAX)
			return err_code(s->e, EINVAL, "%s: a chunk is too long",
			    x->path);
		content_add_chunk(s->content, chunks + (size_t)i * INV_CHUNK);
	}
	content_end(s->content);
	content_tell(s->content, s->changes, y);
	return y->size == x->size ? stage_check(s, x->path, digest) :
	    err_code(s->e, EINVAL, "%s: the chunks are not of its size", x->path);
}

/* The seal tells that content and digest are as they were sent. */
static int
stage_sealed(struct staging *s, const struct push_item *x, struct inv_entry *y, int fd)
{
	unsigned char	digest[INV_DIGEST];

	if (receive(s, fd, x->path, x->size) == -1 ||
	    push_read_digest(s->r, digest, s->e) == -1)
		return -1;
	if (x->size > INV_CHUNKED)
		return receive_chunks(s, x, y, digest);
	memcpy(y->digest, digest, INV_DIGEST);
	y->hashed = true;
	return 0;
}

static int
stage_content(struct staging *s, const struct push_item *x, struct inv_entry *y, int fd)
{
	unsigned char	digest[INV_DIGEST];

	content_begin(s->content, x->size);
	if (receive(s, fd, x->path, x->size) == -1 ||
	    push_read_digest(s->r, digest, s->e) == -1)
		return -1;
	content_end(s->content);
	content_tell(s->content, s->changes, y);
	return stage_check(s, x->path, digest);
}

static int
stage_file(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = stage_add(s, x);
	int			 fd;

	if (y == NULL || (fd = stage_open(s, x)) == -1)
		return -1;
	return stage_close(s, x, fd, s->sealed ? stage_sealed(s, x, y, fd) :
	    stage_content(s, x, y, fd));
}

/* --- the others ------------------------------------------------------------------------- */

static int
stage_dir(struct staging *s, const struct push_item *x)
{
	const char	*base;
	int		 dir;

	if (stage_add(s, x) == NULL || (dir = stage_dir_of(s, x->path, &base)) == -1)
		return -1;
	if (mkdirat(dir, base, x->mode | S_IRWXU) == -1 && errno != EEXIST)
		return stage_failed(s, x->path);
	return 0;
}

static int
stage_link(struct staging *s, const struct push_item *x)
{
	struct inv_entry	*y = stage_add(s, x);
	const char		*base;
	int			 dir;

	if (y == NULL || (dir = stage_dir_of(s, x->path, &base)) == -1)
		return -1;
	y->target = inv_keep(s->changes, x->other, strlen(x->other));
	return symlinkat(x->other, dir, base) == -1 ? stage_failed(s, x->path) : 0;
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
		return stage_add(s, x) != NULL ? 0 : -1;
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
	s->sealed = (x->flags & PUSH_F_SEALED) != 0;
	return 0;
}

/* After PUSH_END. */
static int
end_check(struct staging *s, const struct push_item *x)
{
	memcpy(s->changes->id, x->digest, INV_DIGEST);
	s->changes->identified = true;
	if (!push_at_end(s->r, s->e))
		return err_code(s->e, EINVAL, "there is more after its end");
	if (s->sealed && (s->seal == NULL || !seal_holds(s->seal)))
		return err_code(s->e, EINVAL, "what came is not what was sent");
	return 0;
}

static int
stage_all(struct staging *s)
{
	struct push_item	x;

	if (push_read(s->r, &x, s->e) == -1 || head_check(s, &x) == -1)
		return -1;
	while (push_read(s->r, &x, s->e) == 0) {
		if (x.letter == PUSH_END)
			return end_check(s, &x);
		if (stage_item(s, &x) == -1)
			return -1;
	}
	return -1;
}

int
pushstage_read(struct pushdir *p, const struct inventory *record,
    struct push_reader *r, struct seal *seal, struct inventory *changes,
    struct err *e)
{
	struct staging	s = { .p = p, .record = record, .r = r, .seal = seal,
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
