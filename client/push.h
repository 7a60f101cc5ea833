/*
 * push.h - brings a directory of an instance to the state of a tree here.
 *
 * Only what differs travels, in one upload; what an earlier push put there and
 * is gone here is removed after it. What the instance made is left alone.
 */
#ifndef CLIENT_PUSH_H
#define CLIENT_PUSH_H

#include <stdbool.h>

#include "client/cmd.h"

struct push_spec {
	const char	*instance;
	const char	*source;	/* the tree here */
	const char	*dir;		/* there, relative to the work directory */
	bool		 goroot;	/* $GOROOT named it: what the Go tools generate
					 * there stays here */
	bool		 dry_run;	/* print what would travel, on stdout */
	bool		 quiet;		/* no line about how far it is */
	bool		 verbose;	/* name what travels, on stderr */
};

int push_tree(struct gomote *, const struct push_spec *, struct err *e) MUST;

#endif
