/*
 * v2line.h - the JSON lines of revdial version 2's control channel
 * (PROTOCOL 2). No I/O: text in, text out. Inside revdial only.
 */
#ifndef REVDIAL_V2LINE_H
#define REVDIAL_V2LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define V2_LINE_MAX		4096	/* bytes of a line that we read */
#define V2_KEEP_ALIVE_MS	30000	/* the dialer says so at least that often */
#define V2_DEAD_MS		90000	/* three of them were missed */

enum v2_command {
	V2_KEEP_ALIVE,
	V2_CONN_READY,		/* path */
	V2_PICKUP_FAILED,	/* path, why */
	V2_UNKNOWN,		/* to be ignored */
};

struct v2_line {
	enum v2_command	 command;
	char		*path;	/* "/revdial?revdial.dialer=..."; NULL if there is none */
	char		*why;	/* "" if the peer did not say */
};

/* -1 and e: not a JSON object with a command, or a path that is no request
 * target: it must begin with one '/', without blanks or control characters. */
int  v2_line_parse(struct v2_line *, const char *text, size_t len, struct err *e) MUST;
void v2_line_release(struct v2_line *);
/* With its newline; malloc'ed. path and why may be NULL where the command has
 * none; a long why is cut. */
char *v2_line_format(enum v2_command, const char *path, const char *why) MUST;
/* May path be asked for as it is? */
bool v2_path_ok(const char *path);

#endif
