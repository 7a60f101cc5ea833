/*
 * daemon.h - the coordinator as a running program: starts all parts in their
 * order, reloads on SIGHUP, ends on SIGTERM and SIGINT.
 */
#ifndef COORDINATOR_DAEMON_H
#define COORDINATOR_DAEMON_H

#include "coordinator/options.h"
#include "coordinator/settings.h"

/* Runs until it is told to end. Takes s. Returns the exit status. */
int daemon_run(const struct options *, struct settings *s);

#endif
