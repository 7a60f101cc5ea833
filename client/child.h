/*
 * child.h - this program once more as a child, for a command on one instance:
 * in a process group of its own, its output by pipes. It ends with us: see
 * child_main.
 */
#ifndef CLIENT_CHILD_H
#define CLIENT_CHILD_H

#include <sys/types.h>

#include "base/err.h"

struct child {
	pid_t	pid;
	int	out, err;	/* to read from, non-blocking, the caller's */
};

/* argv[0] is for show, env is all that it gets; in is its stdin (borrowed), -1:
 * /dev/null. Signals that we ignore it ignores, too. -1 and e. */
int  child_start(struct child *, char *const *argv, char *const *env, int in,
    struct err *e) MUST;
/* First thing in main(): where a gomote has started us by child_start, its death
 * shall be ours (TERM; where the system cannot do that, by the end of its
 * pipes). */
void child_main(void);
/* For what was forked: parent's death shall be ours (TERM; nothing where the system
 * cannot do that). Ends us where that has died already. */
void child_of(pid_t parent);
/* What its environment must hold for that, malloc'ed: "NAME=VALUE". */
char *child_mark(void) MUST;

#endif
