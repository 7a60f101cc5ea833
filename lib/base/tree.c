/*
 * tree.c - names below a directory, resolved so that no link leads out of it.
 *
 * On Linux openat2(2) resolves a whole path below a directory and refuses
 * what leaves it. Elsewhere (and where a sandbox hides openat2) a path is
 * walked element by element and every symbolic link is refused.
 */
#include "base/tree.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/syscall.h>
#endif

#include "base/path.h"
#include "base/xmalloc.h"

#define AGAIN_MAX	100	/* openat2 says EAGAIN while names move under it */
#define TEMP_TRIES	16
#define OPEN_ALWAYS	(O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

enum links { LINKS_INSIDE, LINKS_NONE };

struct tree_file {
	int	 dir;
	int	 fd;
	char	*base;
	char	 temp[TREE_TEMP_MAX];
};

/* ---- resolving ---- */

/* What a refused link is called depends on the system and the flags. */
static int
link_errno(int dir, const char *name)
{
	struct stat	st;
	int		saved = errno;

	if ((saved == ENOTDIR || saved == EMLINK) &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return ELOOP;
	return saved;
}

/* Element by element, no links. rel is clean. */
static int
open_walking(int root, const char *rel, int flags)
{
	char		 name[256];
	const char	*slash;
	int		 at = root, next;
	size_t		 len;

	for (;; rel = slash + 1) {
		slash = strchr(rel, '/');
		len = slash != NULL ? (size_t)(slash - rel) : strlen(rel);
		if (len >= sizeof name) {
			errno = ENAMETOOLONG;
			next = -1;
		} else {
			memcpy(name, rel, len);
			name[len] = '\0';
			next = openat(at, name, O_NOFOLLOW | OPEN_ALWAYS |
			    (slash != NULL ? O_RDONLY | O_DIRECTORY : flags));
			if (next == -1)
				errno = link_errno(at, name);
		}
		if (at != root) {
			int saved = errno;

			close(at);
			errno = saved;
		}
		if (next == -1 || slash == NULL)
			return next;
		at = next;
	}
}

#ifdef SYS_openat2
static int
open_beneath(int root, const char *rel, int flags, enum links links)
{
	struct open_how	how = {
		.flags = (uint64_t)(flags | OPEN_ALWAYS),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
		    (links == LINKS_NONE ? RESOLVE_NO_SYMLINKS : 0),
	};
	long		fd;
	int		tries = 0;

	do
		fd = syscall(SYS_openat2, root, rel, &how, sizeof how);
	while (fd == -1 && (errno == EINTR || errno == EAGAIN) &&
	    tries++ < AGAIN_MAX);
	/* Sandboxes answer EPERM to calls that they do not know. */
	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		return open_walking(root, rel, flags);
	return (int)fd;
}
#else
static int
open_beneath(int root, const char *rel, int flags, enum links links)
{
	(void)links;
	return open_walking(root, rel, flags);
}
#endif

static char *
clean_rel(const char *rel, struct err *e)
{
	if (path_check(rel, e) == -1) {
		if (e != NULL)
			e->code = EINVAL;
		return NULL;
	}
	return path_clean(rel);
}

int
tree_open(int root, const char *rel, int flags, struct err *e)
{
	char	*clean = clean_rel(rel, e);
	int	 fd;

	if (clean == NULL)
		return -1;
	fd = open_beneath(root, clean, O_RDONLY | flags, LINKS_INSIDE);
	if (fd == -1)
		err_errno(e, "open %s", clean);
	free(clean);
	return fd;
}

/* Makes the missing directories of clean (which it cuts and mends as it goes):
 * each prefix is resolved from root again, so that links stay judged by root. */
static int
open_making(int root, char *clean, enum links links)
{
	char	*slash = clean, *name = clean;
	int	 at = dup(root), next, saved;

	while (at != -1 && slash != NULL) {
		slash = strchr(name, '/');
		if (slash != NULL)
			*slash = '\0';
		next = open_beneath(root, clean, O_RDONLY | O_DIRECTORY, links);
		if (next == -1 && errno == ENOENT &&
		    (mkdirat(at, name, 0755) == 0 || errno == EEXIST))
			next = open_beneath(root, clean, O_RDONLY | O_DIRECTORY, links);
		saved = errno;
		close(at);
		errno = saved;
		at = next;
		if (slash != NULL) {
			*slash = '/';
			name = slash + 1;
		}
	}
	return at;
}

static int
open_dir(int root, const char *rel, bool make, enum links links, struct err *e)
{
	char	*clean = clean_rel(rel, e);
	int	 fd;

	if (clean == NULL)
		return -1;
	fd = open_beneath(root, clean, O_RDONLY | O_DIRECTORY, links);
	if (fd == -1 && errno == ENOENT && make)
		fd = open_making(root, clean, links);
	if (fd == -1)
		err_errno(e, "directory %s", clean);
	free(clean);
	return fd;
}

int
tree_open_dir(int root, const char *rel, bool make, struct err *e)
{
	return open_dir(root, rel, make, LINKS_INSIDE, e);
}

int
tree_open_dir_strict(int root, const char *rel, bool make, struct err *e)
{
	return open_dir(root, rel, make, LINKS_NONE, e);
}

/* ---- temporary names ---- */

void
tree_temp_name(char name[TREE_TEMP_MAX])
{
	static const char	hex[] = "0123456789abcdef";
	unsigned char		raw[6];
	struct timespec		now;
	size_t			i, n = strlen(TREE_TEMP_PREFIX);

	/* Only has to be rare: whoever uses it opens with O_EXCL. */
	if (getentropy(raw, sizeof raw) == -1) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		now.tv_nsec ^= (long)getpid() << 8;
		memcpy(raw, &now.tv_nsec, sizeof raw < sizeof now.tv_nsec ?
		    sizeof raw : sizeof now.tv_nsec);
	}
	memcpy(name, TREE_TEMP_PREFIX, n);
	for (i = 0; i < sizeof raw; i++) {
		name[n++] = hex[raw[i] >> 4];
		name[n++] = hex[raw[i] & 15];
	}
	name[n] = '\0';
}

bool
tree_is_temp(const char *name)
{
	size_t	n = strlen(TREE_TEMP_PREFIX);

	return strncmp(name, TREE_TEMP_PREFIX, n) == 0 &&
	    strlen(name) == n + 12 && strspn(name + n, "0123456789abcdef") == 12;
}

/* ---- writing a file ---- */

static int
create_temp(struct tree_file *f, mode_t mode)
{
	int	tries;

	for (tries = 0; tries < TEMP_TRIES; tries++) {
		tree_temp_name(f->temp);
		f->fd = openat(f->dir, f->temp, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
		if (f->fd != -1)
			return fchmod(f->fd, mode & 0777);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

struct tree_file *
tree_create(int root, const char *rel, mode_t mode, struct err *e)
{
	struct tree_file	*f;
	struct stat		 st;
	char			*clean = clean_rel(rel, e), *dir;

	if (clean == NULL)
		return NULL;
	f = xcalloc(1, sizeof *f);
	f->fd = -1;
	f->base = xstrdup(path_base(clean));
	dir = path_dir(clean);
	f->dir = tree_open_dir(root, dir, true, e);
	free(dir);
	if (f->dir == -1)
		goto fail;
	if (strcmp(clean, ".") == 0 || (fstatat(f->dir, f->base, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))) {
		err_code(e, EISDIR, "create %s: %s", clean, strerror(EISDIR));
		goto fail;
	}
	if (create_temp(f, mode) == -1) {
		err_errno(e, "create %s", clean);
		goto fail;
	}
	free(clean);
	return f;
fail:
	free(clean);
	tree_drop(f);
	return NULL;
}

int
tree_fd(const struct tree_file *f)
{
	return f->fd;
}

int
tree_commit(struct tree_file *f, struct err *e)
{
	int	r, fd = f->fd;

	f->fd = -1;
	r = close(fd);		/* a network file system may tell only here */
	if (r == 0)
		r = renameat(f->dir, f->temp, f->dir, f->base);
	if (r == -1) {
		err_errno(e, "put %s into place", f->base);
		unlinkat(f->dir, f->temp, 0);
	}
	f->temp[0] = '\0';
	tree_drop(f);
	return r;
}

void
tree_drop(struct tree_file *f)
{
	if (f == NULL)
		return;
	if (f->fd != -1)
		close(f->fd);
	if (f->dir != -1) {
		if (f->temp[0] != '\0')
			unlinkat(f->dir, f->temp, 0);
		close(f->dir);
	}
	free(f->base);
	free(f);
}
