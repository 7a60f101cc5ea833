/*
 * spare.h - a keeper forked ahead of need; only proc.c uses it.
 *
 * The fork of a program with many libraries is a good part of what a short
 * command costs. So after a command was started another keeper is forked,
 * while that one runs, and waits for the next; when none comes for a while it
 * is let go. A loop has at most one.
 */
#ifndef IO_SPARE_H
#define IO_SPARE_H

#include <sys/types.h>

#include "base/attr.h"
#include "io/keeper.h"

struct loop;
struct spare;

/* A keeper that has the job (of which talk is not looked at), and our end of
 * its line, above 2 and close-on-exec. -1 and errno: there could be none. */
pid_t spare_keeper(struct loop *, const struct keeper_job *, int *talk) MUST;
pid_t spare_pid(const struct spare *);	/* of the one that waits; 0: none */
/* With the loop, by loop.c; NULL is fine. */
void  spare_free(struct spare *);

#endif
