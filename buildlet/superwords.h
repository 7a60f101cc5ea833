/*
 * superwords.h - the supervisor's end of a line to the buildlet (superlink.h):
 * words read and written without blocking. No event loop, no log; SIGPIPE is
 * blocked.
 */
#ifndef BUILDLET_SUPERWORDS_H
#define BUILDLET_SUPERWORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "buildlet/superlink.h"

#define SUPERWORDS_FDS	2

struct superwords {
	int		 fd;		/* -1: there is none */
	unsigned char	*in;
	size_t		 in_len, in_at, in_cap;
	struct str	 out;
	size_t		 out_at;
	int		 fds[SUPERWORDS_FDS];	/* that came and were not taken */
	size_t		 fds_n;
};
#define SUPERWORDS_INIT { -1, NULL, 0, 0, 0, STR_INIT, 0, { -1, -1 }, 0 }

void superwords_open(struct superwords *, int fd);	/* takes fd */
void superwords_close(struct superwords *);		/* fine where there is none */
/* Gives from to where there was none; from is without one then. */
void superwords_move(struct superwords *to, struct superwords *from);
/* Reads what is there. False: it was closed, or broke. */
bool superwords_read(struct superwords *) MUST;
/* 1: the next word, whose payload lives until the next call; 0: no whole one;
 * -1: this is no line. */
int  superwords_next(struct superwords *, struct superlink_word *,
    const unsigned char **payload) MUST;
/* Goes out at the next flush; without a line nothing happens. */
void superwords_say(struct superwords *, enum superlink_what, uint64_t value);
void superwords_send(struct superwords *, enum superlink_what, uint64_t value,
    const void *payload, size_t len);
/* False: it broke, or the other side reads nothing of all that it asks. */
bool superwords_flush(struct superwords *) MUST;
bool superwords_unsent(const struct superwords *);
/* Waits for all to be sent, for at most ms. */
void superwords_drain(struct superwords *, int ms);

#endif
