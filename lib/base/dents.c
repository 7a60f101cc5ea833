/* dents.c - see dents.h. */
#include "base/dents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

static bool
is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' ||
	    (name[1] == '.' && name[2] == '\0'));
}

#ifdef __linux__

int
dents_begin(struct dents *d, int dir)
{
	d->fd = dir;
	d->at = d->len = 0;
	return 0;
}

const char *
dents_next(struct dents *d)
{
	struct dirent64	*x;
	ssize_t		 n;

	do {
		if (d->at == d->len) {
			errno = 0;
			if ((n = getdents64(d->fd, d->buf, sizeof d->buf)) <= 0)
				return NULL;
			d->at = 0;
			d->len = (size_t)n;
		}
		x = (struct dirent64 *)(void *)(d->buf + d->at);
		d->at += x->d_reclen;
	} while (is_dots(x->d_name));
	return x->d_name;
}

void
dents_end(struct dents *d)
{
	d->fd = -1;
}

#else

int
dents_begin(struct dents *d, int dir)
{
	int	copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	d->fd = dir;
	d->dir = copy != -1 ? fdopendir(copy) : NULL;
	if (d->dir != NULL)
		return 0;
	if (copy != -1)
		close(copy);
	return -1;
}

const char *
dents_next(struct dents *d)
{
	struct dirent	*x;

	do {
		errno = 0;
		if ((x = readdir(d->dir)) == NULL)
			return NULL;
	} while (is_dots(x->d_name));
	return x->d_name;
}

void
dents_end(struct dents *d)
{
	closedir(d->dir);
	d->fd = -1;
}

#endif
