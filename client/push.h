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
	const char	*dir;		/* there, relative to the work directory; clean */
	bool		 goroot;	/* $GOROOT named it: what the Go tools generate
					 * there stays here */
	bool		 no_ignore;	/* what git ignores travels too */
	bool		 dry_run;	/* print what would travel, on stdout */
	bool		 quiet;		/* no line about how far it is */
	bool		 verbose;	/* name what travels, on stderr */
	bool		 yes;		/* do not ask before much is removed */
};

int push_tree(struct gomote *, const struct push_spec *, struct err *e) MUST;
/* Of a broadcast, which is over: removes what its pushes shared (share.h). dir is
 * freed; NULL is fine. */
void push_share_end(char *dir);
/* Prints the rules that hold for the tree on stdout. */
int push_print_rules(const struct push_spec *, struct err *e) MUST;

#endif
