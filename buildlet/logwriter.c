/*
 * logwriter.c - appends to a log and keeps it within its limit (execlog.h).
 *
 * The first so many segments are the head and stay; of the others the oldest go
 * first. The segment under way is never removed.
 */
#include "buildlet/execlog.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "buildlet/logdir.h"
#include "io/pipes.h"

#define SEGMENTS	8	/* of a limit; more where that makes them too large */

struct segment {
	struct logseg	at;
	uint64_t	size, payload;
};

struct logwriter {
	int		 dir;
	int		 fd;		/* of the last segment; -1: the next has to be made */
	uint64_t	 limit, seg_max;
	size_t		 heads;		/* so many segments are kept */
	struct segment	*v;		/* what lies there */
	size_t		 n, cap;
	uint64_t	 disk;		/* their sizes */
	uint64_t	 end, output, dropped;
};

struct logwriter *
logwriter_new(int dir, uint64_t limit, uint64_t head)
{
	struct logwriter	*w = xcalloc(1, sizeof *w);

	if (limit < EXECLOG_LIMIT_MIN)
		limit = EXECLOG_LIMIT_MIN;
	w->dir = dir;
	w->fd = -1;
	w->limit = limit;
	w->seg_max = limit / SEGMENTS < LOGSEG_MAX ? limit / SEGMENTS : LOGSEG_MAX;
	if (head > limit - limit / 4)
		head = limit - limit / 4;
	w->heads = (size_t)(head / w->seg_max);
	return w;
}

void
logwriter_free(struct logwriter *w)
{
	if (w == NULL)
		return;
	if (w->fd != -1)
		close(w->fd);
	free(w->v);
	free(w);
}

/* ---- segments ---- */

static void
segment_remove(struct logwriter *w, size_t i)
{
	char	name[LOGSEG_NAME_MAX];

	logseg_name(&w->v[i].at, name);
	unlinkat(w->dir, name, 0);
	w->disk -= w->v[i].size;
	w->dropped += w->v[i].payload;
	memmove(&w->v[i], &w->v[i + 1], (--w->n - i) * sizeof *w->v);
}

/* Segments that cannot be more than one of output each: a disk that is full
 * now and then would make ever more of them. */
static size_t
segments_max(const struct logwriter *w)
{
	return (size_t)(w->limit / w->seg_max) * 2;
}

static bool
is_too_much(const struct logwriter *w, uint64_t disk, size_t n, uint64_t more)
{
	return disk + more > w->limit || n > segments_max(w);
}

static void
make_room(struct logwriter *w, uint64_t more)
{
	size_t	first = w->heads;

	while (first + 1 < w->n && is_too_much(w, w->disk, w->n, more))
		segment_remove(w, first);
}

/* The one that was made ahead, under that name; -1: there is none. */
static int
segment_ahead(struct logwriter *w, const char *name)
{
	struct stat	st;
	int		fd;

	if (w->output > 0 || renameat(w->dir, LOGSEG_AHEAD, w->dir, name) == -1)
		return -1;
	fd = openat(w->dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1 && st.st_size == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

static int
segment_begin(struct logwriter *w)
{
	struct segment	s = { { w->end, w->output }, 0, 0 };
	char		name[LOGSEG_NAME_MAX];

	logseg_name(&s.at, name);
	w->fd = segment_ahead(w, name);
	/* A link or a file that somebody laid there is not written to. */
	if (w->fd == -1)
		w->fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0644);
	if (w->fd == -1 && errno == EEXIST && unlinkat(w->dir, name, 0) == 0)
		w->fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0644);
	if (w->fd == -1)
		return -1;
	if (w->n == w->cap) {
		w->cap = w->cap != 0 ? w->cap * 2 : 8;
		w->v = xreallocarray(w->v, w->cap, sizeof *w->v);
	}
	w->v[w->n++] = s;
	return 0;
}

/* So that the next record begins another one. */
static void
segment_end(struct logwriter *w)
{
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
	/* One that holds nothing has a name that the next may need. */
	if (w->n > 0 && w->v[w->n - 1].size == 0)
		segment_remove(w, w->n - 1);
}

/* ---- appending ---- */

size_t
logwriter_record(const struct logwriter *w)
{
	return w->seg_max - RECORD_HEAD < RECORD_MAX ?
	    (size_t)w->seg_max - RECORD_HEAD : RECORD_MAX;
}

/* Where a payload comes from. */
struct source {
	const char	*p;		/* NULL: */
	int		 pipe;		/* it lies in there */
	size_t		 taken;		/* out of the pipe */
};

static ssize_t
write_some(int fd, const unsigned char *head, struct source *from, size_t len,
    size_t done)
{
	struct iovec	v[2] = { { (void *)(head + done), RECORD_HEAD - done },
			    { (void *)from->p, len } };
	ssize_t		n;

	if (done < RECORD_HEAD)
		return writev(fd, v, from->p != NULL ? 2 : 1);
	done -= RECORD_HEAD;
	if (from->p != NULL)
		return write(fd, from->p + done, len - done);
	n = pipes_move(from->pipe, fd, len - done);
	if (n > 0)
		from->taken += (size_t)n;
	return n;
}

/* Of a record all is written, or none. */
static int
write_whole(int fd, const unsigned char *head, struct source *from, size_t len,
    uint64_t at)
{
	size_t	done = 0;
	ssize_t	n;

	while (done < RECORD_HEAD + len) {
		n = write_some(fd, head, from, len, done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == RECORD_HEAD + len)
		return 0;
	n = errno;
	if (done > 0 && (ftruncate(fd, (off_t)at) == -1 ||
	    lseek(fd, (off_t)at, SEEK_SET) == -1))
		n = errno;	/* the next segment's offset says where this one ends */
	errno = (int)n;
	return -1;
}

static int
add_record(struct logwriter *w, const struct record *r, struct source *from)
{
	unsigned char	head[RECORD_HEAD];
	uint64_t	size = RECORD_HEAD + r->len;
	struct segment	*s;

	if (w->fd != -1 && w->v[w->n - 1].size + size > w->seg_max)
		segment_end(w);
	if (w->fd == -1 && segment_begin(w) == -1)
		return -1;
	make_room(w, size);
	s = &w->v[w->n - 1];
	record_put(head, r);
	if (write_whole(w->fd, head, from, r->len, s->size) == -1)
		return -1;
	s->size += size;
	s->payload += r->len;
	w->disk += size;
	w->end += size;
	w->output += r->len;
	return 0;
}

/* A new segment says where it goes on. */
static int
dropped(struct logwriter *w, size_t len)
{
	int	error = errno;

	segment_end(w);
	w->output += len;
	w->dropped += len;
	errno = error;
	return -1;
}

int
logwriter_add(struct logwriter *w, enum record_kind kind, int64_t time, const void *p,
    size_t len)
{
	struct record	r = { .kind = kind, .time = time };
	struct source	from = { .p = p, .pipe = -1 };
	size_t		max = logwriter_record(w);

	for (; len > 0; from.p += r.len, len -= r.len) {
		r.len = (uint32_t)(len < max ? len : max);
		if (add_record(w, &r, &from) == -1)
			return dropped(w, len);
	}
	return 0;
}

int
logwriter_take(struct logwriter *w, enum record_kind kind, int64_t time, int pipe,
    size_t len)
{
	struct record	r = { .kind = kind, .time = time, .len = (uint32_t)len };
	struct source	from = { .p = NULL, .pipe = pipe };

	if (add_record(w, &r, &from) == 0)
		return 0;
	if (errno == EINVAL && from.taken == 0)
		return -1;
	return dropped(w, from.taken);
}

size_t
logwriter_burst(const struct logwriter *w)
{
	return (size_t)((w->limit - w->heads * w->seg_max) / 4);
}

bool
logwriter_would_cut(const struct logwriter *w, size_t len, uint64_t offset)
{
	uint64_t	disk = w->disk;
	uint64_t	more = len + (len / logwriter_record(w) + 1) * RECORD_HEAD;
	size_t		i, n = w->n + 1;	/* it may begin a segment */

	for (i = w->heads; i + 1 < w->n && is_too_much(w, disk, n, more); i++, n--) {
		if (w->v[i].at.begin + w->v[i].size > offset)
			return true;
		disk -= w->v[i].size;
	}
	return false;
}

uint64_t
logwriter_end(const struct logwriter *w)
{
	return w->end;
}

uint64_t
logwriter_output(const struct logwriter *w)
{
	return w->output;
}

uint64_t
logwriter_dropped(const struct logwriter *w)
{
	return w->dropped;
}
