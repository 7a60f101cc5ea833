/* pushplace.c - the renames of a push. */
#include "buildlet/pushplace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/content.h"
#include "base/dirs.h"
#include "base/file.h"
#include "base/path.h"
#include "base/tree.h"
#include "base/xmalloc.h"

#define COPY_SIZE	(128 * 1024)

/* A directory that gets this mode in the end. */
struct later {
	char	*path;
	mode_t	 mode;
	bool	 wanted;	/* by the push; else it had that before unlock */
	size_t	 order;
};

struct place {
	bool		 again;
	int		 tree, aside;
	struct dirs	*staged, *there;
	unsigned long	 moved;		/* names in aside */
	struct later	*later;
	size_t		 n, cap;
};

struct place *
place_new(struct pushdir *p, int target, bool again, struct err *e)
{
	struct place	*t = xcalloc(1, sizeof *t);

	t->again = again;
	t->aside = -1;
	if ((t->tree = pushdir_stage(p, PUSHDIR_TREE, e)) == -1 ||
	    (t->aside = pushdir_stage(p, PUSHDIR_ASIDE, e)) == -1) {
		if (t->tree != -1)
			close(t->tree);
		free(t);
		return NULL;
	}
	t->staged = dirs_new(t->tree, 0);
	t->there = dirs_new(target, 0);
	return t;
}

static int
failed(const char *path, struct err *e)
{
	return err_errno(e, "put %s into place", path);
}

/* --- modes of directories --------------------------------------------------------- */

static void
later_add(struct place *t, const char *path, mode_t mode, bool wanted)
{
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 16 : t->cap * 2;
		t->later = xreallocarray(t->later, t->cap, sizeof *t->later);
	}
	t->later[t->n] = (struct later){ xstrdup(path), mode, wanted, t->n };
	t->n++;
}

/* Children before parents; of one path what is wanted first, then what it had
 * at first. */
static int
later_order(const void *a, const void *b)
{
	const struct later	*x = a, *y = b;
	int			 r = inv_compare(y->path, x->path);

	if (r == 0)
		r = y->wanted - x->wanted;
	return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

/* Makes the directory path, which is base in at, ours to change. 1: that changed
 * something, 0: it was, -1: there is none. */
static int
unlock_one(struct place *t, const char *path, int at, const char *base)
{
	struct stat	st;

	if (fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISDIR(st.st_mode))
		return -1;
	if ((st.st_mode & S_IRWXU) == S_IRWXU ||
	    fchmodat(at, base, (st.st_mode & 0777) | S_IRWXU, 0) == -1)
		return 0;
	later_add(t, path, st.st_mode & 0777, false);
	return 1;
}

/* After EACCES: the directory that holds path, and those above it. True if that
 * changed anything. */
static bool
unlock(struct place *t, const char *path)
{
	char		*dir = path_dir(path), *slash;
	const char	*base;
	bool		 any = false;
	int		 at, r;

	dirs_forget(t->there);
	for (slash = strchr(dir, '/'); !str_eq(dir, "."); ) {
		if (slash != NULL)
			*slash = '\0';
		if ((at = dirs_of(t->there, dir, &base)) == -1 ||
		    (r = unlock_one(t, dir, at, base)) == -1)
			break;
		any |= r == 1;
		if (slash == NULL)
			break;
		*slash = '/';
		slash = strchr(slash + 1, '/');
	}
	free(dir);
	return any;
}

static int
there_of(struct place *t, const char *path, const char **base)
{
	int	at = dirs_of(t->there, path, base);

	if (at == -1 && errno == EACCES && unlock(t, path))
		at = dirs_of(t->there, path, base);
	return at;
}

/* --- moving ------------------------------------------------------------------------- */

int
place_look(struct place *t, const char *path, struct stat *st, struct err *e)
{
	const char	*base;
	int		 at = there_of(t, path, &base), r;

	r = at == -1 ? -1 : fstatat(at, base, st, AT_SYMLINK_NOFOLLOW);
	/* A directory can be opened, and yet not let us in. */
	if (at != -1 && r == -1 && errno == EACCES && unlock(t, path) &&
	    (at = there_of(t, path, &base)) != -1)
		r = fstatat(at, base, st, AT_SYMLINK_NOFOLLOW);
	if (r == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 :
	    err_errno(e, "look at %s", path);
}

static int
copy_bytes(int in, int out)
{
	char	*buf = xmalloc(COPY_SIZE);
	ssize_t	 n;

	while ((n = file_read_full(in, buf, COPY_SIZE)) > 0)
		if (file_write_all(out, buf, (size_t)n) == -1) {
			n = -1;
			break;
		}
	free(buf);
	return (int)n;
}

/* Between two file systems: beside it, then over it. */
static int
copy_file(int from, const char *name, int to, const char *base)
{
	char		temp[TREE_TEMP_MAX];
	struct stat	st;
	int		in = content_open(from, name, &st), out, ret;

	if (in == -1)
		return -1;
	tree_temp_name(temp);
	out = openat(to, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, st.st_mode & 0777);
	ret = out == -1 ? -1 : copy_bytes(in, out);
	if (ret == 0)
		ret = futimens(out, (struct timespec[2]){ { 0, UTIME_OMIT },
		    { st.st_mtime, 0 } });
	if (out != -1 && close(out) == -1)
		ret = -1;
	close(in);
	if (ret == 0)
		ret = renameat(to, temp, to, base);
	if (ret == -1 && out != -1)
		unlinkat(to, temp, 0);
	return ret;
}

static int
copy_link(int from, const char *name, int to, const char *base)
{
	char	target[PATH_WIRE_MAX + 1], temp[TREE_TEMP_MAX];
	ssize_t	n = readlinkat(from, name, target, sizeof target - 1);

	if (n == -1)
		return -1;
	target[n] = '\0';
	tree_temp_name(temp);
	if (symlinkat(target, to, temp) == -1)
		return -1;
	return renameat(to, temp, to, base);
}

static int
copy_over(const struct inv_entry *x, int from, const char *name, int to,
    const char *base)
{
	switch (x->kind) {
	case INV_DIR:
		return mkdirat(to, base, x->mode | S_IRWXU);
	case INV_LINK:
		return copy_link(from, name, to, base);
	default:
		return copy_file(from, name, to, base);
	}
}

/* What is in the way goes aside, to be removed when all is done. A directory must
 * be writable for that itself. */
static int
make_room(struct place *t, const char *path, int to, const char *base)
{
	char	name[32];

	do
		snprintf(name, sizeof name, "%lu", t->moved++);
	while (faccessat(t->aside, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	if (renameat(to, base, t->aside, name) == 0 || (errno == EACCES &&
	    unlock_one(t, path, to, base) == 1 &&
	    renameat(to, base, t->aside, name) == 0))
		return 0;
	return errno == EXDEV ? tree_remove(to, base, NULL) : -1;
}

/* One try. 1: with all below it. */
static int
move(struct place *t, const struct inv_entry *x, int to, const char *base,
    bool room)
{
	const char	*name;
	int		 from = dirs_of(t->staged, x->path, &name);

	if (from == -1)
		return -1;
	if (room && make_room(t, x->path, to, base) == -1)
		return -1;
	if (renameat(from, name, to, base) == 0)
		return x->kind == INV_DIR;
	return errno == EXDEV ? copy_over(x, from, name, to, base) : -1;
}

static int
move_unlocking(struct place *t, const struct inv_entry *x, bool room)
{
	const char	*base;
	int		 to = there_of(t, x->path, &base), r;

	if (to == -1)
		return -1;
	r = move(t, x, to, base, room);
	if (r == -1 && (errno == EACCES || errno == EPERM) &&
	    unlock(t, x->path) && (to = there_of(t, x->path, &base)) != -1)
		r = move(t, x, to, base, room);
	return r;
}

int
place_put(struct place *t, const struct inv_entry *x, struct err *e)
{
	struct stat	st;
	int		there = place_look(t, x->path, &st, e), r;

	if (there == -1)
		return -1;
	if (there && x->kind == INV_DIR && S_ISDIR(st.st_mode))
		return place_mode(t, x, e);
	r = move_unlocking(t, x, there && (S_ISDIR(st.st_mode) || x->kind == INV_DIR));
	if (r == -1 && errno == ENOENT && t->again && there)
		r = 0;		/* it was moved before the crash */
	if (r == -1)
		return failed(x->path, e);
	if (x->kind == INV_DIR && (x->mode & S_IRWXU) != S_IRWXU)
		later_add(t, x->path, x->mode, true);
	return r;
}

int
place_mode(struct place *t, const struct inv_entry *x, struct err *e)
{
	struct stat	 st;
	const char	*base;
	int		 at = there_of(t, x->path, &base);

	if (at == -1 || fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return failed(x->path, e);
	if (S_ISDIR(st.st_mode)) {
		/* It may have been unlocked, or may yet be. */
		later_add(t, x->path, x->mode, true);
		return 0;
	}
	if ((st.st_mode & 0777) == x->mode)
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_code(e, ENOENT, "%s: it is not there", x->path);
	return fchmodat(at, base, x->mode, 0) == -1 ? failed(x->path, e) : 0;
}

/* --- removing ------------------------------------------------------------------------- */

static int
unlink_one(struct place *t, const char *path, int flags)
{
	const char	*base;
	int		 at = there_of(t, path, &base), r;

	if (at == -1)
		return -1;
	r = unlinkat(at, base, flags);
	if (r == -1 && (errno == EACCES || errno == EPERM) &&
	    unlock(t, path) && (at = there_of(t, path, &base)) != -1)
		r = unlinkat(at, base, flags);
	return r;
}

int
place_remove(struct place *t, const struct inv_entry *old, struct err *e)
{
	struct inv_entry	now;
	struct stat		st;
	int			there = place_look(t, old->path, &st, e);

	if (there != 1)
		return there == 0 ? 1 : -1;
	if (!inv_stat(&now, &st) || now.kind != old->kind)
		return 1;
	if (unlink_one(t, old->path, old->kind == INV_DIR ? AT_REMOVEDIR : 0) == 0 ||
	    errno == ENOENT)
		return 1;
	if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY)
		return 0;
	return err_errno(e, "remove %s", old->path);
}

/* --- the end ------------------------------------------------------------------------------ */

static int
apply(struct place *t, const struct later *l)
{
	const char	*base;
	struct stat	 st;
	int		 at = dirs_of(t->there, l->path, &base);

	if (at == -1 || fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	return S_ISDIR(st.st_mode) ? fchmodat(at, base, l->mode, 0) : 0;
}

int
place_finish(struct place *t, struct err *e)
{
	size_t	i;
	int	ret = 0;

	if (t->n > 1)
		qsort(t->later, t->n, sizeof *t->later, later_order);
	dirs_forget(t->there);
	for (i = 0; i < t->n; i++)
		if ((i == 0 || !str_eq(t->later[i].path, t->later[i - 1].path)) &&
		    apply(t, &t->later[i]) == -1 && ret == 0)
			ret = failed(t->later[i].path, e);
	for (i = 0; i < t->n; i++)
		free(t->later[i].path);
	free(t->later);
	dirs_free(t->staged);
	dirs_free(t->there);
	close(t->tree);
	close(t->aside);
	free(t);
	return ret;
}
