/*
 * until.h - does what a command says match a pattern? For run -until.
 *
 * The pattern is a POSIX extended regular expression. It looks at all of the
 * output of one run, of which only a window is held: a match of up to half the
 * window's size is found wherever it lies, whatever pieces the output came in.
 *
 *	^ and $		are the begin and end of a line
 *	. and [^x]	match no newline
 *	\n and \t	are a newline and a tab; with \n, or what else matches a
 *			newline, as [[:space:]], a match spans lines
 *
 * A NUL counts as a blank. An output of nothing is an empty line without end:
 * "^$" matches it.
 */
#ifndef CLIENT_UNTIL_H
#define CLIENT_UNTIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct until;

#define UNTIL_WINDOW	(1024 * 1024)

/* NULL and e: no such expression. */
struct until *until_new(const char *pattern, size_t window, struct err *e) MUST;
void until_free(struct until *);		/* NULL is fine */
/* The next bytes; p NULL: some are missing here, and no match spans them. */
void until_add(struct until *, const void *p, size_t len);
/* The run is over: did it match? The next one begins. */
bool until_end(struct until *) MUST;

#endif
