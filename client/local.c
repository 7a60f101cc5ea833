/*
 * local.c - walks a tree. Directories are opened one at a time, by their path
 * from the top, so that the depth costs no descriptors.
 */
#include "client/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xmalloc.h"
#include "io/digest.h"

#define READ_PIECE	(256 * 1024)
#define LINK_MAX_LEN	4096

struct scan {
	struct local		*tree;
	const struct ignore	*ignore;
	local_git_fn		 git;
	void			*arg;
	struct strs		 dirs;		/* still to be read, "" is the top */
};

int
local_compare(const char *a, const char *b)
{
	unsigned char	x, y;

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	x = *a == '/' ? 1 : (unsigned char)*a;
	y = *b == '/' ? 1 : (unsigned char)*b;
	return x < y ? -1 : x > y;
}

static int
by_path(const void *a, const void *b)
{
	const struct local_entry	*x = a, *y = b;

	return local_compare(x->path, y->path);
}

static struct local_entry *
local_add(struct local *l, char *path, const struct stat *st)
{
	struct local_entry	*x;

	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 256 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	x = &l->v[l->n++];
	memset(x, 0, sizeof *x);
	x->path = path;
	x->mode = st->st_mode;
	x->size = S_ISREG(st->st_mode) ? st->st_size : 0;
	return x;
}

static int
scan_link(const struct local *l, struct local_entry *x, struct err *e)
{
	char	buf[LINK_MAX_LEN];
	ssize_t	n = readlinkat(l->root, x->path, buf, sizeof buf - 1);

	if (n == -1)
		return err_errno(e, "read link %s/%s", l->name, x->path);
	x->link = xstrndup(buf, (size_t)n);
	return 0;
}

/* path is taken. */
static int
scan_entry(struct scan *s, char *path, struct err *e)
{
	struct local	*l = s->tree;
	struct stat	 st;
	bool		 dir;

	if (fstatat(l->root, path, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		free(path);
		return errno == ENOENT ? 0 :
		    err_errno(e, "look at a file of %s", l->name);
	}
	dir = S_ISDIR(st.st_mode);
	if (ignore_match(s->ignore, path, dir)) {
		free(path);
		return 0;
	}
	if (!dir && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
		l->skipped++;
		free(path);
		return 0;
	}
	local_add(l, path, &st);
	if (dir)
		strs_add(&s->dirs, path);
	return S_ISLNK(st.st_mode) ? scan_link(l, &l->v[l->n - 1], e) : 0;
}

static DIR *
scan_open(const struct local *l, const char *path, struct err *e)
{
	int	 fd = openat(l->root, *path != '\0' ? path : ".",
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR	*d;

	if (fd != -1 && (d = fdopendir(fd)) != NULL)
		return d;
	err_errno(e, "open %s/%s", l->name, path);
	if (fd != -1)
		close(fd);
	return NULL;
}

static int
scan_names(const struct local *l, const char *path, struct strs *names,
    struct err *e)
{
	DIR		*d = scan_open(l, path, e);
	struct dirent	*x;
	int		 ret = 0;

	if (d == NULL)
		return -1;
	while (errno = 0, (x = readdir(d)) != NULL)
		if (!str_eq(x->d_name, ".") && !str_eq(x->d_name, ".."))
			strs_add(names, x->d_name);
	if (errno != 0)
		ret = err_errno(e, "read %s/%s", l->name, path);
	closedir(d);
	return ret;
}

static int
scan_dir(struct scan *s, const char *path, struct err *e)
{
	struct strs	 names = STRS_INIT;
	size_t		 i;
	int		 ret = scan_names(s->tree, path, &names, e);

	if (ret == 0 && s->git != NULL && strs_has(&names, ".git"))
		ret = s->git(s->arg, path, e);
	for (i = 0; ret == 0 && i < names.n; i++)
		ret = scan_entry(s, *path == '\0' ? xstrdup(names.v[i]) :
		    xasprintf("%s/%s", path, names.v[i]), e);
	strs_release(&names);
	return ret;
}

/* The order of reading does not matter: all is sorted in the end. */
static int
scan_all(struct scan *s, struct err *e)
{
	char	*path;
	int	 ret = scan_dir(s, "", e);

	while (ret == 0 && s->dirs.n > 0) {
		path = s->dirs.v[--s->dirs.n];
		s->dirs.v[s->dirs.n] = NULL;
		ret = scan_dir(s, path, e);
		free(path);
	}
	return ret;
}

int
local_scan(struct local *l, const char *dir, const struct ignore *ignore,
    local_git_fn git, void *arg, struct err *e)
{
	struct scan	s = { l, ignore, git, arg, STRS_INIT };
	int		ret;

	memset(l, 0, sizeof *l);
	l->name = xstrdup(dir);
	if ((l->root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		ret = err_errno(e, "open %s", dir);
	else
		ret = scan_all(&s, e);
	strs_release(&s.dirs);
	if (ret == -1)
		local_release(l);
	else if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_path);
	return ret;
}

void
local_release(struct local *l)
{
	size_t	i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].link);
	}
	free(l->v);
	free(l->name);
	if (l->root != -1)
		close(l->root);
	memset(l, 0, sizeof *l);
	l->root = -1;
}

struct local_entry *
local_find(const struct local *l, const char *path)
{
	size_t	lo = 0, hi = l->n, mid;
	int	c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((c = local_compare(path, l->v[mid].path)) == 0)
			return &l->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

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
