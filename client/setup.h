/*
 * setup.h - what create -setup does to a new instance: a push of the tree, as
 * gomote push, and the command that its builder type names for building it
 * (coordinator.conf(5), setup). The output of that goes to a temporary file.
 * Several that are set up at once share the push (share.h).
 */
#ifndef CLIENT_SETUP_H
#define CLIENT_SETUP_H

#include "base/str.h"
#include "client/cmd.h"

struct setup {
	char		*text;		/* "make.bash", for people */
	struct strs	 words;		/* the command as run takes it; none: only push */
	char		*share;		/* NULL: each for itself */
};

/* Asks the coordinator what to do for that builder type; sees whether there is
 * something to push. */
int  setup_find(struct setup *, struct gomote *, const char *type, struct err *e) MUST;
/* The forks of this process that do it scan, pack and upload once for all of them, but
 * for those that begin long after the first. */
void setup_several(struct setup *);
void setup_release(struct setup *);
/* Does it, says what; returns an exit status. */
int  setup_do(const struct setup *, struct gomote *, const char *instance);

#endif
