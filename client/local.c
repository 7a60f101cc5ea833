/*
 * local.c - walks a tree, a directory at a time: its names are read, looked at
 * in the order in which they come, and then taken in the order of bytes; or they
 * are known.
 */
#include "client/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dents.h"
#include "base/dirs.h"
#include "base/path.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "io/digest.h"

#define READ_PIECE	(256 * 1024)
#define MORE		1024		/* entries than there were, to begin with */

struct name {
	char		*name;
	struct stat	 st;
};

struct names {
	struct name	*v;
	size_t		 n, cap;
	bool		 git;		/* a .git is among them */
};

struct scan {
	struct local		*tree;
	const struct ignore	*ignore;
	const struct inventory	*known;		/* NULL: nothing */
	size_t			 at;		/* in that: where we are */
	local_git_fn		 git;
	void			*arg;
	struct dirs		*dirs;
	struct dents		 dents;
	struct str		 path;		/* of what is being looked at */
	struct err		*e;
};

/* --- one directory ------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct name	*x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
names_release(struct names *l)
{
	size_t	i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

static int
names_add(struct scan *s, struct names *l, int dir, const char *name)
{
	struct name	*x;

	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 32 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	x = &l->v[l->n];
	if (fstatat(dir, name, &x->st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : err_errno(s->e, "look at %s/%s%s",
		    s->tree->name, str_text(&s->path), name);
	x->name = xstrdup(name);
	l->n++;
	l->git |= str_eq(name, ".git");
	return 0;
}

/* The descriptor of the directory that s->path, which ends in a '/' or is empty,
 * names. */
static int
dir_open(struct scan *s)
{
	const char	*base;
	int		 fd;

	str_addc(&s->path, '.');
	fd = dirs_of(s->dirs, s->path.s, &base);
	s->path.s[--s->path.len] = '\0';
	return fd;
}

static int
names_read(struct scan *s, struct names *l)
{
	int		 fd = dir_open(s), ret = 0;
	const char	*name;

	if (fd == -1 || dents_begin(&s->dents, fd) == -1)
		return errno == ENOENT && s->path.len > 0 ? 0 : err_errno(s->e,
		    "open %s/%s", s->tree->name, str_text(&s->path));
	while (ret == 0 && (name = dents_next(&s->dents)) != NULL)
		ret = names_add(s, l, fd, name);
	if (ret == 0 && errno != 0)
		ret = err_errno(s->e, "read %s/%s", s->tree->name,
		    str_text(&s->path));
	dents_end(&s->dents);
	if (l->n > 1)
		qsort(l->v, l->n, sizeof *l->v, by_name);
	return ret;
}

/* --- one entry ------------------------------------------------------------------------- */

static int
link_read(struct scan *s, struct inv_entry *x)
{
	char		 target[PATH_WIRE_MAX + 1];
	const char	*name;
	int		 dir = dirs_of(s->dirs, x->path, &name);
	ssize_t		 n = dir == -1 ? -1 : readlinkat(dir, name, target, sizeof target);

	if (n == -1 && (errno == ENOENT || errno == EINVAL)) {
		s->tree->inv.n--;	/* it went, or became something else */
		return 0;
	}
	if (n == (ssize_t)sizeof target) {
		errno = ENAMETOOLONG;
		n = -1;
	}
	if (n == -1)
		return err_errno(s->e, "read link %s/%s", s->tree->name, x->path);
	x->target = inv_keep(&s->tree->inv, target, (size_t)n);
	return 0;
}

static int	scan_dir(struct scan *s, bool out, bool *all);
static int	scan_known(struct scan *s, size_t i);

/* Is it known what the directory x holds? Then that is behind s->known->v[s->at]. */
static bool
is_known(struct scan *s, const struct inv_entry *x)
{
	const struct inv_entry	*old;

	if (s->known == NULL)
		return false;
	s->at = inv_from_here(s->known, s->at, x);
	if (s->at == s->known->n)
		return false;
	old = &s->known->v[s->at];
	return old->settled && old->kind == INV_DIR && old->mtime == x->mtime &&
	    old->ctime == x->ctime && old->ino == x->ino &&
	    inv_order(old, x) == 0;
}

/* The directory that was added last, whose path is s->path. out: it is left out
 * itself, so it stays only if something in it is not. */
static int
scan_below(struct scan *s, bool out)
{
	struct inventory	*inv = &s->tree->inv;
	size_t			 n = inv->n;
	int64_t			 when = inv_now();
	bool			 settled;
	int			 ret;

	str_addc(&s->path, '/');
	if (is_known(s, &inv->v[n - 1])) {
		settled = true;
		ret = scan_known(s, s->at);
	} else {
		/* Nobody has tried how fine the times of directories are. */
		settled = inv_settles(&inv->v[n - 1], when, false);
		ret = scan_dir(s, out, &settled);
	}
	inv->v[n - 1].settled = settled;
	if (out && inv->n == n)
		inv->n--;
	return ret;
}

/* An entry of a directory whose names are known; s->path is its own. */
static int
known_entry(struct scan *s, const struct inv_entry *old)
{
	struct inventory	*inv = &s->tree->inv;
	struct inv_entry	*x;
	struct stat		 st;
	const char		*base;
	int			 dir = dirs_of(s->dirs, old->path, &base);

	if (dir == -1 || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : err_errno(s->e, "look at %s/%s",
		    s->tree->name, old->path);
	x = inv_share(inv, old);
	memset(x, 0, sizeof *x);
	x->path = old->path;
	x->len = old->len;
	x->target = "";
	if (!inv_stat(x, &st)) {
		inv->n--;
		s->tree->skipped++;
		return 0;
	}
	if (x->kind == INV_DIR)
		return scan_below(s, false);
	return x->kind == INV_LINK ? link_read(s, x) : 0;
}

/* What is in the directory s->path, by those behind the one at i. */
static int
scan_known(struct scan *s, size_t i)
{
	const struct inventory	*known = s->known;
	const struct inv_entry	*old;
	struct inv_entry	 end = { .path = NULL };
	size_t			 len = s->path.len;
	int			 ret = 0;

	for (i++; ret == 0 && i < known->n; ) {
		old = &known->v[i];
		if (old->len <= len || memcmp(old->path, s->path.s, len) != 0)
			break;
		str_add(&s->path, old->path + len);
		ret = known_entry(s, old);
		i++;
		if (old->kind == INV_DIR) {	/* past all that is in it */
			s->path.s[s->path.len = old->len] = '\0';
			str_addc(&s->path, '\1');
			end.path = s->path.s;
			end.len = (uint16_t)s->path.len;
			i = inv_from_here(known, i, &end);
		}
		s->path.s[s->path.len = len] = '\0';
	}
	return ret;
}

static int
scan_entry(struct scan *s, const struct name *n, bool out)
{
	struct local		*l = s->tree;
	struct inv_entry	*x, look;
	bool			 dir = S_ISDIR(n->st.st_mode);
	size_t			 len = s->path.len;
	int			 ret = 0;

	str_add(&s->path, n->name);
	out = ignore_match(s->ignore, s->path.s, dir, out);
	if (s->path.len > PATH_WIRE_MAX) {
		ret = err_code(s->e, ENAMETOOLONG, "%s: a path of over %d bytes",
		    l->name, PATH_WIRE_MAX);
	} else if (!out && !inv_stat(&look, &n->st)) {
		l->skipped++;
	} else if (!out || (dir && ignore_reach(s->ignore, s->path.s))) {
		x = inv_add(&l->inv, s->path.s);
		if (inv_stat(x, &n->st) && x->kind == INV_DIR)
			ret = scan_below(s, out);
		else if (x->kind == INV_LINK)
			ret = link_read(s, x);
	}
	s->path.s[s->path.len = len] = '\0';
	return ret;
}

/* What is in the directory s->path. *all becomes false where that must be read the next
 * time, too. */
static int
scan_dir(struct scan *s, bool out, bool *all)
{
	struct names	 l = { .n = 0 };
	char		*path;
	size_t		 i, skipped = s->tree->skipped;
	int		 ret = names_read(s, &l);

	if (ret == 0 && s->git != NULL && l.git) {
		path = xstrndup(str_text(&s->path),
		    s->path.len > 0 ? s->path.len - 1 : 0);
		if ((ret = s->git(s->arg, path, s->e)) == 1) {
			s->known = NULL;
			ret = 0;
		}
		free(path);
	}
	for (i = 0; ret == 0 && i < l.n; i++)
		ret = scan_entry(s, &l.v[i], out);
	names_release(&l);
	if (l.git || s->tree->skipped != skipped)
		*all = false;
	return ret;
}

int
local_scan(struct local *l, const char *dir, const struct ignore *ignore,
    local_git_fn git, void *arg, struct err *e)
{
	return local_scan_again(l, dir, NULL, ignore, git, arg, e);
}

int
local_scan_again(struct local *l, const char *dir, const struct inventory *known,
    const struct ignore *ignore, local_git_fn git, void *arg, struct err *e)
{
	struct scan	s = { .tree = l, .ignore = ignore, .known = known,
		.git = git, .arg = arg, .path = STR_INIT, .e = e };
	bool		all;
	int		ret;

	memset(l, 0, sizeof *l);
	l->name = xstrdup(dir);
	if ((l->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		ret = err_errno(e, "open %s", dir);
	} else {
		s.dirs = dirs_new(l->root, 0);
		if (known != NULL)
			inv_expect(&l->inv, known->n + MORE);
		ret = scan_dir(&s, false, &all);
		dirs_free(s.dirs);
	}
	str_release(&s.path);
	if (ret == -1)
		local_release(l);
	return ret;
}

void
local_release(struct local *l)
{
	inv_release(&l->inv);
	free(l->name);
	if (l->root != -1)
		close(l->root);
	memset(l, 0, sizeof *l);
	l->root = -1;
}

/* --- contents ------------------------------------------------------------------------- */

static int
digest_fd(struct digest *d, int fd)
{
	char	*buf = xmalloc(READ_PIECE);
	ssize_t	 n;

	while ((n = read(fd, buf, READ_PIECE)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		digest_add(d, buf, (size_t)n);
	}
	free(buf);
	return n == 0 ? 0 : -1;
}

int
local_sha1(const struct local *l, const char *path, char out[41], struct err *e)
{
	char		 hex[DIGEST_HEX_MAX];
	struct digest	*d;
	int		 fd, ret;

	fd = openat(l->root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_errno(e, "open %s/%s", l->name, path);
	d = digest_new(DIGEST_SHA1);
	if ((ret = digest_fd(d, fd)) == -1)
		err_errno(e, "read %s/%s", l->name, path);
	digest_hex(d, hex);
	memcpy(out, hex, 41);
	digest_free(d);
	close(fd);
	return ret;
}
