/*
 * tarout.c - packing trees (tarout.h): what goes into the archive in which
 * order. tarhead.c writes headers, pack.c compresses.
 */
#include "data/tarout.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "data/pack.h"
#include "data/tarhead.h"

#define READ_SIZE	(128 * 1024)

struct tarout {
	struct pack	*pack;
	struct map	*linked;	/* "device:inode" -> first name in the archive */
	struct str	 head;
	char		*buf;		/* READ_SIZE */
};

struct tarout *
tarout_new(enum tarout_format format, int level, tarout_write_fn write,
    void *arg, struct err *e)
{
	struct pack	*pack = pack_new(format, level, write, arg, e);
	struct tarout	*t;

	if (pack == NULL)
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->pack = pack;
	t->linked = map_new();
	str_init(&t->head);
	t->buf = xmalloc(READ_SIZE);
	return t;
}

void
tarout_free(struct tarout *t)
{
	const char	*key;
	void		*name;
	size_t		 it = 0;

	if (t == NULL)
		return;
	while (map_next(t->linked, &it, &key, &name))
		free(name);
	map_free(t->linked);
	pack_free(t->pack);
	str_release(&t->head);
	free(t->buf);
	free(t);
}

int
tarout_to_fd(void *arg, const void *p, size_t len)
{
	return file_write_all(*(const int *)arg, p, len);
}

static int
add_head(struct tarout *t, const struct tarhead *h, struct err *e)
{
	str_clear(&t->head);
	tarhead_add(&t->head, h);
	return pack_add(t->pack, t->head.s, t->head.len, e);
}

static int
add_zeros(struct tarout *t, size_t len, struct err *e)
{
	static const char	zeros[2 * TARHEAD_BLOCK];

	return len > 0 ? pack_add(t->pack, zeros, len, e) : 0;
}

/* ---- one object ---- */

static struct tarhead
head_of(const struct stat *st, enum tarhead_kind kind, const char *name)
{
	struct tarhead	h = { .kind = kind, .name = name, .mode = st->st_mode };

#ifdef __APPLE__
	h.mtime = st->st_mtimespec;
#else
	h.mtime = st->st_mtim;
#endif
	return h;
}

/* Reads exactly size bytes: so many the header has promised. */
static int
add_content(struct tarout *t, int fd, uint64_t size, const char *name,
    struct err *e)
{
	uint64_t	left;
	ssize_t		n;

	for (left = size; left > 0; left -= (uint64_t)n) {
		do
			n = read(fd, t->buf, left < READ_SIZE ? (size_t)left : READ_SIZE);
		while (n == -1 && errno == EINTR);
		if (n == -1)
			return err_errno(e, "read %s", name);
		if (n == 0)
			return err_code(e, EIO, "read %s: it shrank meanwhile", name);
		if (pack_add(t->pack, t->buf, (size_t)n, e) == -1)
			return -1;
	}
	return add_zeros(t, tarhead_padding(size), e);
}

/* 1 if it was added as a link to an earlier name of the same file. */
static int
add_as_link(struct tarout *t, const struct stat *st, const char *name,
    struct err *e)
{
	struct tarhead	 h = head_of(st, TARHEAD_HARDLINK, name);
	char		 key[64];
	const char	*first;

	if (st->st_nlink < 2)
		return 0;
	snprintf(key, sizeof key, "%llx:%llx", (unsigned long long)st->st_dev,
	    (unsigned long long)st->st_ino);
	first = map_find(t->linked, key);
	if (first == NULL) {
		map_set(t->linked, key, xstrdup(name));
		return 0;
	}
	h.link = first;
	return add_head(t, &h, e) == -1 ? -1 : 1;
}

static int
add_file(struct tarout *t, int dirfd, const char *path, const char *name,
    struct err *e)
{
	struct tarhead	h;
	struct stat	st;
	int		fd, r = -1;

	fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
	if (fd == -1)
		return err_errno(e, "open %s", name);
	if (fstat(fd, &st) == -1)
		err_errno(e, "look at %s", name);
	else if (!S_ISREG(st.st_mode))
		err_code(e, ENOENT, "open %s: it has become something else", name);
	else
		r = add_as_link(t, &st, name, e);
	if (r == 0) {
		h = head_of(&st, TARHEAD_FILE, name);
		h.size = (uint64_t)st.st_size;
		r = add_head(t, &h, e);
		if (r == 0)
			r = add_content(t, fd, h.size, name, e);
	}
	close(fd);
	return r == -1 ? -1 : 0;
}

static int
add_symlink(struct tarout *t, int dirfd, const char *path, const char *name,
    const struct stat *st, struct err *e)
{
	struct tarhead	h = head_of(st, TARHEAD_SYMLINK, name);
	char		target[PATH_WIRE_MAX + 1];
	ssize_t		n = readlinkat(dirfd, path, target, sizeof target);
	int		r;

	if (n == -1)
		return err_errno(e, "read the link %s", name);
	if ((size_t)n == sizeof target)
		return err_code(e, ENAMETOOLONG, "read the link %s: it is too long", name);
	target[n] = '\0';
	r = add_as_link(t, st, name, e);
	if (r != 0)
		return r == -1 ? -1 : 0;
	h.link = target;
	return add_head(t, &h, e);
}

static int
add_dir(struct tarout *t, const char *name, const struct stat *st, struct err *e)
{
	char		*slashed = str_ends(name, "/") ? xstrdup(name) :
			    xasprintf("%s/", name);
	struct tarhead	 h = head_of(st, TARHEAD_DIR, slashed);
	int		 r = add_head(t, &h, e);

	free(slashed);
	return r;
}

/* st: what it is. */
static int
add_object(struct tarout *t, int dirfd, const char *path, const char *name,
    struct stat *st, struct err *e)
{
	if (fstatat(dirfd, path, st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_errno(e, "look at %s", name);
	if (S_ISREG(st->st_mode))
		return add_file(t, dirfd, path, name, e);
	if (S_ISLNK(st->st_mode))
		return add_symlink(t, dirfd, path, name, st, e);
	return S_ISDIR(st->st_mode) ? add_dir(t, name, st, e) : 0;
}

int
tarout_add(struct tarout *t, int dirfd, const char *path, const char *name,
    struct err *e)
{
	struct stat	st;

	return add_object(t, dirfd, path, name, &st, e);
}

int
tarout_add_data(struct tarout *t, const char *name, mode_t mode, const void *p,
    size_t len, struct err *e)
{
	struct tarhead	h = { .kind = TARHEAD_FILE, .name = name, .mode = mode,
		.size = len };

	clock_gettime(CLOCK_REALTIME, &h.mtime);
	h.mtime.tv_nsec = 0;
	if (add_head(t, &h, e) == -1 || (len > 0 && pack_add(t->pack, p, len, e) == -1))
		return -1;
	return add_zeros(t, tarhead_padding(len), e);
}

/* ---- a tree ---- */

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
read_names(int dir, struct strs *names)
{
	int		 fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR		*d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent	*ent;
	int		 error;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (errno = 0, (ent = readdir(d)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			strs_add(names, ent->d_name);
	error = errno;
	closedir(d);
	errno = error;
	if (names->n > 1)
		qsort(names->v, names->n, sizeof *names->v, name_order);
	return error == 0 ? 0 : -1;
}

/* It went, or became something else, after we had its name. */
static bool
vanished(const struct err *e)
{
	return e->code == ENOENT || e->code == ENOTDIR || e->code == ELOOP;
}

static int add_below(struct tarout *, int root, const char *path, struct err *);

/* The entry called base of the directory path. *dir is that directory, or -1:
 * it is opened where it is needed and closed before going deeper, so that
 * depth costs no descriptors. */
static int
add_entry(struct tarout *t, int root, const char *path, int *dir,
    const char *base, struct err *e)
{
	char		*rel = path_join(strcmp(path, ".") == 0 ? "" : path, base);
	struct err	 why = ERR_INIT;
	struct stat	 st = { .st_mode = 0 };
	int		 r = 0;

	if (strlen(rel) > PATH_WIRE_MAX) {
		r = err_code(e, ENAMETOOLONG, "%.100s...: the path is too long", rel);
		goto out;
	}
	if (*dir == -1)
		*dir = tree_open_dir_strict(root, path, false, &why);
	if (*dir == -1 || add_object(t, *dir, base, rel, &st, &why) == -1) {
		if (!vanished(&why)) {
			r = err_code(e, why.code, "%s", why.msg);
			goto out;
		}
	} else if (S_ISDIR(st.st_mode)) {
		close(*dir);
		*dir = -1;
		r = add_below(t, root, rel, e);
	}
out:
	free(rel);
	return r;
}

static int
add_below(struct tarout *t, int root, const char *path, struct err *e)
{
	struct strs	names = STRS_INIT;
	struct err	why = ERR_INIT;
	int		dir = tree_open_dir_strict(root, path, false, &why), r = 0;
	size_t		i;

	if (dir == -1)
		return vanished(&why) ? 0 : err_code(e, why.code, "%s", why.msg);
	if (read_names(dir, &names) == -1)
		r = err_errno(e, "read directory %s", path);
	for (i = 0; i < names.n && r == 0; i++)
		r = add_entry(t, root, path, &dir, names.v[i], e);
	if (dir != -1)
		close(dir);
	strs_release(&names);
	return r;
}

int
tarout_add_tree(struct tarout *t, int dirfd, struct err *e)
{
	return add_below(t, dirfd, ".", e);
}

int
tarout_finish(struct tarout *t, struct err *e)
{
	if (add_zeros(t, 2 * TARHEAD_BLOCK, e) == -1)
		return -1;
	return pack_finish(t->pack, e);
}
