/*
 * superin.h - the command's stdin, as the supervisor feeds it: bytes wait here,
 * at most a window of them, until the pipe (or terminal) takes them.
 */
#ifndef BUILDLET_SUPERIN_H
#define BUILDLET_SUPERIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct superin {
	int		 fd;		/* -1: closed, or never open */
	bool		 tty;		/* whose end is a character, not a close */
	bool		 eof;		/* nothing comes after what waits */
	bool		 fresh;		/* of a tty: nothing is in the line under way */
	unsigned char	*buf;
	size_t		 len, at;
	uint64_t	 total;		/* bytes that came, in all */
	uint64_t	 got;		/* of these the command's side took */
	uint64_t	 said;		/* of these the buildlet knows */
};
#define SUPERIN_INIT { .fd = -1 }

void superin_open(struct superin *, int fd, bool tty);	/* takes fd */
void superin_close(struct superin *);
/* False: more than the credit allows. Where it is closed they are forgotten. */
bool superin_add(struct superin *, const void *p, size_t len) MUST;
void superin_end(struct superin *);		/* closes once all was taken */
/* What waits, its end too: the line broke, and who comes next begins with what was
 * not taken. */
void superin_forget(struct superin *);
bool superin_waits(const struct superin *);	/* for fd to be writable */
/* As much as it takes now. False: the command reads no more; it was closed. */
bool superin_write(struct superin *) MUST;
/* Is it time to tell how much was taken? Then it counts as told. */
bool superin_tell(struct superin *);

#endif
