/*
 * lines.h - bytes from one source, cut into whole lines, so that what comes
 * from several does not mix within a line. No I/O.
 */
#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include <stddef.h>

#include "base/str.h"

/* What is longer is cut: each piece is a line of its own. */
#define LINES_MAX (64 * 1024)

struct lines {		/* zeroed at first; lines_release empties it */
	struct str	 part;		/* of a line whose end has not come */
};

/* A line without its newline; p is good until fn returns. */
typedef void (*line_fn)(const char *p, size_t len, void *arg);

void lines_feed(struct lines *, const char *p, size_t len, line_fn fn, void *arg);
/* Nothing more comes: what is left is the last line. */
void lines_end(struct lines *, line_fn fn, void *arg);
void lines_release(struct lines *);

#endif
