/*
 * copy.h - the copy of a command's output in a file: a temporary one,
 * $TMPDIR/gomote.XXXXXX/INSTANCE.stdout, or INSTANCE.stdout in the current
 * directory, for -collect. Its name is told on stderr. Where COPY_ENV names a
 * file, it is added to that in place of a temporary one, and nothing is told.
 */
#ifndef CLIENT_COPY_H
#define CLIENT_COPY_H

#include <stdbool.h>

#include "base/err.h"

struct show;

#define COPY_ENV "GOMOTE_COPY"

struct copy {
	int	 fd;		/* -1: none */
	char	*name;
	bool	 told;
	bool	 fresh;		/* collected: it was not there before, and nothing is in it */
};

#define COPY_INIT { -1, NULL, false, false }

/* The file is to be INSTANCE.stdout here. What it held before stays until
 * copy_open. */
int  copy_collect(struct copy *, const char *instance, struct err *e) MUST;
/* Sends what s shows to the file, which is made, or emptied where it is there
 * already. That no temporary one can be made is told, and no reason not to run. */
void copy_open(struct copy *, const char *instance, struct show *s);
void copy_close(struct copy *);		/* after the show's last word */

#endif
