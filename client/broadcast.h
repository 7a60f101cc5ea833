/*
 * broadcast.h - a command on several instances at once: a gomote of its own for
 * each, all of them under one loop.
 *
 * Lines come out whole, as they come, those to stdout on stdout and those to
 * stderr on stderr. Ours are read no faster than they are taken from us. Our
 * SIGINT, SIGTERM and SIGHUP are passed on; nothing that was started here is
 * left when broadcast_run returns, and none of it outlives us.
 *
 * At the end, on stderr:
 *
 *	# ok on 2 of 4: NAME, NAME
 *	# failed on NAME: exit status 2
 *	# failed on NAME: coordinator: ping: ... (what its gomote said last)
 */
#ifndef CLIENT_BROADCAST_H
#define CLIENT_BROADCAST_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "client/cmd.h"

struct broadcast_how {		/* borrowed */
	const struct strs	*names;		/* of the instances */
	char *const		*argv;		/* the command's name, options and operands,
						 * but no instance */
	int			 argc;
	bool			 prefix;	/* lines begin with "NAME: " */
	bool			 input;		/* each gets all of our stdin, else none */
	bool			 copies;	/* the output of each in a file, too (copy.h) */
	bool			 json;		/* what each prints on stdout is one JSON
						 * value; they come as one, at the end
						 * (answers.h) */
	bool			 any;		/* the first that ends with status 0 ends
						 * the others, which count no more */
	const char		*share;		/* a directory of share.h; NULL: they have nothing
						 * to share */
	/* One has ended, with that status; NULL: nobody asks. */
	void			(*ended)(const char *name, int status, void *arg);
	void			*arg;
};

/* The worst exit status of all, 128+N for one that signal N killed. -1 and e:
 * nothing was begun. */
int broadcast_run(struct gomote *, const struct broadcast_how *, struct err *e) MUST;

#endif
