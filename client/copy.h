/*
 * copy.h - the copy of a command's output in a temporary file,
 * $TMPDIR/gomote.XXXXXX/INSTANCE.stdout, whose name is told on stderr. That
 * none can be kept is no reason not to run. Where COPY_ENV names a file, it is
 * added to that instead, and nothing is told: whoever set it knows.
 */
#ifndef CLIENT_COPY_H
#define CLIENT_COPY_H

struct show;

#define COPY_ENV "GOMOTE_COPY"

struct copy {
	int	 fd;		/* -1: none */
	char	*name;
};

#define COPY_INIT { -1, NULL }

/* Makes the file and sends what s shows there, too. */
void copy_open(struct copy *, const char *instance, struct show *s);
void copy_close(struct copy *);		/* after the show's last word */

#endif
