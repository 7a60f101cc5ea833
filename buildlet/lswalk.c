/*
 * lswalk.c - walks a tree in lexical order.
 *
 * No descriptor is held while a subdirectory is walked: the directory is
 * opened again by its path afterwards, so depth costs no descriptors.
 */
#include "buildlet/lswalk.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/tree.h"
#include "base/xmalloc.h"
#include "io/digest.h"

#define READ_SIZE	(128 * 1024)

struct walk {
	const struct lswalk	*how;
	int			 root;
	lswalk_fn		 fn;
	void			*arg;
	struct digest		*digest;	/* NULL: none wanted */
	char			*buf;		/* READ_SIZE, for digests */
	struct err		*e;
};

static int dir_walk(struct walk *w, const char *rel);

static int
name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in fd, sorted. fd stays open. */
static int
dir_names(struct walk *w, int fd, const char *rel, struct strs *names)
{
	int		 copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR		*d = copy == -1 ? NULL : fdopendir(copy);
	struct dirent	*ent;

	if (d == NULL) {
		err_errno(w->e, "open %s", rel);
		if (copy != -1)
			close(copy);
		return -1;
	}
	while (errno = 0, (ent = readdir(d)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 &&
		    strcmp(ent->d_name, "..") != 0 && !tree_is_temp(ent->d_name))
			strs_add(names, ent->d_name);
	if (errno != 0) {
		err_errno(w->e, "read %s", rel);
		closedir(d);
		return -1;
	}
	closedir(d);
	if (names->n > 1)
		qsort(names->v, names->n, sizeof *names->v, name_compare);
	return 0;
}

static int
fd_digest(struct walk *w, int fd, char *out)
{
	char	hex[DIGEST_HEX_MAX];
	ssize_t	n;

	digest_reset(w->digest);
	while ((n = read(fd, w->buf, READ_SIZE)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		digest_add(w->digest, w->buf, (size_t)n);
	}
	digest_hex(w->digest, hex);
	memcpy(out, hex, 41);
	return 0;
}

/* 1: done, 0: it is gone or became something else, -1 and e. */
static int
file_digest(struct walk *w, int dir, const char *name, struct api_ls *entry)
{
	int		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW |
			    O_NONBLOCK | O_CLOEXEC);
	struct stat	st;
	int		ret = 0;

	if (fd == -1 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd == -1)
		return err_errno(w->e, "open %s", entry->path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		ret = 1;
		if (fd_digest(w, fd, entry->sha1) == -1)
			ret = err_errno(w->e, "read %s", entry->path);
	}
	close(fd);
	return ret;
}

static bool
is_skipped(const struct walk *w, const char *rel)
{
	return w->how->skip != NULL && strs_has(w->how->skip, rel);
}

static void
entry_fill(struct api_ls *entry, const struct stat *st)
{
	api_ls_mode(st->st_mode, entry->mode);
	entry->dir = S_ISDIR(st->st_mode);
	entry->regular = S_ISREG(st->st_mode);
	entry->size = st->st_size;
	entry->mtime = (int64_t)st->st_mtime * 1000;
}

/* The target of a link, malloc'ed; NULL: it is gone or became something else. */
static char *
link_target(int dir, const char *name)
{
	char	buf[PATH_WIRE_MAX];
	ssize_t	n = readlinkat(dir, name, buf, sizeof buf);

	return n < 0 ? NULL : xstrndup(buf, (size_t)n);
}

static int
entry_tell(struct walk *w, int dir, const char *name, char *path,
    const struct stat *st)
{
	struct api_ls	entry = { .path = path };
	int		got = 1;

	entry_fill(&entry, st);
	if (w->digest != NULL && entry.regular)
		got = file_digest(w, dir, name, &entry);
	else if (w->how->links && S_ISLNK(st->st_mode))
		got = (entry.target = link_target(dir, name)) != NULL;
	if (got == 1 && w->fn(&entry, w->arg) == -1)
		got = err_errno(w->e, "write the listing");
	free(entry.target);
	return got == -1 ? -1 : 0;
}

/* 1: a directory to enter now, 0: done, -1 and e. */
static int
name_visit(struct walk *w, int dir, const char *name, char *path)
{
	struct stat	st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : err_errno(w->e, "lstat %s", path);
	if (S_ISDIR(st.st_mode) && is_skipped(w, path))
		return 0;
	if (strlen(path) > PATH_WIRE_MAX)
		return err_code(w->e, ENAMETOOLONG, "a path of over %d bytes: "
		    "%.64s...", PATH_WIRE_MAX, path);
	if (entry_tell(w, dir, name, path, &st) == -1)
		return -1;
	return S_ISDIR(st.st_mode) && w->how->recursive;
}

/* The descriptor for rel again, after a subdirectory was walked. -2: gone. */
static int
dir_open(struct walk *w, const char *rel)
{
	int	fd = tree_open_dir_strict(w->root, rel, false, w->e);

	return fd == -1 && w->e->code == ENOENT ? -2 : fd;
}

static int
names_walk(struct walk *w, int fd, const char *rel, const struct strs *names)
{
	char	*path;
	size_t	 i;
	int	 got = 0;

	for (i = 0; i < names->n && got != -1; i++) {
		if (fd < 0 && (fd = dir_open(w, rel)) < 0)
			return fd == -2 ? 0 : -1;
		path = rel[0] == '.' && rel[1] == '\0' ? xstrdup(names->v[i]) :
		    xasprintf("%s/%s", rel, names->v[i]);
		got = name_visit(w, fd, names->v[i], path);
		if (got == 1) {
			close(fd);
			fd = -1;
			got = dir_walk(w, path);
		}
		free(path);
	}
	if (fd >= 0)
		close(fd);
	return got;
}

static int
dir_walk(struct walk *w, const char *rel)
{
	struct strs	names = STRS_INIT;
	int		fd = dir_open(w, rel);
	int		ret = -1;

	if (fd < 0)
		return fd == -2 ? 0 : -1;
	if (dir_names(w, fd, rel, &names) == 0)
		ret = names_walk(w, fd, rel, &names);
	else
		close(fd);
	strs_release(&names);
	return ret;
}

int
lswalk(int root, const struct lswalk *how, lswalk_fn fn, void *arg,
    struct err *e)
{
	struct err	 own = ERR_INIT;
	struct walk	 w = { .how = how, .root = root, .fn = fn, .arg = arg,
			    .e = e != NULL ? e : &own };
	int		 ret;

	if (how->digest) {
		w.digest = digest_new(DIGEST_SHA1);
		w.buf = xmalloc(READ_SIZE);
	}
	ret = dir_walk(&w, ".");
	if (w.digest != NULL)
		digest_free(w.digest);
	free(w.buf);
	return ret;
}
