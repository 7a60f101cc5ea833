/*
 * execlog.c - places in a log: its end, its tail, a time (execlog.h). They are
 * asked for once, not followed, and what is damaged there only makes them less
 * exact: reading from the place tells.
 */
#include "buildlet/execlog.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "buildlet/logdir.h"

#define TAIL_MAX	(16 * 1024 * 1024)
#define TAIL_SEGMENTS	256		/* a tail of very many is not ours */

/* Up to where segment i counts: the next one's begin, the end of the log. */
static uint64_t
seg_size(const struct logsegs *all, size_t i, uint64_t size, uint64_t end)
{
	uint64_t	limit = logsegs_limit(all, i);

	if (limit > end)
		limit = end;
	if (limit < all->v[i].begin)
		return 0;
	return limit - all->v[i].begin < size ? limit - all->v[i].begin : size;
}

/* Opened for walking; -1: it cannot be. */
static int
seg_walk(int dir, const struct logsegs *all, size_t i, uint64_t end, struct logwalk *w)
{
	uint64_t	size;
	int		fd = logseg_open(dir, &all->v[i], &size, NULL);

	if (fd != -1)
		logwalk_init(w, fd, seg_size(all, i, size, end));
	return fd;
}

uint64_t
execlog_end(int dir)
{
	struct logsegs	all = LOGSEGS_INIT;
	struct logwalk	w;
	struct record	r;
	uint64_t	end = 0;
	int		fd;

	if (logsegs_list(&all, dir, NULL) == 0 && all.n > 0) {
		end = all.v[all.n - 1].begin;
		fd = seg_walk(dir, &all, all.n - 1, UINT64_MAX, &w);
		if (fd != -1) {
			while (logwalk_next(&w, &r, NULL) == 1)
				continue;
			end += w.at;
			close(fd);
		}
	}
	logsegs_release(&all);
	return end;
}

uint64_t
execlog_disk(int dir)
{
	struct logsegs	all = LOGSEGS_INIT;
	char		name[LOGSEG_NAME_MAX];
	struct stat	st;
	uint64_t	total = 0;
	size_t		i;

	if (logsegs_list(&all, dir, NULL) == 0)
		for (i = 0; i < all.n; i++) {
			logseg_name(&all.v[i], name);
			if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISREG(st.st_mode))
				total += (uint64_t)st.st_size;
		}
	logsegs_release(&all);
	return total;
}

/* ---- a time ---- */

/* Does segment i begin before that time? */
static bool
seg_is_before(int dir, const struct logsegs *all, size_t i, uint64_t end, int64_t time)
{
	struct logwalk	w;
	struct record	r;
	int		fd = seg_walk(dir, all, i, end, &w);
	bool		before;

	if (fd == -1)
		return false;
	before = logwalk_next(&w, &r, NULL) == 1 && r.time < time;
	close(fd);
	return before;
}

/* In segment i, or the end of it. */
static uint64_t
seg_since(int dir, const struct logsegs *all, size_t i, uint64_t end, int64_t time)
{
	struct logwalk	w;
	struct record	r;
	uint64_t	at = 0;
	int		fd = seg_walk(dir, all, i, end, &w);

	if (fd == -1)
		return all->v[i].begin;
	do
		at = w.at;
	while (logwalk_next(&w, &r, NULL) == 1 && r.time < time);
	close(fd);
	return all->v[i].begin + at;
}

/* Times grow, unless somebody sets the clock; then this is a time at which
 * they did. */
uint64_t
execlog_since(int dir, uint64_t end, int64_t time)
{
	struct logsegs	all = LOGSEGS_INIT;
	size_t		low = 0, high, mid;
	uint64_t	at = end;

	if (logsegs_list(&all, dir, NULL) == 0 && all.n > 0) {
		for (high = all.n; low < high;) {	/* of these low begin before it */
			mid = low + (high - low) / 2;
			if (seg_is_before(dir, &all, mid, end, time))
				low = mid + 1;
			else
				high = mid;
		}
		at = low > 0 ? seg_since(dir, &all, low - 1, end, time) : all.v[0].begin;
	}
	logsegs_release(&all);
	return at < end ? at : end;
}

/* ---- a tail ---- */

/* The last segments, at most TAIL_MAX of them, in memory; what is walked
 * through twice, once to count and once to find. */
struct tail {
	struct logsegs	 all;
	size_t		 first;		/* of all, the first that is looked at */
	unsigned char	*bytes;		/* of one segment */
	size_t		 room, len;
	uint64_t	 begin;		/* its offset */
};

static bool
tail_load(struct tail *t, int dir, size_t i, uint64_t end)
{
	uint64_t	size;
	ssize_t		n;
	int		fd = logseg_open(dir, &t->all.v[i], &size, NULL);

	t->len = 0;
	t->begin = t->all.v[i].begin;
	if (fd == -1)
		return false;
	size = seg_size(&t->all, i, size, end);
	if (size > t->room)		/* it has grown */
		size = t->room;
	n = pread(fd, t->bytes, (size_t)size, 0);
	close(fd);
	t->len = n > 0 ? (size_t)n : 0;
	return true;
}

static void
tail_open(struct tail *t, int dir, uint64_t end)
{
	uint64_t	total = 0, most = 0, size;
	size_t		i;
	int		fd;

	memset(t, 0, sizeof *t);
	if (logsegs_list(&t->all, dir, NULL) == -1)
		t->all.n = 0;
	for (i = t->all.n; i > 0 && t->all.n - i < TAIL_SEGMENTS; i--) {
		fd = logseg_open(dir, &t->all.v[i - 1], &size, NULL);
		if (fd == -1)
			break;
		close(fd);
		size = seg_size(&t->all, i - 1, size, end);
		total += size;
		if (total > TAIL_MAX)
			break;
		most = size > most ? size : most;
	}
	t->first = i;
	t->room = (size_t)most;
	t->bytes = xmalloc(t->room + 1);
}

static void
tail_close(struct tail *t)
{
	free(t->bytes);
	logsegs_release(&t->all);
}

/* What is counted, in the payload of a record. */
struct units {
	bool		 lines;
	uint64_t	 n;		/* found so far */
	uint64_t	 skip;		/* looked for: the place behind so many */
	bool		 open;		/* the last line has no newline */
};

/* Whether the place lies in these; then *at is how many bytes come before it. */
static bool
units_count(struct units *u, const unsigned char *p, size_t len, size_t *at)
{
	const unsigned char	*from = p, *end = p + len, *nl;

	if (!u->lines) {
		*at = u->skip - u->n < len ? (size_t)(u->skip - u->n) : len;
		u->n += len;
		return u->n > u->skip;
	}
	while (u->n < u->skip && (nl = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		from = nl + 1;
		u->n++;
	}
	*at = (size_t)(from - p);
	u->open = len > 0 && end[-1] != '\n';
	return u->n == u->skip && from < end;
}

/* The record at *at, and past it; false: there is no whole one. */
static bool
tail_record(const struct tail *t, size_t *at, const unsigned char **p, size_t *len)
{
	struct record	r;

	if (t->len - *at < RECORD_HEAD || record_get(&r, t->bytes + *at, NULL) == -1 ||
	    t->len - *at - RECORD_HEAD < r.len)
		return false;
	*p = t->bytes + *at + RECORD_HEAD;
	*len = r.len;
	*at += RECORD_HEAD + r.len;
	return true;
}

/* Counts all, or finds the place behind u->skip: true and *place. */
static bool
tail_count(struct tail *t, int dir, uint64_t end, struct units *u, uint64_t *place)
{
	const unsigned char	*p;
	size_t			 i, at, from, len, in;

	u->n = 0;
	for (i = t->first; i < t->all.n; i++) {
		if (!tail_load(t, dir, i, end))
			continue;
		for (at = from = 0; tail_record(t, &at, &p, &len); from = at)
			if (units_count(u, p, len, &in)) {
				*place = t->begin + from + in;
				return true;
			}
	}
	return false;
}

static uint64_t
tail_find(int dir, uint64_t end, bool lines, uint64_t want)
{
	struct units	u = { .lines = lines, .skip = UINT64_MAX };
	struct tail	t;
	uint64_t	place = end, all;

	if (want == 0)
		return end;
	tail_open(&t, dir, end);
	tail_count(&t, dir, end, &u, &place);
	all = u.n + (u.open ? 1 : 0);
	u.skip = all > want ? all - want : 0;
	if (!tail_count(&t, dir, end, &u, &place))
		place = end;
	tail_close(&t);
	return place;
}

uint64_t
execlog_tail_lines(int dir, uint64_t end, uint64_t n)
{
	return tail_find(dir, end, true, n);
}

uint64_t
execlog_tail_bytes(int dir, uint64_t end, uint64_t n)
{
	return tail_find(dir, end, false, n);
}
