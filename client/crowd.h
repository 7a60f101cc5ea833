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
 * status. Waits for all, and passes SIGINT, SIGTERM and SIGHUP on to them.
 * Ends by that signal where they did. Else returns the highest exit status, 128+N
 * for signal N; -1 and e: not all could
 * be started, and those that were have been told to end. We must have no loop. */
int crowd_run(size_t n, int (*fn)(size_t i, void *arg), void *arg, struct err *e) MUST;

#endif
