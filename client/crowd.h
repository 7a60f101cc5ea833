/*
 * crowd.h - the same done several times at once, each time by a process of its
 * own: a fork of this one, in a process group of its own, so that what the
 * terminal sends comes here alone and is passed on once. They end when this one
 * does, in whatever way.
 */
#ifndef CLIENT_CROWD_H
#define CLIENT_CROWD_H

#include <stddef.h>

#include "base/err.h"

#define CROWD_MAX	100

/* fn(i, arg) for each i below n, at most CROWD_MAX; what it returns is its exit
 * status. Waits for all, and passes SIGINT, SIGTERM and SIGHUP on to them. Returns
 * the highest exit status, 128+N for signal N; *signo is the signal that was passed
 * on and by which they ended, else 0: end by it, too, so that the shell knows.
 * -1 and e: not all could be started, and those that were have been told to end. We
 * must have no loop. */
int crowd_run(size_t n, int (*fn)(size_t i, void *arg), void *arg, int *signo,
    struct err *e) MUST;

#endif
