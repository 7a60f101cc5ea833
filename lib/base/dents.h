/*
 * dents.h - the names in an open directory, by its own descriptor: without the
 * second one and the calls that a DIR takes, which show in trees of thousands
 * of directories. In the order in which the system gives them; "." and ".." are
 * left out.
 */
#ifndef BASE_DENTS_H
#define BASE_DENTS_H

#include <dirent.h>
#include <stddef.h>

#define DENTS_SIZE	(32 * 1024)

struct dents {
	int	 fd;
#ifdef __linux__
	size_t	 at, len;
	char	 buf[DENTS_SIZE] __attribute__((aligned(16)));
#else
	DIR	*dir;
#endif
};

/* dir stays the caller's, open, and must not have been read before. -1: errno.
 * One directory after another may be read by the same struct. */
int  dents_begin(struct dents *, int dir);
/* The next name, good until the next call. NULL: errno says why, 0 at the end. */
const char *dents_next(struct dents *);
void dents_end(struct dents *);

#endif
