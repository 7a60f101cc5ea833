/*
 * treerm.c - tree_remove (tree.h): removing a tree without leaving it.
 *
 * Every step is relative to the descriptor of a directory that was opened
 * without following links. A directory deeper than DEPTH_MAX is moved up to
 * the top of the tree under a temporary name and removed from there, so that
 * depth costs neither stack nor descriptors.
 */
#include "base/tree.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

#define DEPTH_MAX	64
#define PASSES_MAX	8	/* others may add while we remove */

struct removal {
	int		 top;		/* the directory that is being emptied */
	dev_t		 dev;		/* its file system */
	bool		 hoisted;	/* something deep was moved to the top */
	struct err	*e;		/* of the first that stayed */
	bool		 failed;
};

static void empty_dir(struct removal *, int fd, int depth);

static void
removal_fail(struct removal *r, const char *doing, const char *name)
{
	if (!r->failed)
		err_errno(r->e, "%s %s", doing, name);
	r->failed = true;
}

/* A directory of ours may be read-only: its owner can change that. */
static bool
make_writable(int fd)
{
	struct stat	st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU &&
	    fchmod(fd, (st.st_mode & 07777) | S_IRWXU) == 0;
}

/* A directory mounted here from the same file system is somebody else's, too. */
static bool
same_file_system(const struct removal *r, int fd)
{
	struct stat	st;

#ifdef STATX_ATTR_MOUNT_ROOT
	struct statx	sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx) == 0 &&
	    sx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return false;
#endif
	return fstat(fd, &st) == 0 && st.st_dev == r->dev;
}

static int
open_sub(int dir, const char *name)
{
	int	flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int	fd = openat(dir, name, flags);

	if (fd == -1 && errno == EACCES &&
	    fchmodat(dir, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dir, name, flags);
	return fd;
}

static int
unlink_in(int dir, const char *name, int flag)
{
	if (unlinkat(dir, name, flag) == 0)
		return 0;
	if (errno == EACCES && make_writable(dir))
		return unlinkat(dir, name, flag);
	return -1;
}

/* name in dir, which lies too deep, becomes an entry of the top. */
static bool
hoist(struct removal *r, int dir, const char *name, int fd)
{
	char	temp[TREE_TEMP_MAX];

	make_writable(fd);	/* its ".." changes, too */
	make_writable(dir);
	tree_temp_name(temp);
	if (renameat(dir, name, r->top, temp) == -1)
		return false;
	r->hoisted = true;
	return true;
}

static void
remove_dir(struct removal *r, int dir, const char *name, int depth)
{
	int	fd = open_sub(dir, name), pass;

	if (fd == -1) {
		if (errno != ENOENT)
			removal_fail(r, "open directory", name);
		return;
	}
	if (!same_file_system(r, fd)) {
		errno = EXDEV;
		removal_fail(r, "remove", name);
		close(fd);
		return;
	}
	if (depth >= DEPTH_MAX) {
		if (!hoist(r, dir, name, fd))
			removal_fail(r, "move up", name);
		close(fd);
		return;
	}
	for (pass = 0; pass < PASSES_MAX; pass++) {
		empty_dir(r, fd, depth + 1);
		if (unlink_in(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			break;
		if (r->failed || errno != ENOTEMPTY || pass + 1 == PASSES_MAX) {
			removal_fail(r, "remove", name);
			break;
		}
	}
	close(fd);
}

static void
remove_entry(struct removal *r, int dir, const struct dirent *d, int depth)
{
	if (d->d_type != DT_DIR) {
		if (unlink_in(dir, d->d_name, 0) == 0 || errno == ENOENT)
			return;
		/* POSIX says EPERM for a directory, Linux EISDIR. */
		if (d->d_type != DT_UNKNOWN && errno != EISDIR) {
			removal_fail(r, "remove", d->d_name);
			return;
		}
	}
	remove_dir(r, dir, d->d_name, depth);
}

/* fd stays open. */
static void
empty_dir(struct removal *r, int fd, int depth)
{
	const int	 flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int		 copy = openat(fd, ".", flags);
	DIR		*d;
	struct dirent	*ent;

	/* One that may be read but not entered. */
	if (copy == -1 && errno == EACCES && make_writable(fd))
		copy = openat(fd, ".", flags);
	d = copy == -1 ? NULL : fdopendir(copy);
	if (d == NULL) {
		removal_fail(r, "read directory", "");
		if (copy != -1)
			close(copy);
		return;
	}
	while ((ent = readdir(d)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			remove_entry(r, fd, ent, depth);
	closedir(d);
}

/* Empties the directory fd; what was hoisted lies in it again. */
static void
empty_top(struct removal *r, int fd)
{
	struct stat	st;

	if (fstat(fd, &st) == -1) {
		removal_fail(r, "look at", "directory");
		return;
	}
	r->top = fd;
	r->dev = st.st_dev;
	do {
		r->hoisted = false;
		empty_dir(r, fd, 1);
	} while (r->hoisted);
}

static void
remove_top(struct removal *r, int parent, const char *name)
{
	struct stat	st;
	int		fd, pass;

	if (unlink_in(parent, name, 0) == 0 || errno == ENOENT)
		return;
	if (errno != EISDIR && errno != EPERM) {
		removal_fail(r, "remove", name);
		return;
	}
	fd = open_sub(parent, name);
	if (fd == -1) {
		removal_fail(r, "open directory", name);
		return;
	}
	r->dev = fstat(parent, &st) == 0 ? st.st_dev : 0;
	if (!same_file_system(r, fd)) {
		errno = EXDEV;
		removal_fail(r, "remove", name);
		close(fd);
		return;
	}
	for (pass = 0; pass < PASSES_MAX; pass++) {
		empty_top(r, fd);
		if (unlink_in(parent, name, AT_REMOVEDIR) == 0 ||
		    errno == ENOENT)
			break;
		if (r->failed || errno != ENOTEMPTY || pass + 1 == PASSES_MAX) {
			removal_fail(r, "remove", name);
			break;
		}
	}
	close(fd);
}

int
tree_remove(int root, const char *rel, struct err *e)
{
	struct removal	 r = { .e = e };
	char		*clean, *dir;
	int		 parent;

	if (path_check(rel, e) == -1) {
		if (e != NULL)
			e->code = EINVAL;
		return -1;
	}
	clean = path_clean(rel);
	if (strcmp(clean, ".") == 0) {
		empty_top(&r, root);
		free(clean);
		return r.failed ? -1 : 0;
	}
	dir = path_dir(clean);
	parent = tree_open_dir(root, dir, false, e);
	if (parent == -1)
		r.failed = errno != ENOENT && errno != ENOTDIR;
	else {
		remove_top(&r, parent, path_base(clean));
		close(parent);
	}
	free(dir);
	free(clean);
	return r.failed ? -1 : 0;
}
