/*
 * superout.h - the command's output as its supervisor reads it: a pipe, or two
 * whose order is kept as well as can be (superorder.h), or a terminal.
 */
#ifndef BUILDLET_SUPEROUT_H
#define BUILDLET_SUPEROUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/record.h"
#include "base/attr.h"
#include "buildlet/superorder.h"

#define SUPEROUT_READ	(256 * 1024)	/* at once, of each pipe */
#define SUPEROUT_FDS	2

struct superout {
	int			 fd[2];		/* -1: at its end, or never there */
	bool			 tty;		/* fd[0] is its master */
	unsigned char		*buf[2];
	size_t			 len[2];
	bool			 full[2];	/* all room was used: there may be more */
	bool			 wide[2];	/* the pipe was made larger */
	struct superorder	 order;
	int			 ahead[2];	/* a pipe for the next one; -1: none yet */
};
#define SUPEROUT_INIT { { -1, -1 }, false, { NULL, NULL }, { 0, 0 }, { false, false }, \
	{ false, false }, SUPERORDER_INIT, { -1, -1 } }

enum superout_kind { SUPEROUT_MERGED, SUPEROUT_APART, SUPEROUT_TTY };
/* Makes a pipe ahead of need, for superout_open, which has less to do then. */
void superout_prepare(struct superout *);
/* Opens it, and gives the command's ends, above 2: child[0] for stdout, child[1]
 * for stderr (may be the same). -1 and errno. rows and cols are for a terminal. */
int  superout_open(struct superout *, enum superout_kind, unsigned rows, unsigned cols,
    int child[2]) MUST;
/* What is there, in the order in which it was written, up to max (at most
 * SUPEROUT_READ) of each. */
typedef void (*superout_fn)(enum record_kind, const void *p, size_t len, void *arg);
void superout_read(struct superout *, size_t max, superout_fn, void *arg);
/* That much lies in one pipe, and is all that comes next: for a copy without us,
 * from *fd, of up to max bytes. 0: superout_read is as good. */
size_t superout_bulk(struct superout *, size_t max, int *fd, enum record_kind *);
/* Something was read and kept back, for its order: read again soon. */
bool superout_waits(const struct superout *);
bool superout_done(const struct superout *);	/* all is at its end */
/* For poll: how many of p were filled in. */
nfds_t superout_poll(const struct superout *, struct pollfd p[SUPEROUT_FDS]);
void superout_close(struct superout *);		/* a terminal hangs up */
/* Of a terminal. */
int  superout_tty_dup(const struct superout *);	/* to write to; -1 and errno */
void superout_resize(const struct superout *, unsigned rows, unsigned cols);
pid_t superout_foreground(const struct superout *);	/* its process group; 0: none */

#endif
