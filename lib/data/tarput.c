/*
 * tarput.c - putting entries into a tree (tarput.h).
 *
 * Everything is relative to the descriptor of the directory that holds the
 * entry, opened without following any symbolic link below the root; the last
 * one stays open, since the next entry mostly lies in it, too.
 */
#include "data/tarput.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/tree.h"
#include "base/xmalloc.h"

#define TEMP_TRIES	16
#define DIRS_TEXT_MAX	(64 * 1024 * 1024)	/* what we remember of directories */

/* A directory whose mode and mtime are set at the end. */
struct later {
	char		*name;
	mode_t		 mode;
	struct timespec	 mtime;		/* or UTIME_OMIT */
	size_t		 order;		/* of the archive */
};

struct tarput {
	int		 root;
	int		 dir;		/* of `parent`; -1 none */
	char		*parent;
	int		 fd;		/* the file being written; -1 none */
	char		*base;		/* its name in dir */
	char		 temp[TREE_TEMP_MAX];
	struct later	*later;
	size_t		 n, cap, text;
};

/* ---- directories for later ---- */

static int
remember(struct tarput *p, const char *name, mode_t mode,
    const struct timespec *mtime, struct err *e)
{
	struct later	*l;

	p->text += strlen(name) + sizeof *l;
	if (p->text > DIRS_TEXT_MAX)
		return err_code(e, EINVAL, "too many directories");
	if (p->n == p->cap) {
		p->cap = p->cap != 0 ? p->cap * 2 : 64;
		p->later = xreallocarray(p->later, p->cap, sizeof *p->later);
	}
	l = &p->later[p->n];
	l->name = xstrdup(name);
	l->mode = mode & 0777;
	l->mtime = mtime != NULL ? *mtime : (struct timespec){ 0, UTIME_OMIT };
	l->order = p->n++;
	return 0;
}

/* Children before their parents, of one name the last before the earlier. */
static int
later_order(const void *a, const void *b)
{
	const struct later	*x = a, *y = b;
	int			 r = strcmp(y->name, x->name);

	return r != 0 ? r : (x->order < y->order) - (x->order > y->order);
}

static int
apply(int root, const struct later *l)
{
	const struct timespec	times[2] = { { 0, UTIME_OMIT }, l->mtime };
	struct err		why = ERR_INIT;
	int			fd, r;

	fd = tree_open_dir_strict(root, l->name, false, &why);
	if (fd == -1) {
		errno = why.code;	/* of the first three: something has replaced it */
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	}
	r = futimens(fd, times);
	if (fchmod(fd, l->mode) == -1)
		r = -1;
	close(fd);
	return r;
}

int
tarput_finish(struct tarput *p, struct err *e)
{
	int	ret = 0;
	size_t	i;

	tarput_file_drop(p);
	if (p->dir != -1)
		close(p->dir);
	if (p->n > 1)
		qsort(p->later, p->n, sizeof *p->later, later_order);
	for (i = 0; i < p->n; i++) {
		if (i > 0 && strcmp(p->later[i].name, p->later[i - 1].name) == 0)
			continue;
		if (apply(p->root, &p->later[i]) == -1 && ret == 0)
			ret = err_errno(e, "directory %s", p->later[i].name);
	}
	for (i = 0; i < p->n; i++)
		free(p->later[i].name);
	free(p->later);
	free(p->parent);
	free(p);
	return ret;
}

struct tarput *
tarput_new(int root)
{
	struct tarput	*p = xcalloc(1, sizeof *p);

	p->root = root;
	p->dir = p->fd = -1;
	return p;
}

/* ---- the directory of an entry ---- */

/* why: of tree_open_dir_strict. */
static int
parent_failed(const char *dir, const struct err *why, struct err *e)
{
	switch (why->code) {
	case ELOOP:
		return err_code(e, EINVAL, "its directory %s is or lies behind a symbolic link", dir);
	case ENOTDIR:
		return err_code(e, EINVAL, "its directory %s is not a directory", dir);
	case ENAMETOOLONG:
		return err_code(e, EINVAL, "its directory %s: the name is too long", dir);
	default:
		return err_code(e, why->code, "its %s", why->msg);
	}
}

/* p->dir becomes the directory that holds name. */
static int
enter(struct tarput *p, const char *name, struct err *e)
{
	char		*dir = path_dir(name);
	struct err	 why = ERR_INIT;

	if (p->dir != -1 && strcmp(dir, p->parent) == 0) {
		free(dir);
		return 0;
	}
	if (p->dir != -1)
		close(p->dir);
	free(p->parent);
	p->parent = dir;
	p->dir = tree_open_dir_strict(p->root, dir, true, &why);
	return p->dir == -1 ? parent_failed(dir, &why, e) : 0;
}

/* After EACCES: a directory of ours that was there already and is read-only
 * becomes writable, until the end. */
static bool
unlock(struct tarput *p)
{
	struct stat	st;

	return fstat(p->dir, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU &&
	    remember(p, p->parent, st.st_mode, NULL, NULL) == 0 &&
	    fchmod(p->dir, (st.st_mode & 0777) | S_IRWXU) == 0;
}

/* ---- names in it ---- */

static int
too_long(const char *base, struct err *e)
{
	return strlen(base) > NAME_MAX ?
	    err_code(e, EINVAL, "the name is too long") : 0;
}

/* Renames p->temp to base, where an empty directory may be in the way. */
static int
put_in_place(struct tarput *p, const char *base, struct err *e)
{
	if (renameat(p->dir, p->temp, p->dir, base) == 0)
		return 0;
	if (errno == EISDIR) {
		if (unlinkat(p->dir, base, AT_REMOVEDIR) == 0 &&
		    renameat(p->dir, p->temp, p->dir, base) == 0)
			return 0;
		if (errno == ENOTEMPTY || errno == EEXIST || errno == EISDIR)
			err_code(e, EINVAL, "a directory that is not empty is in its place");
		else
			err_errno(e, "replace the directory in its place");
	} else
		err_errno(e, "put it in place");
	unlinkat(p->dir, p->temp, 0);
	return -1;
}

static int
open_temp(struct tarput *p, mode_t mode)
{
	int	fd = -1, tries;
	bool	unlocked = false;

	for (tries = 0; tries < TEMP_TRIES; tries++) {
		tree_temp_name(p->temp);
		fd = openat(p->dir, p->temp, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, mode & 0777);
		if (fd != -1)
			break;
		if (errno == EACCES && !unlocked && unlock(p))
			unlocked = true;
		else if (errno != EEXIST)
			break;
	}
	return fd;
}

int
tarput_file_begin(struct tarput *p, const char *name, mode_t mode, struct err *e)
{
	if (too_long(path_base(name), e) == -1 || enter(p, name, e) == -1)
		return -1;
	p->fd = open_temp(p, mode);
	if (p->fd == -1)
		return err_errno(e, "create");
	p->base = xstrdup(path_base(name));
	return p->fd;
}

static void
file_forget(struct tarput *p)
{
	free(p->base);
	p->base = NULL;
	p->fd = -1;
}

int
tarput_file_end(struct tarput *p, const struct timespec *mtime, struct err *e)
{
	const struct timespec	times[2] = { { 0, UTIME_OMIT }, *mtime };
	int			r = futimens(p->fd, times);

	if (close(p->fd) == -1 || r == -1) {
		err_errno(e, "finish");
		unlinkat(p->dir, p->temp, 0);
		r = -1;
	} else
		r = put_in_place(p, p->base, e);
	file_forget(p);
	return r;
}

void
tarput_file_drop(struct tarput *p)
{
	if (p->fd == -1)
		return;
	close(p->fd);
	unlinkat(p->dir, p->temp, 0);
	file_forget(p);
}

/* ---- directories and links ---- */

/* Makes the directory base; what is there and no directory gives way. */
static int
make_dir(struct tarput *p, const char *base)
{
	struct stat	st;
	bool		unlocked = false;
	int		tries;

	for (tries = 0; tries < TEMP_TRIES; tries++) {
		if (mkdirat(p->dir, base, 0755) == 0)
			return 0;
		if (errno == EACCES && !unlocked) {
			if (!unlock(p))
				return -1;
			unlocked = true;
			continue;
		}
		if (errno != EEXIST ||
		    fstatat(p->dir, base, &st, AT_SYMLINK_NOFOLLOW) == -1)
			return -1;
		if (S_ISDIR(st.st_mode)) {
			if ((st.st_mode & S_IRWXU) == S_IRWXU)
				return 0;
			return fchmodat(p->dir, base, (st.st_mode & 0777) | S_IRWXU,
			    AT_SYMLINK_NOFOLLOW);
		}
		if (unlinkat(p->dir, base, 0) == -1 && errno != EACCES)
			return -1;
		if (errno == EACCES && !unlocked)
			unlocked = unlock(p);
	}
	return -1;
}

int
tarput_dir(struct tarput *p, const char *name, mode_t mode,
    const struct timespec *mtime, struct err *e)
{
	if (too_long(path_base(name), e) == -1 || enter(p, name, e) == -1)
		return -1;
	if (make_dir(p, path_base(name)) == -1)
		return err_errno(e, "make the directory");
	return remember(p, name, mode, mtime, e);
}

static int
make_symlink(struct tarput *p, const char *base, const char *target,
    struct err *e)
{
	int	r = symlinkat(target, p->dir, base);

	if (r == -1 && errno == EACCES && unlock(p))
		r = symlinkat(target, p->dir, base);
	if (r == 0)
		return 0;
	if (errno == ENAMETOOLONG)
		return err_code(e, EINVAL, "the link is too long");
	if (errno != EEXIST)
		return err_errno(e, "make the link");
	tree_temp_name(p->temp);
	if (symlinkat(target, p->dir, p->temp) == -1)
		return err_errno(e, "make the link");
	return put_in_place(p, base, e);
}

int
tarput_symlink(struct tarput *p, const char *name, const char *target,
    const struct timespec *mtime, struct err *e)
{
	const struct timespec	times[2] = { { 0, UTIME_OMIT }, *mtime };
	const char		*base = path_base(name);

	if (too_long(base, e) == -1 || enter(p, name, e) == -1 ||
	    make_symlink(p, base, target, e) == -1)
		return -1;
	/* Not every file system keeps the time of a link. */
	if (utimensat(p->dir, base, times, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return err_errno(e, "set its time");
	return 0;
}

static int
link_failed(const char *target, int error, struct err *e)
{
	switch (error) {
	case ENOENT:
		return err_code(e, EINVAL, "there is no %s to link to", target);
	case EPERM:
		return err_code(e, EINVAL, "%s is nothing to link to", target);
	case ELOOP:
	case ENOTDIR:
		return err_code(e, EINVAL, "its target %s lies behind a symbolic link or a file", target);
	default:
		errno = error;
		return err_errno(e, "link to %s", target);
	}
}

/* from: the directory of target. */
static int
make_hardlink(struct tarput *p, int from, const char *target, const char *base,
    struct err *e)
{
	const char	*file = path_base(target);
	struct stat	 st;
	int		 r;

	if (fstatat(from, file, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return link_failed(target, errno, e);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return link_failed(target, EPERM, e);
	r = linkat(from, file, p->dir, base, 0);
	if (r == -1 && errno == EACCES && unlock(p))
		r = linkat(from, file, p->dir, base, 0);
	if (r == 0)
		return 0;
	if (errno != EEXIST)
		return link_failed(target, errno, e);
	tree_temp_name(p->temp);
	if (linkat(from, file, p->dir, p->temp, 0) == -1)
		return link_failed(target, errno, e);
	r = put_in_place(p, base, e);
	/* Two names of one file: rename did nothing. */
	unlinkat(p->dir, p->temp, 0);
	return r;
}

int
tarput_hardlink(struct tarput *p, const char *name, const char *target,
    struct err *e)
{
	struct err	 why = ERR_INIT;
	char		*dir;
	int		 from, r;

	if (too_long(path_base(name), e) == -1 || enter(p, name, e) == -1)
		return -1;
	dir = path_dir(target);
	from = tree_open_dir_strict(p->root, dir, false, &why);
	if (from == -1)
		r = link_failed(target, why.code, e);
	else {
		r = make_hardlink(p, from, target, path_base(name), e);
		close(from);
	}
	free(dir);
	return r;
}
