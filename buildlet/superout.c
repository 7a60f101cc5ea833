/* superout.c - see superout.h. */
#include "buildlet/superout.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xmalloc.h"
#include "io/pipes.h"

#define WIDE		(1024 * 1024)
#define PLAIN		(64 * 1024)	/* that much at once is bulk */
#define ROUNDS		64		/* of one superout_read */
#define TRIES		20		/* a few microseconds */

/* ---- opening ---- */

void
superout_prepare(struct superout *o)
{
	if (o->ahead[0] != -1)
		return;
	if (pipes_open(o->ahead) == -1)
		o->ahead[0] = o->ahead[1] = -1;
	else
		file_nonblock(o->ahead[0], true);
}

static int
pipe_open(struct superout *o, int which, int child[2])
{
	superout_prepare(o);
	if (o->ahead[0] == -1)
		return -1;
	o->fd[which] = o->ahead[0];
	o->wide[which] = o->full[which] = false;
	child[which] = o->ahead[1];
	o->ahead[0] = o->ahead[1] = -1;
	return 0;
}

static int
tty_open(struct superout *o, unsigned rows, unsigned cols, int child[2])
{
	int		 master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
	const char	*name;

	if (master == -1)
		return -1;
	file_cloexec(master);
	o->fd[0] = master;
	o->tty = true;
	if (grantpt(master) == 0 && unlockpt(master) == 0 &&
	    (name = ptsname(master)) != NULL)
		slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave == -1)
		return -1;
	superout_resize(o, rows, cols);
	file_nonblock(master, true);
	child[0] = child[1] = slave;
	return 0;
}

int
superout_open(struct superout *o, enum superout_kind kind, unsigned rows, unsigned cols,
    int child[2])
{
	int	saved;

	o->fd[0] = o->fd[1] = child[0] = child[1] = -1;
	o->tty = false;
	if (kind == SUPEROUT_TTY) {
		if (tty_open(o, rows, cols, child) == 0)
			return 0;
	} else if (pipe_open(o, 0, child) == 0) {
		child[1] = child[0];
		if (kind == SUPEROUT_MERGED)
			return 0;
		if (pipe_open(o, 1, child) == 0) {
			superorder_watch(&o->order, o->fd);
			return 0;
		}
		close(child[0]);
	}
	saved = errno;
	superout_close(o);
	errno = saved;
	return -1;
}

static void
end_of(struct superout *o, int which)
{
	if (o->fd[which] != -1)
		close(o->fd[which]);
	o->fd[which] = -1;
	o->full[which] = false;
}

void
superout_close(struct superout *o)
{
	superorder_unwatch(&o->order);
	end_of(o, 0);
	end_of(o, 1);
	o->len[0] = o->len[1] = 0;
}

bool
superout_waits(const struct superout *o)
{
	return o->len[0] + o->len[1] > 0;
}

bool
superout_done(const struct superout *o)
{
	return o->fd[0] == -1 && o->fd[1] == -1 && !superout_waits(o);
}

nfds_t
superout_poll(const struct superout *o, struct pollfd p[SUPEROUT_FDS])
{
	nfds_t	n = 0;
	int	i;

	for (i = 0; i < 2; i++)
		if (o->fd[i] != -1)
			p[n++] = (struct pollfd){ .fd = o->fd[i], .events = POLLIN };
	return n;
}

/* ---- reading ---- */

/* Who writes that much has more, and waits less with a larger pipe. Not done
 * for all: what a user may have of them is bounded. */
static void
widen(struct superout *o, int which, size_t got)
{
	if (o->wide[which] || o->tty || got < PLAIN)
		return;
	o->wide[which] = true;
#ifdef F_SETPIPE_SZ
	if (fcntl(o->fd[which], F_SETPIPE_SZ, WIDE) == -1)
		pipes_widen(o->fd[which]);
#endif
}

static void
fill(struct superout *o, int which, size_t max)
{
	size_t	room = max > o->len[which] ? max - o->len[which] : 0;
	ssize_t	n;

	if (o->fd[which] == -1 || room == 0)
		return;
	if (o->buf[which] == NULL)
		o->buf[which] = xmalloc(SUPEROUT_READ);
	do
		n = read(o->fd[which], o->buf[which] + o->len[which], room);
	while (n == -1 && errno == EINTR);
	o->full[which] = n > 0 && (size_t)n == room;
	if (n > 0) {
		o->len[which] += (size_t)n;
		widen(o, which, (size_t)n);
	} else if (n == 0 || errno != EAGAIN)	/* EIO: a terminal's end */
		end_of(o, which);
}

/* ---- in order ---- */

static const enum record_kind kinds[2] = { RECORD_STDOUT, RECORD_STDERR };

static void
give(struct superout *o, int which, size_t *from, size_t len, superout_fn fn, void *arg)
{
	fn(kinds[which], o->buf[which] + *from, len, arg);
	*from += len;
}

/* How many lines there are, up to max, and how long these are. */
static size_t
lines(const unsigned char *p, size_t len, size_t max, size_t *length)
{
	const unsigned char	*at = p, *nl;
	size_t			 seen = 0;

	while (at < p + len && seen < max) {
		nl = memchr(at, '\n', (size_t)(p + len - at));
		at = nl != NULL ? nl + 1 : p + len;
		seen++;
	}
	*length = (size_t)(at - p);
	return seen;
}

/* Both have something. What of pipe `which` belongs to its next run? */
static size_t
share(const struct superout *o, int which, size_t from)
{
	const unsigned char	*p = o->buf[which] + from;
	size_t			 len = o->len[which] - from, runs, n = 0;

	runs = (o->order.runs + 1) / 2;
	if (runs == 1)
		return len;
	if (runs > 1)		/* 0, nothing is known: line by line */
		n = lines(p, len, SIZE_MAX, &len) / runs;
	lines(p, len, n > 0 ? n : 1, &len);
	return len;
}

/* Of pipe `which` more may lie there than there was room for, and what is left of
 * the other comes after it: that waits, and the run goes on. */
static void
give_rest(struct superout *o, int which, size_t from[2], superout_fn fn, void *arg)
{
	int	other = !which;
	size_t	rest = o->len[other] - from[other];

	if (!o->full[which] && rest > 0)
		give(o, other, &from[other], rest, fn, arg);
	o->len[other] -= from[other];
	if (o->len[other] > 0)
		memmove(o->buf[other], o->buf[other] + from[other], o->len[other]);
	o->len[which] = 0;
	if (!o->full[which])
		o->order.runs = 0;
	else if (o->order.runs == 0 || o->order.next != which) {
		o->order.next = which;
		o->order.runs++;
	}
}

static void
give_all(struct superout *o, superout_fn fn, void *arg)
{
	size_t	from[2] = { 0, 0 };
	int	which = 0;

	while (from[0] < o->len[0] && from[1] < o->len[1]) {
		which = o->order.runs > 0 ? o->order.next : which;
		give(o, which, &from[which], share(o, which, from[which]), fn, arg);
		which = !which;
		if (o->order.runs > 0) {
			o->order.runs--;
			o->order.next = which;
		}
	}
	which = from[0] == o->len[0] ? 0 : 1;	/* of it nothing is left */
	if (o->len[which] == 0 && o->len[!which] > 0) {
		which = !which;
		give(o, which, &from[which], o->len[which], fn, arg);
	}
	give_rest(o, which, from, fn, arg);
}

/* How many runs were told of, and how many lines there are of either pipe; that
 * there are more lines than runs is all that is asked then. */
struct count {
	size_t	lines[2], runs[2];
};

static void
count_runs(const struct superout *o, struct count *c)
{
	c->runs[o->order.next] = (o->order.runs + 1) / 2;
	c->runs[!o->order.next] = o->order.runs / 2;
}

static void
count_lines(const struct superout *o, struct count *c)
{
	size_t	length;
	int	i;

	for (i = 0; i < 2; i++)
		c->lines[i] = lines(o->buf[i], o->len[i], c->runs[i] + 1, &length);
}

/* Fewer lines than runs: the first was read before it was told of. */
static void
drop_stale(struct superout *o, struct count *c)
{
	int	next;

	for (count_runs(o, c);; count_runs(o, c)) {
		next = o->order.next;
		if (c->lines[next] < c->runs[next]) {
			o->order.runs--;
			o->order.next = !next;
		} else if (c->lines[!next] < c->runs[!next])
			o->order.runs -= 2;	/* what stood around it is one run */
		else
			return;
	}
}

/* Whether something was told. A write is told of a moment after it was made:
 * where more is there than was told of that is waited for. */
static bool
look_again(struct superout *o, const struct count *c)
{
	bool	told = superorder_look(&o->order);
	int	tries;

	if (!told && c->lines[0] > 0 && c->lines[1] > 0 && o->order.fd != -1 &&
	    (c->lines[0] > c->runs[0] || c->lines[1] > c->runs[1]))
		for (tries = 0; !told && tries < TRIES; tries++)
			told = superorder_look(&o->order);
	return told;
}

/* What was told of before a look at the pipes is in them then; so they are
 * looked at until nothing more was told, or the order is exact. */
static void
fill_both(struct superout *o, size_t max)
{
	struct count	c;
	int		rounds;

	superorder_look(&o->order);
	for (rounds = 1; ; rounds++) {
		fill(o, 0, max);
		fill(o, 1, max);
		count_runs(o, &c);
		count_lines(o, &c);
		drop_stale(o, &c);
		if (rounds == ROUNDS || (c.lines[0] > 0 && c.lines[1] > 0 &&
		    c.lines[0] == c.runs[0] && c.lines[1] == c.runs[1]) ||
		    !look_again(o, &c))
			break;
	}
}

void
superout_read(struct superout *o, size_t max, superout_fn fn, void *arg)
{
	if (o->fd[1] == -1 && o->len[1] == 0)
		fill(o, 0, max);
	else
		fill_both(o, max);
	give_all(o, fn, arg);
}

/* ---- bulk ---- */

/* What lies there came before all that the other pipe, looked at afterwards and
 * empty, will hold. So what was told of the order until then is used up. */
static bool
is_all(struct superout *o, int which)
{
	if (o->fd[!which] == -1)
		return true;
	superorder_look(&o->order);
	if (pipes_filled(o->fd[!which]) > 0)
		return false;
	o->order.runs = 0;
	return true;
}

size_t
superout_bulk(struct superout *o, size_t max, int *fd, enum record_kind *kind)
{
	size_t	n;
	int	i;

	if (o->tty || superout_waits(o))
		return 0;
	for (i = 0; i < 2; i++) {
		if (o->fd[i] == -1 || !o->wide[i] ||
		    (n = pipes_filled(o->fd[i])) < PLAIN || !is_all(o, i))
			continue;
		*fd = o->fd[i];
		*kind = kinds[i];
		return n < max ? n : max;
	}
	return 0;
}

/* ---- a terminal ---- */

int
superout_tty_dup(const struct superout *o)
{
	return fcntl(o->fd[0], F_DUPFD_CLOEXEC, 3);
}

void
superout_resize(const struct superout *o, unsigned rows, unsigned cols)
{
	const struct winsize	size = { .ws_row = (unsigned short)rows,
				    .ws_col = (unsigned short)cols };

	if (o->tty && o->fd[0] != -1)
		ioctl(o->fd[0], TIOCSWINSZ, &size);
}

pid_t
superout_foreground(const struct superout *o)
{
	pid_t	group = o->tty && o->fd[0] != -1 ? tcgetpgrp(o->fd[0]) : 0;

	return group > 0 ? group : 0;
}
