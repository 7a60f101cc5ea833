/*
 * progress.h - a line on the terminal about bytes that are under way: how many of
 * how many, how fast, how long it takes yet. It is written anew at most ten
 * times a second, and taken away before anything else is said (say.h) and at
 * the end. A transfer that is over at once has none.
 */
#ifndef CLIENT_PROGRESS_H
#define CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct loop;
struct progress;

struct progress_of {
	const char	*what;		/* "put", borrowed */
	int64_t		 total;		/* bytes; -1: nobody knows */
	bool		 most;		/* total is the most that it may be */
	uint64_t	(*bytes)(void *arg);	/* so many have gone by now */
	void		*arg;
};

/* NULL, on which free is fine, where quiet, or stderr is no terminal. Looks from
 * the loop. */
struct progress *progress_new(struct loop *, const struct progress_of *, bool quiet) MUST;
void progress_free(struct progress *);

/* The line, as far as it fits, malloc'ed. rate: bytes a second, 0: unknown. */
char *progress_text(const struct progress_of *, uint64_t bytes, uint64_t rate) MUST;

#endif
