/* pushcheck.c - a walk along the record, with fstatat. */
#include "buildlet/pushcheck.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "api/pushwire.h"
#include "base/dirs.h"
#include "base/path.h"

struct checking {
	struct pushcheck	*how;
	struct inventory	*record;
	struct dirs		*dirs;
	struct content		*content;	/* NULL until something is read */
	struct str		*items;
	bool			 fine;		/* finetime.h */
	struct err		*e;
};

/* Reads the file into x, whose stat is that of st. 0: it cannot be read, and x
 * is not hashed. */
static int
read_file(struct checking *c, struct inv_entry *x, int dir, const char *base)
{
	struct stat	st;
	int		fd = content_open(dir, base, &st);

	if (fd == -1)
		return 0;
	if (c->content == NULL)
		c->content = content_new();
	x->hashed = content_read(c->content, fd, -1, NULL, NULL,
	    NULL, NULL) == 0;
	close(fd);
	if (!x->hashed)
		return 0;
	content_tell(c->content, c->record, x);
	return 1;
}

/* As x, but with the digest of what is there. Notes in x what was learned. */
static void
look_file(struct checking *c, struct inv_entry *x, struct inv_entry *now,
    const struct stat *st, int dir, const char *base)
{
	int64_t	when = inv_now();	/* before a byte of it is read */

	if (inv_trusts(x, st)) {
		memcpy(now->digest, x->digest, INV_DIGEST);
		now->hashed = true;
		return;
	}
	if (!read_file(c, now, dir, base) ||
	    memcmp(now->digest, x->digest, INV_DIGEST) != 0)
		return;
	now->settled = inv_settles(now, when, c->fine);
	if (now->settled || x->settled) {
		x->mtime = now->mtime;
		x->ctime = now->ctime;
		x->ino = now->ino;
		x->size = now->size;
		x->settled = now->settled;
		x->fresh = true;
		c->how->learned = true;
	}
}

enum sight { GONE, HIDDEN, SEEN };

/* In a directory that somebody has locked: it is told as of the record, but with
 * no content, so that it is sent or removed, whatever it is. */
static enum sight
look_hidden(const struct inv_entry *x, struct inv_entry *now)
{
	*now = *x;
	now->hashed = false;
	now->nchunks = 0;
	memset(now->digest, 0, INV_DIGEST);
	return HIDDEN;
}

/* x as it is now. GONE: there is nothing that could be pushed. */
static enum sight
look(struct checking *c, struct inv_entry *x, struct inv_entry *now)
{
	char		 target[PATH_WIRE_MAX + 1];
	struct stat	 st;
	const char	*base;
	int		 dir = dirs_of(c->dirs, x->path, &base);
	ssize_t		 n;

	memset(now, 0, sizeof *now);
	now->path = x->path;
	now->target = "";
	if (dir == -1 || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == EACCES ? look_hidden(x, now) : GONE;
	if (!inv_stat(now, &st))
		return GONE;
	if (now->kind == INV_FILE) {
		look_file(c, x, now, &st, dir, base);
	} else if (now->kind == INV_LINK) {
		n = readlinkat(dir, base, target, sizeof target - 1);
		if (n <= 0)
			return GONE;
		now->target = inv_keep(c->record, target, (size_t)n);
	}
	return SEEN;
}

static bool
same(const struct inv_entry *x, const struct inv_entry *now)
{
	if (x->kind != now->kind)
		return false;
	if (x->kind == INV_LINK)
		return str_eq(x->target, now->target);
	return x->mode == now->mode && (x->kind == INV_DIR ||
	    (now->hashed && memcmp(x->digest, now->digest, INV_DIGEST) == 0));
}

static bool
is_empty(struct checking *c, const char *path)
{
	const char	*base;
	int		 dir = dirs_of(c->dirs, path, &base), fd;
	struct dirent	*x;
	bool		 empty = true;
	DIR		*d;

	if (dir == -1 || (fd = openat(dir, base, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC)) == -1)
		return false;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return false;
	}
	while (empty && (x = readdir(d)) != NULL)
		empty = str_eq(x->d_name, ".") || str_eq(x->d_name, "..");
	closedir(d);
	return empty;
}

static void
check_one(struct checking *c, struct inv_entry *x)
{
	struct inv_entry	now;
	enum sight		sight;

	if (x->mark == INV_LEFT) {
		if (is_empty(c, x->path))
			push_write_path(c->items, PUSH_EMPTIED, x->path);
		return;
	}
	sight = look(c, x, &now);
	if (sight == GONE)
		push_write_path(c->items, PUSH_GONE, x->path);
	else if (sight == HIDDEN || !same(x, &now))
		push_write_entry(c->items, &now);
}

/* The record itself; with the chunks of a large file, if its content is still
 * what the record says. */
static void
tell_one(struct checking *c, const struct inv_entry *x)
{
	struct inv_entry	now = *x;
	const char		*base;
	int			 dir;

	if (x->mark == INV_LEFT)
		return;
	if (x->kind == INV_FILE && x->size > INV_CHUNKED && x->nchunks == 0 &&
	    (dir = dirs_of(c->dirs, x->path, &base)) != -1 &&
	    read_file(c, &now, dir, base) &&
	    memcmp(now.digest, x->digest, INV_DIGEST) == 0)
		push_write_entry(c->items, &now);
	else
		push_write_entry(c->items, x);
}

static int
tell_all(struct checking *c)
{
	size_t	i;
	int	ret = 0;

	str_addc(c->items, PUSH_ALL);
	for (i = 0; ret == 0 && i < c->record->n; i++) {
		tell_one(c, &c->record->v[i]);
		ret = c->how->out(c->items, c->how->arg, c->e);
	}
	return ret;
}

int
pushcheck(struct pushcheck *how, struct inventory *record, int dir,
    struct str *items, struct err *e)
{
	struct checking	c = { .how = how, .record = record, .items = items,
		.fine = how->fine, .e = e };
	size_t		i;
	int		ret = 0;

	c.dirs = dirs_new(dir, 0);
	if (how->all)
		ret = tell_all(&c);
	str_addc(items, PUSH_DIFFS);
	for (i = 0; ret == 0 && i < record->n; i++) {
		check_one(&c, &record->v[i]);
		ret = how->out(items, how->arg, e);
	}
	dirs_free(c.dirs);
	content_free(c.content);
	return ret;
}
