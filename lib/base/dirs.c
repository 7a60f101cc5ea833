/* dirs.c - a stack of open directories. */
#include "base/dirs.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define HELD_MAX	100	/* deeper ones are opened from there each time */

struct dirs {
	int	 root;
	mode_t	 make;
	char	*path;		/* of the directory that is open last, "" for root */
	size_t	 cap;
	size_t	 n;
	int	 fd[HELD_MAX];
	size_t	 end[HELD_MAX];	/* where its path ends in path */
	int	 deep;		/* path itself, where it lies deeper; -1 */
};

struct dirs *
dirs_new(int root, mode_t make)
{
	struct dirs	*d = xcalloc(1, sizeof *d);

	d->root = root;
	d->make = make;
	d->cap = 256;
	d->path = xcalloc(1, d->cap);
	d->deep = -1;
	return d;
}

static void
close_deep(struct dirs *d)
{
	if (d->deep != -1)
		close(d->deep);
	d->deep = -1;
}

static void
pop_to(struct dirs *d, size_t n)
{
	close_deep(d);
	while (d->n > n)
		close(d->fd[--d->n]);
	d->path[d->n > 0 ? d->end[d->n - 1] : 0] = '\0';
}

void
dirs_forget(struct dirs *d)
{
	pop_to(d, 0);
}

void
dirs_free(struct dirs *d)
{
	if (d == NULL)
		return;
	dirs_forget(d);
	free(d->path);
	free(d);
}

/* How many of the held ones lie on the way to the directory of that path. */
static size_t
common(const struct dirs *d, const char *path, size_t len)
{
	size_t	n = d->n;

	while (n > 0 && (d->end[n - 1] > len ||
	    memcmp(d->path, path, d->end[n - 1]) != 0 ||
	    (d->end[n - 1] < len && path[d->end[n - 1]] != '/')))
		n--;
	return n;
}

static int
open_one(const struct dirs *d, int at, const char *name)
{
	const int	flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int		fd = openat(at, name, flags);

	if (fd == -1 && errno == ENOENT && d->make != 0 &&
	    (mkdirat(at, name, d->make) == 0 || errno == EEXIST))
		fd = openat(at, name, flags);
	if (fd == -1 && (errno == ELOOP || errno == EMLINK))
		errno = ENOTDIR;
	return fd;
}

/* Opens the element of path, len bytes from start on, below the last one. */
static int
push(struct dirs *d, const char *path, size_t start, size_t len)
{
	char	name[NAME_MAX + 1];
	int	at = d->deep != -1 ? d->deep :
		    d->n > 0 ? d->fd[d->n - 1] : d->root, fd;

	if (len > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, path + start, len);
	name[len] = '\0';
	if ((fd = open_one(d, at, name)) == -1)
		return -1;
	if (d->n < HELD_MAX) {
		d->fd[d->n] = fd;
		d->end[d->n++] = start + len;
	} else {
		close_deep(d);
		d->deep = fd;
	}
	return 0;
}

/* The directory whose path is the first len bytes of path. */
static int
enter(struct dirs *d, const char *path, size_t len)
{
	size_t	at, n;

	if (strlen(d->path) == len && memcmp(d->path, path, len) == 0)
		return 0;
	pop_to(d, common(d, path, len));
	at = d->n > 0 ? d->end[d->n - 1] + 1 : 0;
	if (len + 1 > d->cap) {
		d->cap = len + 256;
		d->path = xreallocarray(d->path, d->cap, 1);
	}
	for (; at < len; at += n + 1) {
		n = strcspn(path + at, "/");
		if (at + n > len)
			n = len - at;
		if (push(d, path, at, n) == -1) {
			n = (size_t)errno;
			memcpy(d->path, path, at);
			pop_to(d, d->n);
			errno = (int)n;
			return -1;
		}
	}
	memcpy(d->path, path, len);
	d->path[len] = '\0';
	return 0;
}

int
dirs_of(struct dirs *d, const char *path, const char **base)
{
	const char	*slash = strrchr(path, '/');

	*base = slash != NULL ? slash + 1 : path;
	if (enter(d, path, slash != NULL ? (size_t)(slash - path) : 0) == -1)
		return -1;
	return d->deep != -1 ? d->deep : d->n > 0 ? d->fd[d->n - 1] : d->root;
}
