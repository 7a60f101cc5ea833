/*
 * logreader.c - reads a log from an offset on (execlog.h).
 *
 * Between two records it may owe the user something that lies in no file: a
 * gap, or a head that is shorter than on disk. What the bytes of a record's
 * payload are does not matter; each head is looked at.
 */
#include "buildlet/execlog.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "buildlet/logdir.h"

#define FILE_MIN	(64 * 1024)	/* less is copied */
#define FILE_HEADS	8		/* looked at for one logreader_file */

struct logreader {
	int		 dir;
	int		 fd;		/* -1: no segment, or its end was reached */
	struct logseg	 seg;		/* of fd */
	uint64_t	 limit;		/* it does not reach beyond */
	bool		 begun;		/* there was a segment */
	uint64_t	 offset;
	uint64_t	 output;	/* bytes of it before offset, where known */
	bool		 known;
	uint32_t	 left;		/* of the payload under way */
	/* To be given first; offset is then `after`. */
	unsigned char	 owed[RECORD_HEAD + RECORD_GAP_LEN];
	size_t		 owed_len;
	uint64_t	 after;
	bool		 cut_off;	/* the next record goes beyond the end that was said */
};

void
logreader_free(struct logreader *rd)
{
	if (rd == NULL)
		return;
	if (rd->fd != -1)
		close(rd->fd);
	free(rd);
}

uint64_t
logreader_offset(const struct logreader *rd)
{
	return rd->offset;
}

/* ---- from segment to segment ---- */

static void
owe_gap(struct logreader *rd, uint64_t next, uint64_t left_out)
{
	const struct record	r = { .kind = RECORD_GAP, .len = RECORD_GAP_LEN };

	record_put(rd->owed, &r);
	record_put_gap(rd->owed + RECORD_HEAD, next, left_out);
	rd->owed_len = RECORD_HEAD + RECORD_GAP_LEN;
	rd->after = next;
}

static int
seg_enter(struct logreader *rd, const struct logsegs *all, size_t i, uint64_t *size,
    struct err *e)
{
	int	fd = logseg_open(rd->dir, &all->v[i], size, e);

	if (fd == -1)
		return -1;
	if (rd->fd != -1)
		close(rd->fd);
	rd->fd = fd;
	rd->seg = all->v[i];
	rd->limit = logsegs_limit(all, i);
	rd->begun = true;
	return 0;
}

/* How much output lies between here and that segment, all of which is gone:
 * each record of it had a head, so less than it took in the log. */
static uint64_t
left_out_before(const struct logreader *rd, const struct logseg *next)
{
	uint64_t	n = next->output - rd->output, most = next->begin - rd->offset;

	if (next->output < rd->output)
		return 0;
	return rd->known || n < most ? n : most;
}

/* Segment i begins at or after offset. */
static int
seg_go_on(struct logreader *rd, const struct logsegs *all, size_t i, struct err *e)
{
	const struct logseg	*next = &all->v[i];
	uint64_t		 left_out = left_out_before(rd, next);

	if (seg_enter(rd, all, i, NULL, e) == -1)
		return -1;
	if (next->begin > rd->offset || (rd->known && left_out > 0))
		owe_gap(rd, next->begin, left_out);
	rd->output = next->output;
	rd->known = true;
	return 0;
}

/* This one is at its end, though offset is not. 1; 0: none follows up to end. */
static int
seg_next(struct logreader *rd, uint64_t end, struct err *e)
{
	struct logsegs	all = LOGSEGS_INIT;
	size_t		i;
	int		ret = logsegs_list(&all, rd->dir, e);

	if (ret == 0) {
		for (i = 0; i < all.n; i++)
			if (all.v[i].begin >= rd->offset && !(rd->begun &&
			    all.v[i].begin == rd->seg.begin &&
			    all.v[i].output <= rd->seg.output))
				break;
		if (i < all.n && all.v[i].begin <= end)
			ret = seg_go_on(rd, &all, i, e) == 0 ? 1 : -1;
	}
	logsegs_release(&all);
	return ret;
}

/* ---- where to begin ---- */

/* Offset lies within that record's payload, s bytes of which are left out. */
static void
owe_head(struct logreader *rd, const struct record *r, uint32_t s)
{
	struct record	rest = *r;

	rest.len -= s;
	record_put(rd->owed, &rest);
	rd->owed_len = RECORD_HEAD;
	rd->after = rd->offset + RECORD_HEAD;
	rd->left = rest.len;
	rd->output += s;
}

/* To offset, in the segment that begins before it; 0: it does not reach it. */
static int
seg_seek(struct logreader *rd, uint64_t size, struct err *e)
{
	uint64_t	want = rd->offset - rd->seg.begin, from;
	struct logwalk	w;
	struct record	r = { .len = 0 };
	int		got = 1;

	if (rd->limit != UINT64_MAX && size > rd->limit - rd->seg.begin)
		size = rd->limit - rd->seg.begin;
	logwalk_init(&w, rd->fd, size);
	while (w.at < want && (got = logwalk_next(&w, &r, e)) == 1)
		continue;
	if (got == -1)
		return -1;
	rd->output = rd->seg.output + w.output;
	rd->known = true;
	if (w.at < want)
		return 0;
	from = w.at - RECORD_HEAD - r.len;
	if (w.at > want && want - from < r.len) {
		rd->output -= r.len;
		owe_head(rd, &r, (uint32_t)(want - from));
	} else
		rd->offset = rd->seg.begin + w.at;
	return 1;
}

/* At a segment's very begin there may be output left out before it, of which
 * the end of the one before tells. */
static int
seek(struct logreader *rd, const struct logsegs *all, struct err *e)
{
	size_t		i = logsegs_find(all, rd->offset);
	uint64_t	size;
	int		ret;

	if (i == all->n || (i == 0 && rd->offset == 0))
		return all->n > 0 ? seg_go_on(rd, all, 0, e) : 0;
	if (i > 0 && all->v[i].begin == rd->offset)
		i--;
	if (seg_enter(rd, all, i, &size, e) == -1 ||
	    (ret = seg_seek(rd, size, e)) == -1)
		return -1;
	if (ret == 1)
		return 0;
	rd->known = false;
	return i + 1 < all->n ? seg_go_on(rd, all, i + 1, e) : 0;
}

struct logreader *
logreader_new(int dir, uint64_t offset, struct err *e)
{
	struct logreader	*rd = xcalloc(1, sizeof *rd);
	struct logsegs		 all = LOGSEGS_INIT;

	rd->dir = dir;
	rd->fd = -1;
	rd->offset = offset;
	rd->known = offset == 0;
	if (logsegs_list(&all, dir, e) == -1 || seek(rd, &all, e) == -1) {
		logreader_free(rd);
		rd = NULL;
	}
	logsegs_release(&all);
	return rd;
}

/* ---- reading ---- */

/* The record at offset; 0: it goes beyond end. */
static int
record_begin(struct logreader *rd, const unsigned char *head, uint64_t end,
    struct err *e)
{
	struct record	r;
	uint64_t	stop = end < rd->limit ? end : rd->limit;

	if (record_get(&r, head, e) == -1)
		return err_wrap(e, "the log is damaged");
	if (r.kind != RECORD_STDOUT && r.kind != RECORD_STDERR)
		return err_set(e, "the log is damaged: it holds a record of kind %d",
		    (int)r.kind);
	if (stop - rd->offset < RECORD_HEAD + (uint64_t)r.len) {
		rd->cut_off = stop == end;
		return rd->cut_off ? 0 : err_set(e, "the log is damaged: a record goes beyond its file");
	}
	rd->offset += RECORD_HEAD;
	rd->left = r.len;
	return 1;
}

static size_t
record_pass(struct logreader *rd, size_t len)
{
	size_t	n = len < rd->left ? len : rd->left;

	rd->left -= (uint32_t)n;
	rd->offset += n;
	rd->output += n;
	return n;
}

/* Of len bytes that lie at offset: how many may be given. */
static ssize_t
judge(struct logreader *rd, const unsigned char *p, size_t len, uint64_t end,
    struct err *e)
{
	size_t	at = 0;
	int	whole = 1;

	while (at < len && whole == 1) {
		if (rd->left > 0) {
			at += record_pass(rd, len - at);
			continue;
		}
		if (len - at < RECORD_HEAD)
			break;
		whole = record_begin(rd, p + at, end, e);
		if (whole == -1 && at == 0)
			return -1;	/* else what comes before it is given first */
		if (whole == 1)
			at += RECORD_HEAD;
	}
	return (ssize_t)at;
}

static size_t
room_for(const struct logreader *rd, size_t max, uint64_t end)
{
	uint64_t	stop = end < rd->limit ? end : rd->limit;

	if (rd->offset >= stop)
		return 0;
	return stop - rd->offset < max ? (size_t)(stop - rd->offset) : max;
}

/* From the present segment; 0: there is no more in it, or none. */
static ssize_t
seg_read(struct logreader *rd, unsigned char *p, size_t max, uint64_t end, struct err *e)
{
	size_t	want = rd->fd != -1 ? room_for(rd, max, end) : 0;
	ssize_t	n;

	if (want == 0)
		return 0;
	n = pread(rd->fd, p, want, (off_t)(rd->offset - rd->seg.begin));
	if (n == -1)
		return err_errno(e, "read the log");
	if (n == 0 && rd->left > 0)
		return err_set(e, "the log is damaged: a record goes beyond its file");
	rd->cut_off = rd->left == 0 && end <= rd->limit && end - rd->offset < RECORD_HEAD;
	return judge(rd, p, (size_t)n, end, e);
}

static size_t
give_owed(struct logreader *rd, unsigned char *p)
{
	size_t	n = rd->owed_len;

	memcpy(p, rd->owed, n);
	rd->owed_len = 0;
	rd->offset = rd->after;
	return n;
}

ssize_t
logreader_read(struct logreader *rd, void *p, size_t max, uint64_t end, struct err *e)
{
	ssize_t	n;
	int	next;

	rd->cut_off = false;
	while (rd->offset < end) {
		if (rd->owed_len > 0)
			return rd->after <= end ? (ssize_t)give_owed(rd, p) : 0;
		n = seg_read(rd, p, max, end, e);
		if (n != 0 || rd->cut_off)
			return n;
		next = seg_next(rd, end, e);
		if (next != 1)
			return next == -1 ? -1 : err_set(e, "the log is damaged: "
			    "nothing lies at offset %llu", (unsigned long long)rd->offset);
	}
	return 0;
}

/* ---- without a copy ---- */

/* The head at offset, passed; false: none that is whole. */
static bool
head_pass(struct logreader *rd, unsigned char head[RECORD_HEAD], uint64_t end)
{
	return pread(rd->fd, head, RECORD_HEAD, (off_t)(rd->offset - rd->seg.begin)) ==
	    RECORD_HEAD && record_begin(rd, head, end, NULL) == 1;
}

bool
logreader_file(struct logreader *rd, uint64_t end, int *fd, int64_t *at, size_t *len)
{
	struct logreader	ahead = *rd;
	unsigned char		head[RECORD_HEAD];
	size_t			most, got;
	struct stat		st;
	int			heads;

	if (rd->owed_len > 0 || rd->fd == -1 || fstat(rd->fd, &st) == -1)
		return false;
	if (end > rd->seg.begin + (uint64_t)st.st_size)
		end = rd->seg.begin + (uint64_t)st.st_size;
	most = room_for(rd, *len, end);
	if (most < FILE_MIN)
		return false;
	got = record_pass(&ahead, most);
	for (heads = 0; heads < FILE_HEADS && most - got > RECORD_HEAD &&
	    head_pass(&ahead, head, end); heads++)
		got += RECORD_HEAD + record_pass(&ahead, most - got - RECORD_HEAD);
	if (got < FILE_MIN)
		return false;
	*fd = rd->fd;
	*at = (int64_t)(rd->offset - rd->seg.begin);
	*len = got;
	return true;
}

void
logreader_skip(struct logreader *rd, size_t len)
{
	unsigned char	head[RECORD_HEAD];

	len -= record_pass(rd, len);
	while (len > 0 && head_pass(rd, head, UINT64_MAX)) {
		if (len < RECORD_HEAD) {	/* the rest of it comes next */
			rd->after = rd->offset;
			rd->offset -= RECORD_HEAD - len;
			rd->owed_len = RECORD_HEAD - len;
			memcpy(rd->owed, head + len, rd->owed_len);
			break;
		}
		len -= RECORD_HEAD;
		len -= record_pass(rd, len);
	}
}
