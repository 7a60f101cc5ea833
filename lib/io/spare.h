/*
 * spare.h - keepers that have nothing to do; only proc.c uses it.
 *
 * The fork of a program with many libraries is a good part of what a short
 * command costs. A keeper whose tree is gone by itself can take the next
 * command: it comes back here, and when none is there one is forked. After a
 * while without use they are let go. A loop has a few at most.
 */
#ifndef IO_SPARE_H
#define IO_SPARE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "io/keeper.h"

struct loop;
struct spare;

/* A keeper that has the job (of which talk is not looked at), and our end of
 * its line, above 2 and close-on-exec. -1 and errno: there could be none. */
pid_t spare_keeper(struct loop *, const struct keeper_job *, int *talk) MUST;
/* One whose tree is gone, and its line, over which no signal was sent. False:
 * there are enough, and it stays the caller's. */
bool  spare_back(struct loop *, pid_t keeper, int talk) MUST;
pid_t spare_pid(const struct spare *);	/* of the one that waits; 0: none */
/* With the loop, by loop.c; NULL is fine. */
void  spare_free(struct spare *);

#endif
