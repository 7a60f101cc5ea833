/* logdir.c - see logdir.h. */
#include "buildlet/logdir.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"

#define SEGMENTS_MAX	(64 * 1024)	/* more are not ours */
#define ENTRIES_MAX	(256 * 1024)
#define DIGITS		16

/* ---- names ---- */

void
logseg_name(const struct logseg *s, char name[LOGSEG_NAME_MAX])
{
	snprintf(name, LOGSEG_NAME_MAX, "log-%016llx-%016llx",
	    (unsigned long long)s->begin, (unsigned long long)s->output);
}

static bool
parse_hex(const char *s, uint64_t *out)
{
	uint64_t	v = 0;
	int		i, digit;

	for (i = 0; i < DIGITS; i++) {
		digit = s[i] >= 'A' && s[i] <= 'F' ? -1 : str_hex_value(s[i]);
		if (digit == -1)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*out = v;
	return true;
}

bool
logseg_parse(struct logseg *s, const char *name)
{
	return str_starts(name, "log-") && parse_hex(name + 4, &s->begin) &&
	    name[4 + DIGITS] == '-' && parse_hex(name + 5 + DIGITS, &s->output) &&
	    name[5 + 2 * DIGITS] == '\0';
}

/* ---- a directory ---- */

static int
seg_order(const void *a, const void *b)
{
	const struct logseg	*x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return (x->output > y->output) - (x->output < y->output);
}

static void
segs_add(struct logsegs *all, const struct logseg *s)
{
	if (all->n == all->cap) {
		all->cap = all->cap != 0 ? all->cap * 2 : 16;
		all->v = xreallocarray(all->v, all->cap, sizeof *all->v);
	}
	all->v[all->n++] = *s;
}

static int
segs_read(struct logsegs *all, DIR *d, struct err *e)
{
	struct logseg	 s;
	struct dirent	*ent;
	size_t		 seen = 0;

	while ((ent = readdir(d)) != NULL) {
		if (++seen > ENTRIES_MAX || all->n >= SEGMENTS_MAX)
			return err_set(e, "read the log: its directory holds too many files");
		if (logseg_parse(&s, ent->d_name))
			segs_add(all, &s);
	}
	return 0;
}

int
logsegs_list(struct logsegs *all, int dir, struct err *e)
{
	int	 fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR	*d = fd != -1 ? fdopendir(fd) : NULL;
	int	 ret;

	all->n = 0;
	if (d == NULL) {
		err_errno(e, "read the log's directory");
		if (fd != -1)
			close(fd);
		return -1;
	}
	ret = segs_read(all, d, e);
	closedir(d);
	if (all->n > 1)
		qsort(all->v, all->n, sizeof *all->v, seg_order);
	return ret;
}

void
logsegs_release(struct logsegs *all)
{
	free(all->v);
	*all = (struct logsegs)LOGSEGS_INIT;
}

uint64_t
logsegs_limit(const struct logsegs *all, size_t i)
{
	return i + 1 < all->n ? all->v[i + 1].begin : UINT64_MAX;
}

size_t
logsegs_find(const struct logsegs *all, uint64_t offset)
{
	size_t	i = all->n;

	while (i > 0 && all->v[i - 1].begin > offset)
		i--;
	return i > 0 ? i - 1 : all->n;
}

int
logseg_open(int dir, const struct logseg *s, uint64_t *size, struct err *e)
{
	char		name[LOGSEG_NAME_MAX];
	struct stat	st;
	int		fd;

	logseg_name(s, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return err_errno(e, "open the log's %s", name);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, "the log is damaged: %s is no file", name);
	}
	if (size != NULL)
		*size = (uint64_t)st.st_size;
	return fd;
}

/* ---- from head to head ---- */

void
logwalk_init(struct logwalk *w, int fd, uint64_t size)
{
	w->fd = fd;
	w->size = size;
	w->at = w->output = w->buf_at = 0;
	w->have = 0;
}

/* The head at w->at; NULL: there is none, or errno. */
static const unsigned char *
walk_head(struct logwalk *w)
{
	ssize_t	n;

	errno = 0;
	if (w->at > w->size || w->size - w->at < RECORD_HEAD)
		return NULL;
	if (w->at < w->buf_at || w->at + RECORD_HEAD > w->buf_at + w->have) {
		n = pread(w->fd, w->buf, sizeof w->buf, (off_t)w->at);
		w->buf_at = w->at;
		w->have = n > 0 ? (size_t)n : 0;
		if (w->have < RECORD_HEAD)
			return NULL;
	}
	return w->buf + (w->at - w->buf_at);
}

int
logwalk_next(struct logwalk *w, struct record *r, struct err *e)
{
	const unsigned char	*head = walk_head(w);

	if (head == NULL)
		return errno != 0 ? err_errno(e, "read the log") : 0;
	if (record_get(r, head, e) == -1)
		return err_wrap(e, "the log is damaged");
	if (r->kind != RECORD_STDOUT && r->kind != RECORD_STDERR)
		return err_set(e, "the log is damaged: it holds a record of kind %d",
		    (int)r->kind);
	if (w->size - w->at < RECORD_HEAD + (uint64_t)r->len)
		return 0;
	w->at += RECORD_HEAD + r->len;
	w->output += r->len;
	return 1;
}
